// Round trip: a manifest that is read is printed as it came, and none of its paths leaves a folder.
#include "ops/manifest.h"

#include "base/check.h"
#include "base/codec.h"

#include <fmt/format.h>

using namespace posta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  // Half of the inputs get the right sum, so that the lines are reached.
  if (size % 2 == 0) text += fmt::format("end {:08x}\n", crc32c(text));
  auto manifest = ops::parse_manifest(text);
  if (!manifest) return 0;
  for (const auto& file : manifest->files) CHECK(ops::is_safe_path(file.path));
  auto again = ops::parse_manifest(ops::print_manifest(*manifest));
  CHECK(again && *again == *manifest);
  return 0;
}

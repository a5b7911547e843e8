// Round trip: what parse_drop takes, print_drop writes so that it is read back the same; and a
// completed message has no bare CR or LF.
#include "ops/drop.h"

#include "base/check.h"

using namespace posta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view file(reinterpret_cast<const char*>(data), size);
  auto letter = ops::parse_drop(file);
  if (letter) {
    std::string printed = ops::print_drop(*letter);
    auto again = ops::parse_drop(printed);
    CHECK(again);
    CHECK(again->from == letter->from && again->to == letter->to &&
          again->message == letter->message);
  }
  std::string whole = ops::complete_message(file, {}, WallTime{}, "id@example.org");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] == '\n') CHECK(i > 0 && whole[i - 1] == '\r');
    if (whole[i] == '\r') CHECK(i + 1 < whole.size() && whole[i + 1] == '\n');
  }
  return 0;
}

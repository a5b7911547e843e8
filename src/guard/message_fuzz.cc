// Property: any octets are one whole message or an Error, and what is understood prints back to the
// same octets (round trip).
#include <algorithm>

#include "base/check.h"
#include "guard/message.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace posta::guard;
  std::span octets(reinterpret_cast<const char*>(data), size);
  auto message = parse_message(octets);
  if (!message) return 0;
  CHECK(message->text.size() <= kTextOctetsMax);
  CHECK(std::ranges::equal(print_message(*message), octets));
  return 0;
}

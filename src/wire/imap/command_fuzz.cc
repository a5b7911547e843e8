// Round trip: print(parse(print(parse(x)))) == print(parse(x)). Bounded: offsets of refusals lie
// within the command, limits hold.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "wire/imap/command.h"
#include "wire/imap/utf7.h"

using namespace posta::wire::imap;

namespace {

void check_name(std::string_view octets) {
  if (auto name = decode_utf7(octets)) {
    auto again = decode_utf7(encode_utf7(*name));
    CHECK(again && *again == *name);
  }
  auto back = decode_utf7(encode_utf7(octets));
  CHECK(back && encode_utf7(*back) == encode_utf7(octets));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view octets(reinterpret_cast<const char*>(data), size);
  check_name(octets);
  const ParseOptions options{.limits = {.nesting_max = 8, .ranges_max = 9, .search_keys_max = 20}};
  auto command = parse_command(octets, options);
  if (!command) {
    CHECK(command.error().at <= octets.size());
    CHECK(!command.error().text.empty() && command.error().no == !command.error().code.empty());
    return 0;
  }
  std::string printed = to_string(*command);
  auto again = parse_command(printed, options);
  CHECK(again && to_string(*again) == printed);
  if (!std::holds_alternative<Search>(command->body)) CHECK(*again == *command);
  return 0;
}

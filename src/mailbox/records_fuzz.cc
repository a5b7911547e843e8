// Any octets decode or are corrupt; what decodes, encoded, decodes to the same.
#include "base/check.h"
#include "mailbox/copies.h"
#include "mailbox/records.h"

using namespace posta;
using namespace posta::mailbox;

namespace {

template <class T, class Decode, class Encode>
void round_trip(const Result<T>& decoded, Encode encode, Decode decode) {
  if (!decoded) return;
  auto again = decode(encode(*decoded));
  CHECK(again && *again == *decoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view octets(reinterpret_cast<const char*>(data), size);
  auto print = [](const auto& record) { return encode(record); };
  round_trip(decode_account(octets), print, decode_account);
  round_trip(decode_about(octets), print, decode_about);
  round_trip(decode_numbers(octets), print, decode_numbers);
  round_trip(decode_gone(octets), encode_gone, decode_gone);
  round_trip(decode_thread(octets), encode_thread, decode_thread);
  if (auto copies = Copies::decode(octets); copies && !copies->none()) {
    auto again = Copies::decode(copies->encode());
    CHECK(again && again->encode() == copies->encode());
  }
  (void)decode_subscription(octets);
  if (auto email = decode_email(octets, EmailId(1))) {
    auto again = decode_email(encode(*email), EmailId(1));
    CHECK(again && encode(*again) == encode(*email));
  }
  return 0;
}

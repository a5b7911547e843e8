// Property: round trip and bounded. Whatever a decoder takes is written again as a record that is
// taken again and means the same; nothing it makes is larger than a small multiple of the input.
#include "base/check.h"
#include "directory/fold.h"
#include "directory/password.h"
#include "directory/records.h"

namespace {

using namespace posta;
using namespace posta::directory;

// `decode(record)` to a value, then its canonical text must be a fixed point.
template <class Decode>
void round_trip(std::string_view input, Decode decode) {
  auto first = decode(input);
  if (!first) {
    CHECK(first.error().is(Error::Kind::corrupt));
    return;
  }
  std::string text = encode(*first);
  // Addresses may gain quotes and A-labels; everything else only loses padding.
  CHECK(text.size() <= 4 * input.size() + 64);
  auto second = decode(text);
  CHECK(second);
  CHECK(encode(*second) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 13) {
    case 0: round_trip(input, [](std::string_view r) { return decode_meta(r); }); break;
    case 1: round_trip(input, [](std::string_view r) { return decode_domain(Domain(), r); }); break;
    case 2:
      round_trip(input, [](std::string_view r) { return decode_account(AccountId(1), r); });
      break;
    case 3: round_trip(input, [](std::string_view r) { return decode_address(r); }); break;
    case 4: round_trip(input, [](std::string_view r) { return decode_password(r); }); break;
    case 5: round_trip(input, [](std::string_view r) { return decode_removed(r); }); break;
    case 6: round_trip(input, [](std::string_view r) { return decode_password_hash(r); }); break;
    case 8: round_trip(input, [](std::string_view r) { return decode_scram(r); }); break;
    case 9: round_trip(input, [](std::string_view r) { return decode_app_password(r); }); break;
    case 10: round_trip(input, [](std::string_view r) { return decode_grant(r); }); break;
    case 11: round_trip(input, [](std::string_view r) { return decode_secret(r); }); break;
    case 12: round_trip(input, [](std::string_view r) { return decode_last_use(r); }); break;
    case 7: {
      if (input.size() > 1000) return 0;
      std::string canonical = canonical_local(input);
      CHECK(fold_local(canonical) == fold_local(input));
      CHECK(canonical_local(canonical) == canonical);
      CHECK(fold_local(fold_local(input)) == fold_local(input));
      CHECK(fold_local(input).size() <= 4 * input.size());
      break;
    }
  }
  return 0;
}

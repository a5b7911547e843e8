// Property: any octets are refused as a record or read back to a value that writes the same record
// again; keys likewise. Memory is bounded by the input.
#include "mta/queue/record.h"

#include "base/check.h"

using namespace posta;
using namespace posta::mta;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (auto letter = decode_letter(QueueId(1), input)) {
    std::string once = encode_letter(letter->letter, letter->message, letter->changes);
    auto again = decode_letter(QueueId(1), once);
    CHECK(again && encode_letter(again->letter, again->message, again->changes) == once);
    CHECK(letter->message.thread_keys.size() <= size &&
          letter->message.delivered_to.size() <= size);
  }
  if (auto owed = decode_owed(1, input)) {
    std::string once = encode_owed(*owed);
    auto again = decode_owed(1, once);
    CHECK(again && encode_owed(*again) == once);
  }
  if (auto id = parse_letter_key(input)) CHECK(letter_key(*id) == input);
  if (auto owed = parse_owed_key(input)) CHECK(owed_key(owed->first, owed->second) == input);
  if (auto account = parse_reached_key(input))
    CHECK(reached_key(QueueId(), *account).substr(18) == input.substr(18));
  return 0;
}

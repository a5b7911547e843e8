// record.h: how letters and obligations are written down (docs/formats/queue.md).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "mta/queue/queue.h"

namespace posta::mta {

std::string letter_key(QueueId id);                      // Q/letter/<id>
std::string owed_key(QueueId id, std::uint32_t number);  // Q/owed/<id>/<number>
store::Range owed_range(QueueId id);                     // all obligations of a letter
store::Range letters_after(QueueId id);                  // letters with a greater id
store::Range all_owed();
// Accounts that have the letter while others are still owed.
std::string reached_key(QueueId id, AccountId account);  // Q/reached/<id>/<account>
store::Range reached_range(QueueId id);
std::string queue_link(QueueId id);  // owner of the body while it is owed

// `changes`: how often an administrator has changed what is owed of it.
std::string encode_letter(const Letter& letter, const StoredMessage& message,
                          std::uint64_t changes = 0);
Result<QueuedLetter> decode_letter(QueueId id, std::string_view record);

std::string encode_owed(const OwedRecipient& owed);
Result<OwedRecipient> decode_owed(std::uint32_t number, std::string_view record);

// The id and number that a key of all_owed() names.
Result<std::pair<QueueId, std::uint32_t>> parse_owed_key(std::string_view key);
Result<AccountId> parse_reached_key(std::string_view key);
Result<QueueId> parse_letter_key(std::string_view key);

}  // namespace posta::mta

// keys.h: the keys of an account (docs/formats/mailbox.md, *Keys*).
#pragma once

#include <string>

#include "mail/ids.h"
#include "mail/time.h"
#include "store/store.h"

namespace posta::mailbox::keys {

// What stands behind the account in a key.
enum class Kind : char {
  account = 'm',
  about = 'b',
  numbers = 'n',
  state = 's',
  gone = 'g',
  email = 'e',
  expunged = 'x',
  thread = 't',
  copies = 'c',
  subscription = 'u',
  receipt = 'r',
};

inline constexpr std::size_t kPrefixOctets = 11;  // "A/", the account, the kind

std::string account(AccountId account);
std::string about(AccountId account, MailboxId mailbox);
std::string numbers(AccountId account, MailboxId mailbox);
std::string state(AccountId account, MailboxId mailbox, std::uint32_t page);
std::string gone(AccountId account, MailboxId mailbox, ModSeq mod_seq);
std::string email(AccountId account, EmailId email);
std::string expunged(AccountId account, WallTime time, ModSeq mod_seq, std::uint32_t page);
std::string thread(AccountId account, std::uint64_t hash);
std::string copies(AccountId account, std::uint64_t page);
std::string subscription(AccountId account, std::string_view name);

store::Range everything(AccountId account);
store::Range all(AccountId account, Kind kind);
store::Range all_states(AccountId account, MailboxId mailbox);
store::Range all_gone(AccountId account, MailboxId mailbox);
// Gone after `since`.
store::Range gone_after(AccountId account, MailboxId mailbox, ModSeq since);
store::Range emails(AccountId account, EmailId first, EmailId last);  // both inclusive
// Expunged after `time`.
store::Range expunged_after(AccountId account, WallTime time);
// Expunged before `time`.
store::Range expunged_before(AccountId account, WallTime time);

// Who keeps a body alive: B/<body>/<owner>.
std::string body_owner(AccountId account, EmailId email);

// The parts of a key that begins with the account's prefix; the length has been checked by `is`.
bool is(std::string_view key, Kind kind);
MailboxId mailbox_of(std::string_view key);            // about, numbers, state, gone
std::uint32_t page_of(std::string_view key);           // state
ModSeq mod_seq_of(std::string_view key);               // gone
EmailId email_of(std::string_view key);                // email
std::uint64_t hash_of(std::string_view key);           // thread
ModSeq expunged_mod_seq_of(std::string_view key);      // expunged
std::uint32_t expunged_page_of(std::string_view key);  // expunged
WallTime expunged_time_of(std::string_view key);       // expunged
std::uint64_t copies_page_of(std::string_view key);    // copies
std::string_view name_of(std::string_view key);        // subscription

}  // namespace posta::mailbox::keys

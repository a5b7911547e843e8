// listing.h: which names a LIST or LSUB answers with, and what it says of each (RFC 3501 §6.3.8,
// §6.3.9; RFC 5258; RFC 6154 §2). Pure.
//
// Names are UTF-8. A name that is only a level above others is \NonExistent in the extended form
// (RFC 5258 §3), \Noselect in the old one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mailbox/mailbox.h"
#include "wire/imap/command.h"

namespace posta::server::imap {

struct Listed {
  std::string name;
  std::vector<std::string_view> attributes;
  const mailbox::MailboxRecord* record = nullptr;  // null: there is no such mailbox
  // RFC 5258 §3.5 CHILDINFO: which criteria a mailbox below meets.
  bool child_subscribed = false;
  bool child_special_use = false;
};

// In order of name. `records` must outlive the answer.
std::vector<Listed> listing(const wire::imap::List& command,
                            const std::vector<mailbox::MailboxRecord>& records,
                            const std::vector<std::string>& subscriptions);

// "*" matches anything, "%" anything but the delimiter; INBOX in any case is INBOX.
bool matches_pattern(std::string_view pattern, std::string_view name);

}  // namespace posta::server::imap

// copies.h: how many places e-mails have beyond the first (docs/formats/mailbox.md, *`c` copies*).
//
// A record for 256 e-mails, like a state page: COPY appends without reading; only the sweep, which
// takes places away, reads and rewrites.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mailbox/page.h"

namespace posta::mailbox {

inline std::uint64_t copies_page_of(EmailId email) {
  return email.value >> kPageShift;
}

// What to append, and to which page, when each of these e-mails gets one more place. An e-mail may
// be named several times. By page.
std::vector<std::pair<std::uint64_t, std::string>> copied_records(std::vector<EmailId> emails);

// The record of one page, read.
class Copies {
 public:
  static Result<Copies> decode(std::string_view octets);  // Error{corrupt}

  // How many places the e-mail has beyond the first.
  std::uint64_t more(EmailId email) const { return more_[low(email)]; }
  std::uint64_t more_at(std::uint8_t low) const { return more_[low]; }
  void take_one(EmailId email);  // there must be one
  bool none() const;             // nobody has any: the record is to be erased
  std::string encode() const;    // as a base

 private:
  static std::uint8_t low(EmailId email) { return static_cast<std::uint8_t>(email.value); }
  std::array<std::uint64_t, kPageRows> more_{};
};

}  // namespace posta::mailbox

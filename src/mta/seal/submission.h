// submission.h: the header of a message that a user submits, made fit to travel (RFC 6409 §8).
//
//   octets of the message --> take() --> octets that go on
//
//   Date, Message-ID    added if they are not there (§8.2, §8.3), above all other fields
//   Bcc, Resent-Bcc     taken out, however folded: who has a blind copy is nobody's business
//                       (RFC 5322 §3.6.3); if no To or Cc is left, "To: undisclosed-recipients:;"
//   Return-Path         taken out: it is final delivery that writes it (RFC 5321 §4.4)
//   all other fields    as they were: who says to have written is judged by intake, not changed
//
// The header is held until its end is seen, at most `octets_max` of it; the body passes through.
// Pure: what is added comes as values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "wire/message/address_list.h"

namespace posta::mta {

// What intake must know of the header.
struct SubmittedHeader {
  std::vector<wire::message::Address> from;    // mailboxes of every From field
  std::vector<wire::message::Address> others;  // of Sender, Resent-From and Resent-Sender
  unsigned from_fields = 0;
  std::string unclear;      // a field of these with words that are in no address; empty: none
  bool eight_bit = false;   // octets beyond ASCII
  std::string unqualified;  // an address whose domain is not fully qualified; empty: there is none
};

class SubmissionHeader {
 public:
  struct Stamp {
    std::string date;        // as print_date() says it
    std::string message_id;  // with its angle brackets
  };
  SubmissionHeader(Stamp stamp, Octets octets_max)
      : stamp_(std::move(stamp)), octets_max_(octets_max) {}

  // What may go on now; nothing while the header is not at its end. Error{limit}: it is too long.
  Result<std::string> take(std::string octets);
  // No more octets. A message may end with its header.
  std::string finish();

  const SubmittedHeader& found() const { return found_; }  // after the header's end

 private:
  std::string fix(std::string_view header);
  void look_at(std::string_view name, std::string_view body);

  const Stamp stamp_;
  const Octets octets_max_;
  std::string held_;        // the header so far
  std::size_t looked_ = 0;  // octets of it without an end
  bool passing_ = false;    // the header has ended
  SubmittedHeader found_;
};

}  // namespace posta::mta

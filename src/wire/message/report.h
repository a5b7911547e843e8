// report.h: delivery status notifications (RFC 3464) in a multipart/report (RFC 6522).
//
//   multipart/report; report-type=delivery-status
//     text/plain                  for people
//     message/delivery-status     for programs
//     text/rfc822-headers         the header of the letter it is about (RFC 6522 §4)
//
// If an address or the header is not ASCII, the second and third are message/global-delivery-status
// and message/global-headers (RFC 6533 §4), and the report is 8bit. Those types are UTF-8: octets
// of others that are not are replaced, and the report is 7bit. Its envelope sender is null: that is
// the queue's to say (RFC 3464 §2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/message/build.h"

namespace posta::wire::message {

struct RecipientReport {
  enum class Action { failed, delayed, delivered, relayed, expanded };  // RFC 3464 §2.3.3

  std::string original_recipient;  // "rfc822;ann@example.org" from ORCPT; empty: none
  std::string final_recipient;     // local@domain
  std::string written_to = {};     // whom the sender wrote to, for people; empty: final_recipient
  Action action = Action::failed;
  std::string status;      // RFC 3463: "5.1.1"
  std::string remote_mta;  // the host that answered; empty: none
  std::string diagnostic;  // its reply: "550 5.1.1 no such user"; may have several lines
  std::optional<Date> last_attempt;
  std::optional<Date> will_retry_until;  // delayed only
};

struct DeliveryReport {
  NamedAddress from;  // "Mail Delivery System" <mailer-daemon@…>
  std::string to;     // the envelope sender of the letter
  Date date;
  std::string message_id;         // without angle brackets
  std::string reporting_mta;      // our host name
  std::string received_from_mta;  // empty: not said
  std::string envelope_id;        // ENVID, decoded; empty: none
  std::optional<Date> arrival;
  std::vector<RecipientReport> recipients;  // at least one
  std::string original_header;              // as received; may be cut anywhere
};

std::string build(const DeliveryReport& report);

const char* to_string(RecipientReport::Action action);

}  // namespace posta::wire::message

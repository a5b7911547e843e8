#include "wire/message/report.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/codec.h"
#include "base/text.h"
#include "wire/message/header.h"

namespace posta::wire::message {

namespace {

using Action = RecipientReport::Action;

// RFC 3464 §2.1.2: "type; value".
std::string typed(std::string_view type, std::string_view value) {
  return fmt::format("{}; {}", type, value);
}

// Octets of others, which may be in any charset: what is not UTF-8 has no type here, and becomes
// ASCII. A character that was cut at the end is dropped.
std::string readable(std::string text) {
  constexpr std::size_t kCharacterMax = 4;
  std::string_view whole = text;
  for (std::size_t cut = 0; cut < kCharacterMax && !is_utf8(whole) && !is_ascii(whole.back());
       ++cut)
    whole.remove_suffix(1);
  if (is_utf8(whole)) return std::string(whole);
  for (char& c : text)
    if (!is_ascii(static_cast<unsigned char>(c))) c = '?';
  return text;
}

// A reply of several lines as one (RFC 3464 §2.3.6: *text).
std::string on_one_line(std::string reply) {
  const std::string text = readable(std::move(reply));
  std::string out;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.empty()) continue;
    if (!out.empty()) out += ' ';
    out += line;
  }
  return out;
}

std::string_view heading(Action action) {
  switch (action) {
    case Action::failed: return "Undelivered Mail Returned to Sender";
    case Action::delayed: return "Delayed Mail (still being retried)";
    case Action::delivered:
    case Action::relayed:
    case Action::expanded: return "Successful Mail Delivery Report";
  }
  return "Delivery Report";
}

std::string_view sentence(Action action) {
  switch (action) {
    case Action::failed: return "could not be delivered";
    case Action::delayed: return "has not been delivered yet; delivery will be tried again";
    case Action::delivered: return "was delivered";
    case Action::relayed: return "was relayed to a host that may not report its delivery";
    case Action::expanded: return "was delivered to a list, which sends it on";
  }
  return "";
}

std::string text_of(const DeliveryReport& report) {
  std::string out = fmt::format("This is the mail system at host {}.\n", report.reporting_mta);
  for (const RecipientReport& r : report.recipients) {
    out += fmt::format("\nYour message to <{}>\n",
                       r.written_to.empty() ? r.final_recipient : r.written_to);
    if (!r.written_to.empty() && r.written_to != r.final_recipient)
      out += fmt::format("which goes on to <{}>\n", r.final_recipient);
    out += fmt::format("{}.\n", sentence(r.action));
    if (r.will_retry_until && r.action == Action::delayed)
      out += fmt::format("It is tried until {}.\n", print_date(*r.will_retry_until));
    std::string said = on_one_line(r.diagnostic);
    if (said.empty()) continue;
    if (r.remote_mta.empty())
      out += fmt::format("The reason: {}\n", said);
    else
      out += fmt::format("The host {} said: {}\n", r.remote_mta, said);
  }
  return out;
}

std::string status_of(const DeliveryReport& report, std::string_view address_type) {
  HeaderWriter w;
  if (!report.envelope_id.empty()) w.raw("Original-Envelope-Id", report.envelope_id);
  w.raw("Reporting-MTA", typed("dns", report.reporting_mta));
  if (!report.received_from_mta.empty())
    w.raw("Received-From-MTA", typed("dns", report.received_from_mta));
  if (report.arrival) w.raw("Arrival-Date", print_date(*report.arrival));
  std::string out = w.take();
  for (const RecipientReport& r : report.recipients) {
    HeaderWriter one;
    if (!r.original_recipient.empty()) one.raw("Original-Recipient", r.original_recipient);
    bool ascii = all_ascii(r.final_recipient);
    one.raw("Final-Recipient", typed(ascii ? "rfc822" : address_type, r.final_recipient));
    one.raw("Action", to_string(r.action)).raw("Status", r.status);
    if (!r.remote_mta.empty()) one.raw("Remote-MTA", typed("dns", r.remote_mta));
    std::string said = on_one_line(r.diagnostic);
    if (!said.empty())  // a reply of SMTP, or our own words (RFC 3464 §2.3.6)
      one.raw("Diagnostic-Code", typed(r.remote_mta.empty() ? "x-posta" : "smtp", said));
    if (r.last_attempt) one.raw("Last-Attempt-Date", print_date(*r.last_attempt));
    if (r.will_retry_until && r.action == Action::delayed)
      one.raw("Will-Retry-Until", print_date(*r.will_retry_until));
    out += "\r\n" + one.take();
  }
  return out;
}

// Whole lines of the header, ended with CRLF, without the empty line. A line that is too long is
// folded (RFC 5322 §2.1.1), though its sender did not.
std::string header_of(const DeliveryReport& report) {
  constexpr std::size_t kLineOctetsMax = 998;
  const std::string header = readable(report.original_header);
  std::string out;
  HeaderReader reader(header);
  for (Field field; reader.next(field);) {
    if (field.name.empty()) continue;
    for (std::string_view line : split(field.body, '\n')) {
      std::string clean;
      if (line.data() == field.body.data()) clean = fmt::format("{}:", field.name);
      for (char c : line)
        if (c != '\r' && c != '\0') clean += c;
      out += clean.size() > kLineOctetsMax ? fold(clean, 0) : clean;
      out += "\r\n";
    }
  }
  return out;
}

// One that occurs in none of the parts; the same for the same report.
std::string boundary_for(std::initializer_list<std::string_view> parts) {
  std::uint64_t hash = 0;
  for (std::string_view part : parts) hash = hash64(part, hash);
  for (;;) {
    std::string boundary = fmt::format("=_report_{:016x}", hash);
    bool occurs = false;
    for (std::string_view part : parts) occurs = occurs || part.contains(boundary);
    if (!occurs) return boundary;
    hash = hash64(boundary, hash);
  }
}

}  // namespace

const char* to_string(RecipientReport::Action action) {
  switch (action) {
    case Action::failed: return "failed";
    case Action::delayed: return "delayed";
    case Action::delivered: return "delivered";
    case Action::relayed: return "relayed";
    case Action::expanded: return "expanded";
  }
  return "failed";
}

std::string build(const DeliveryReport& report) {
  CHECK(!report.recipients.empty());
  // Of several actions the gravest gives the subject.
  Action action = report.recipients.front().action;
  for (const RecipientReport& r : report.recipients) action = std::min(action, r.action);

  std::string text = text_part(text_of(report));
  std::string header = header_of(report);
  std::string status = status_of(report, "utf-8");  // RFC 6533 §3: the address type "utf-8"
  bool global_status = !all_ascii(status), global_header = !all_ascii(header);
  bool global = global_status || global_header;
  std::string boundary = boundary_for({text, status, header});

  HeaderWriter w;
  w.raw("Date", print_date(report.date)).addresses("From", {report.from});
  w.addresses("To", {{"", report.to}}).text("Subject", heading(action));
  if (!report.message_id.empty()) w.raw("Message-ID", fmt::format("<{}>", report.message_id));
  w.raw("Auto-Submitted", "auto-replied");  // RFC 3834 §5
  w.raw("MIME-Version", "1.0");
  std::string out = w.take();
  out += fmt::format(
      "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"{}\"\r\n",
      boundary);
  if (global) out += "Content-Transfer-Encoding: 8bit\r\n";
  out += fmt::format("\r\nThis is a report in MIME format (RFC 3464).\r\n\r\n--{}\r\n", boundary);
  out += fmt::format("Content-Description: Notification\r\n{}\r\n--{}\r\n", text, boundary);
  out += fmt::format("Content-Description: Delivery report\r\nContent-Type: message/{}\r\n{}\r\n",
                     global_status ? "global-delivery-status" : "delivery-status",
                     global_status ? "Content-Transfer-Encoding: 8bit\r\n" : "");
  out += status;
  out += fmt::format("\r\n--{}\r\nContent-Description: Headers of your message\r\n", boundary);
  out += fmt::format("Content-Type: {}\r\n{}\r\n",
                     global_header ? "message/global-headers" : "text/rfc822-headers",
                     global_header ? "Content-Transfer-Encoding: 8bit\r\n" : "");
  out += header;
  out += fmt::format("\r\n--{}--\r\n", boundary);
  return out;
}

}  // namespace posta::wire::message

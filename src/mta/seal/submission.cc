#include "mta/seal/submission.h"

#include <fmt/format.h>

#include "base/text.h"

namespace posta::mta {

namespace {

constexpr std::string_view kEndOfHeader = "\r\n\r\n";

// The first field with its continuation lines; the rest stays in `header`.
std::string_view take_field(std::string_view& header) {
  std::size_t end = 0;
  do {
    std::size_t line_end = header.find("\r\n", end);
    end = line_end == std::string_view::npos ? header.size() : line_end + 2;
  } while (end < header.size() && is_wsp(header[end]));
  std::string_view field = header.substr(0, end);
  header.remove_prefix(end);
  return field;
}

// The name before the colon; obsolete blanks before it do not count (RFC 5322 §4.5).
std::string_view name_of(std::string_view field) {
  std::size_t colon = field.find(':');
  if (colon == std::string_view::npos) return {};
  return trim(field.substr(0, colon));
}

bool is(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names,
                             [&](std::string_view one) { return equals_ignore_case(name, one); });
}

}  // namespace

Result<std::string> SubmissionHeader::take(std::string octets) {
  if (passing_) return octets;
  held_ += octets;
  std::size_t end = std::string::npos;
  std::size_t body = 0;
  if (held_.starts_with("\r\n")) {
    end = 0;  // no header at all
    body = 0;
  } else if (std::size_t found = held_.find(kEndOfHeader, looked_); found != std::string::npos) {
    end = found + 2;
    body = end;
  }
  // An end that is cut is seen whole the next time.
  looked_ = held_.size() < kEndOfHeader.size() ? 0 : held_.size() - (kEndOfHeader.size() - 1);
  if (end == std::string::npos ? held_.size() > octets_max_ : end > octets_max_)
    return fail(Error::Kind::limit, "the header of this message is too long");
  if (end == std::string::npos) return std::string();
  passing_ = true;
  std::string out = fix(std::string_view(held_).substr(0, end));
  out += std::string_view(held_).substr(body);
  held_ = std::string();
  return out;
}

std::string SubmissionHeader::finish() {
  if (std::exchange(passing_, true)) return {};
  std::string out = fix(held_);
  held_ = std::string();
  return out;
}

void SubmissionHeader::look_at(std::string_view name, std::string_view body) {
  const bool from = is(name, {"From"});
  const bool author = from || is(name, {"Sender", "Resent-From", "Resent-Sender"});
  if (!author && !is(name, {"Reply-To", "To", "Cc"})) return;
  if (from) ++found_.from_fields;
  std::vector<wire::message::Address> addresses;
  const bool whole = wire::message::parse_address_list(body, addresses);
  // A reader might take for the author what this parser passes over.
  if (author && !whole && found_.unclear.empty()) found_.unclear = name;
  for (auto& address : addresses) {
    if (address.kind != wire::message::Address::Kind::mailbox) continue;
    // RFC 6409 §4.2: "it MUST ensure that all domains in address header fields are fully
    // qualified."
    const std::string& domain = address.domain;
    if (!domain.empty() && domain[0] != '[' && domain.find('.') == std::string::npos &&
        found_.unqualified.empty())
      found_.unqualified = wire::message::address_of(address);
    if (author) (from ? found_.from : found_.others).push_back(std::move(address));
  }
}

std::string SubmissionHeader::fix(std::string_view header) {
  bool date = false, message_id = false, destination = false;
  std::string kept;
  kept.reserve(header.size() + 256);
  found_.eight_bit = !all_ascii(header);
  while (!header.empty()) {
    std::string_view field = take_field(header);
    std::string_view name = name_of(field);
    if (is(name, {"Bcc", "Resent-Bcc", "Return-Path"})) continue;
    date = date || is(name, {"Date"});
    message_id = message_id || is(name, {"Message-ID"});
    destination = destination || is(name, {"To", "Cc"});
    if (!name.empty()) look_at(name, field.substr(field.find(':') + 1));
    kept += field;
  }
  std::string out;
  if (!date) out += "Date: " + stamp_.date + "\r\n";
  if (!message_id) out += "Message-ID: " + stamp_.message_id + "\r\n";
  if (!destination) out += "To: undisclosed-recipients:;\r\n";
  return out + kept;
}

}  // namespace posta::mta

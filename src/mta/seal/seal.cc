#include "mta/seal/seal.h"

#include "base/text.h"
#include "wire/message/date.h"

namespace posta::mta {

namespace {

// What a client called itself, made safe to print: no control characters, bounded.
std::string safe_name(std::string_view name) {
  constexpr std::size_t kNameOctetsMax = 255;
  std::string out;
  for (char c : name.substr(0, kNameOctetsMax)) {
    bool plain = c > 0x20 && c != 0x7F && c != '(' && c != ')' && c != '<' && c != '>' && c != ';';
    out += plain ? c : '?';
  }
  return out.empty() ? "unknown" : out;
}

}  // namespace

// RFC 5321 §4.4 Time-stamp-line:
//   "Received:" From-domain By-domain Opt-info [CFWS] ";" FWS date-time
std::string received_field(const Letter& letter, const Domain& host) {
  const Origin& origin = letter.origin;
  std::string out = "Received: ";
  // DEVIATION: RFC 5321 §4.4: "The FROM clause, which MUST be supplied in an SMTP environment".
  // Where a user of ours sits when she writes is nobody's business (inventory #178): without the
  // peer, the clause would say nothing.
  if (!origin.peer.empty() && !origin.peer_hidden)
    out += "from " + safe_name(origin.helo) + " ([" + origin.peer + "])\r\n\t";
  if (!origin.tls.empty()) {
    auto blank = std::min(origin.tls.find(' '), origin.tls.size());
    out += "(using " + origin.tls.substr(0, blank);
    if (blank < origin.tls.size()) out += " with cipher " + origin.tls.substr(blank + 1);
    out += ")\r\n\t";
  }
  out += "by " + host.str();
  if (!origin.protocol.empty()) out += " with " + origin.protocol;
  out += " id " + to_string(letter.id);
  const auto& recipients = letter.envelope.recipients;
  // RFC 5321 §7.2: naming one of several recipients would tell the others of it.
  if (recipients.size() == 1) {
    const Address& to = recipients.front().address;
    if (to.is_ascii() || letter.envelope.smtputf8) out += "\r\n\tfor <" + to.str() + ">";
  }
  wire::message::Date date;
  date.seconds =
      std::chrono::floor<std::chrono::seconds>(origin.received).time_since_epoch().count();
  out += ";\r\n\t" + wire::message::print_date(date) + "\r\n";
  return out;
}

std::string delivery_fields(const ReversePath& from, const Address& delivered_to,
                            const Address& original) {
  // RFC 5321 §4.4: the delivery system that makes the final delivery inserts Return-path at the
  // beginning of the mail data.
  std::string out = "Return-Path: " + to_string(from) + "\r\n";
  out += "Delivered-To: " + delivered_to.str() + "\r\n";
  if (original != delivered_to) out += "X-Original-To: " + original.str() + "\r\n";
  return out;
}

}  // namespace posta::mta

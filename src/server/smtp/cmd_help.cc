// cmd_help.cc: HELP lists our verbs, or tells the form of one (RFC 5321 §4.1.1.8).
#include "base/text.h"
#include "server/smtp/session.h"

namespace posta::server::smtp {

namespace {

struct Usage {
  std::string_view verb;
  std::string_view form;
};

// The verbs that we speak.
constexpr Usage kUsages[] = {
    {"HELO", "HELO name"},
    {"EHLO", "EHLO name"},
    {"MAIL", "MAIL FROM:<address> [SIZE=octets] [BODY=7BIT|8BITMIME] [SMTPUTF8]"},
    {"RCPT", "RCPT TO:<address>"},
    {"DATA", "DATA, then the message, then a line with nothing but a dot"},
    {"BDAT", "BDAT octets [LAST], then that many octets"},
    {"RSET", "RSET"},
    {"NOOP", "NOOP"},
    {"STARTTLS", "STARTTLS, then the TLS handshake, then EHLO again"},
    {"AUTH", "AUTH mechanism [initial response in base64]"},
    {"QUIT", "QUIT"},
    {"HELP", "HELP [verb]"},
    {"VRFY", "VRFY address [SMTPUTF8]"},
    {"EXPN", "EXPN address [SMTPUTF8]"},
};

}  // namespace

Task<Reply> Session::help(wire::smtp::Help& command) {
  std::string_view topic = trim(command.topic);
  std::string list = "Commands:";
  for (const Usage& usage : kUsages) {
    if (usage.verb == "AUTH" && !config().submission) continue;
    if (usage.verb == "EXPN" && !may(config().expn, trusted_)) continue;
    if (equals_ignore_case(usage.verb, topic)) co_return reply::help.with(std::string(usage.form));
    list += ' ';
    list += usage.verb;
  }
  if (equals_ignore_case(topic, "STATUS")) co_return status();
  if (topic.empty()) co_return reply::help.with(list + "\nSee " + config().help_url);
  co_return reply::parameter_not_implemented.with("No help on that; HELP alone lists the commands");
}

// RFC 5321 §4.2.3: 211, system status. Of this session: what its client may know.
Reply Session::status() const {
  std::string who =
      principal_ ? "authenticated as " + principal_->address.str() : "not authenticated";
  return reply::status.with(fmt::format("{} is ready to take mail; {}, {}", config().reception.host,
                                        tls_ ? "in TLS" : "in clear", who));
}

}  // namespace posta::server::smtp

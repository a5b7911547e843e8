// verbs.cc: the order of the protocol, as one table.
//
// RFC 5321 §4.1.4 (order), RFC 2920 §3.2 (whose replies may wait), RFC 3207 §4 (what may come
// before TLS), §4.2 (what must not be obeyed after it). BDAT needs a letter too, but its octets are
// passed over even if there is none (Session::obey).
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "server/smtp/session.h"

namespace posta::server::smtp {

namespace ws = wire::smtp;

// clang-format off
constinit const Verb Session::kVerbs[] = {
    // name       handler                                                       needs            flush           before TLS   usage
    {"HELO",      &Verb::call<ws::Helo, &Session::helo>,                        Needs::nothing,  Flush::yes,     PreTls::yes, "HELO name"},
    {"EHLO",      &Verb::call<ws::Ehlo, &Session::ehlo>,                        Needs::nothing,  Flush::yes,     PreTls::yes, "EHLO name"},
    {"MAIL",      &Verb::call<ws::Mail, &Session::mail>,                        Needs::no_letter,Flush::no,      PreTls::no,  "MAIL FROM:<address> [SIZE=octets] [BODY=7BIT|8BITMIME] [SMTPUTF8]"},
    {"RCPT",      &Verb::call<ws::Rcpt, &Session::rcpt>,                        Needs::letter,   Flush::no,      PreTls::no,  "RCPT TO:<address>"},
    {"DATA",      &Verb::call<ws::Data, &Session::data>,                        Needs::letter,   Flush::yes,     PreTls::no,  "DATA, then the message, then a line with a dot"},
    {"BDAT",      &Verb::call<ws::Bdat, &Session::bdat>,                        Needs::letter,   Flush::yes,     PreTls::no,  "BDAT octets [LAST], then that many octets"},
    {"RSET",      &Verb::call<ws::Rset, &Session::rset>,                        Needs::nothing,  Flush::no,      PreTls::no,  "RSET"},
    {"NOOP",      &Verb::call<ws::Noop, &Session::noop>,                        Needs::nothing,  Flush::yes,     PreTls::yes, "NOOP"},
    {"QUIT",      &Verb::call<ws::Quit, &Session::quit>,                        Needs::nothing,  Flush::yes,     PreTls::yes, "QUIT"},
    {"HELP",      &Verb::call<ws::Help, &Session::help>,                        Needs::nothing,  Flush::yes,     PreTls::no,  "HELP [verb]"},
    {"VRFY",      &Verb::call<ws::Vrfy, &Session::vrfy>,                        Needs::nothing,  Flush::yes,     PreTls::no,  "VRFY address [SMTPUTF8]"},
    {"EXPN",      &Verb::call<ws::Expn, &Session::expn>,                        Needs::nothing,  Flush::yes,     PreTls::no,  "EXPN address [SMTPUTF8]"},
    // Here AUTH (RFC 4954 §4: needs EHLO and no letter) and STARTTLS (RFC 3207 §4) take their places;
    // until then they are not announced and answered 502.
    {"AUTH",      &Verb::call<ws::Auth, &Session::auth>,                        Needs::nothing,  Flush::yes,     PreTls::no,  ""},
    {"STARTTLS",  &Verb::call<ws::StartTls, &Session::starttls>,                Needs::nothing,  Flush::yes,     PreTls::yes, ""},
    // ETRN TURN ATRN SEND SOML SAML
    {"not spoken",&Verb::call<ws::NotSpoken, &Session::not_spoken>,             Needs::nothing,  Flush::yes,     PreTls::no,  ""},
    {"HTTP",      &Verb::call<ws::WrongProtocol, &Session::wrong_protocol>,     Needs::nothing,  Flush::yes,     PreTls::yes, ""},
    {"unknown",   &Verb::call<ws::Unknown, &Session::unknown>,                  Needs::nothing,  Flush::yes,     PreTls::yes, ""},
};
// clang-format on

std::span<const Verb> all_verbs() {
  static_assert(sizeof Session::kVerbs / sizeof(Verb) == std::variant_size_v<Command>);
  return Session::kVerbs;
}

const Verb& verb_for(const Command& command) {
  return Session::kVerbs[command.index()];
}

const Verb* verb_named(std::string_view name) {
  auto spoken = std::ranges::find_if(all_verbs(), [&](const Verb& verb) {
    return !verb.usage.empty() && equals_ignore_case(verb.name, name);
  });
  return spoken == all_verbs().end() ? nullptr : &*spoken;
}

std::string verb_list() {
  std::string list;
  for (const Verb& verb : all_verbs()) {
    if (verb.usage.empty()) continue;
    if (!list.empty()) list += ' ';
    list += verb.name;
  }
  return list;
}

}  // namespace posta::server::smtp

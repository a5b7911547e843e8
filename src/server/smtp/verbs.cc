// verbs.cc: the order of the protocol, as one table.
//
// RFC 5321 §4.1.4 (order), RFC 2920 §3.2 (whose replies may wait), RFC 3207 §4 (what may come
// before TLS), §4.2 (what must not be obeyed after it). BDAT needs a letter too, but its octets are
// passed over even if there is none (Session::obey).
#include "server/smtp/session.h"

namespace posta::server::smtp {

template <auto method>
constexpr auto on = &Verb::call<method>;

// clang-format off
constinit const Verb Session::kVerbs[] = {
    // name      handler                     needs             input after   before TLS
    {"HELO",      on<&Session::helo>,           Needs::nothing,   Flush::yes,    PreTls::yes},
    {"EHLO",      on<&Session::ehlo>,           Needs::nothing,   Flush::yes,    PreTls::yes},
    {"MAIL",      on<&Session::mail>,           Needs::no_letter, Flush::no,     PreTls::no},
    {"RCPT",      on<&Session::rcpt>,           Needs::letter,    Flush::no,     PreTls::no},
    {"DATA",      on<&Session::data>,           Needs::letter,    Flush::yes,    PreTls::no},
    {"BDAT",      on<&Session::bdat>,           Needs::letter,    Flush::yes,    PreTls::no},
    {"RSET",      on<&Session::rset>,           Needs::nothing,   Flush::no,     PreTls::no},
    {"NOOP",      on<&Session::noop>,           Needs::nothing,   Flush::yes,    PreTls::yes},
    {"QUIT",      on<&Session::quit>,           Needs::nothing,   Flush::yes,    PreTls::yes},
    {"HELP",      on<&Session::help>,           Needs::nothing,   Flush::yes,    PreTls::no},
    {"VRFY",      on<&Session::vrfy>,           Needs::nothing,   Flush::yes,    PreTls::no},
    {"EXPN",      on<&Session::expn>,           Needs::nothing,   Flush::yes,    PreTls::no},
    // Here AUTH (RFC 4954 §4: after EHLO, outside letters) takes its place; until then it is not
    // announced and answered 502.
    {"AUTH",      on<&Session::auth>,           Needs::nothing,   Flush::yes,    PreTls::no},
    {"STARTTLS",  on<&Session::starttls>,       Needs::nothing,   Flush::discard, PreTls::yes},
    // ETRN TURN ATRN SEND SOML SAML; a request line of HTTP; anything else.
    {"(known)",   on<&Session::not_spoken>,     Needs::nothing,   Flush::yes,    PreTls::no},
    {"(http)",    on<&Session::wrong_protocol>, Needs::nothing,   Flush::yes,    PreTls::yes},
    {"(unknown)", on<&Session::unknown>,        Needs::nothing,   Flush::yes,    PreTls::yes},
};
// clang-format on

std::span<const Verb> all_verbs() {
  static_assert(sizeof Session::kVerbs / sizeof(Verb) == std::variant_size_v<Command>);
  return Session::kVerbs;
}

const Verb& verb_for(const Command& command) {
  return Session::kVerbs[command.index()];
}

}  // namespace posta::server::smtp

// verbs.cc: the order of the protocol, as one table.
//
// RFC 5321 §4.1.4 (order), RFC 2920 §3.2 (whose replies may wait), RFC 3207 §4 (what may come
// before TLS), §4.2 (what must not be obeyed after it). BDAT needs a letter too, but its octets are
// passed over even if there is none (Session::obey). RFC 4954 §6 (what may come before AUTH).
#include "server/smtp/session.h"

namespace posta::server::smtp {

template <auto method>
constexpr auto on = &Verb::call<method>;

// clang-format off
constinit const Verb Session::kVerbs[] = {
    // name      handler                     needs             input after   before TLS   before AUTH
    {"HELO",      on<&Session::helo>,           Needs::nothing,   Flush::yes,    PreTls::yes, PreAuth::yes},
    {"EHLO",      on<&Session::ehlo>,           Needs::nothing,   Flush::yes,    PreTls::yes, PreAuth::yes},
    {"MAIL",      on<&Session::mail>,           Needs::no_letter, Flush::no,     PreTls::no,  PreAuth::no},
    {"RCPT",      on<&Session::rcpt>,           Needs::letter,    Flush::no,     PreTls::no,  PreAuth::no},
    {"DATA",      on<&Session::data>,           Needs::letter,    Flush::yes,    PreTls::no,  PreAuth::no},
    {"BDAT",      on<&Session::bdat>,           Needs::letter,    Flush::yes,    PreTls::no,  PreAuth::no},
    {"RSET",      on<&Session::rset>,           Needs::nothing,   Flush::no,     PreTls::no,  PreAuth::yes},
    {"NOOP",      on<&Session::noop>,           Needs::nothing,   Flush::yes,    PreTls::yes, PreAuth::yes},
    {"QUIT",      on<&Session::quit>,           Needs::nothing,   Flush::yes,    PreTls::yes, PreAuth::yes},
    {"HELP",      on<&Session::help>,           Needs::nothing,   Flush::yes,    PreTls::no,  PreAuth::yes},
    {"VRFY",      on<&Session::vrfy>,           Needs::nothing,   Flush::yes,    PreTls::no,  PreAuth::no},
    {"EXPN",      on<&Session::expn>,           Needs::nothing,   Flush::yes,    PreTls::no,  PreAuth::no},
    // RFC 4954 §4: after EHLO, outside letters, once.
    {"AUTH",      on<&Session::auth>,           Needs::no_letter,  Flush::yes,    PreTls::no,  PreAuth::yes},
    {"STARTTLS",  on<&Session::starttls>,       Needs::nothing,   Flush::discard, PreTls::yes, PreAuth::yes},
    // ETRN TURN ATRN SEND SOML SAML; a request line of HTTP; anything else.
    {"(known)",   on<&Session::not_spoken>,     Needs::nothing,   Flush::yes,    PreTls::no,  PreAuth::yes},
    {"(http)",    on<&Session::wrong_protocol>, Needs::nothing,   Flush::yes,    PreTls::yes, PreAuth::yes},
    {"(unknown)", on<&Session::unknown>,        Needs::nothing,   Flush::yes,    PreTls::yes, PreAuth::yes},
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

// verbs.cc: which verb may stand in which state (RFC 1939 §4, §5, §7; RFC 2449 §5).
#include "server/pop3/session.h"

namespace posta::server::pop3 {

namespace wp = wire::pop3;

// clang-format off
constinit const Verb Session::kVerbs[] = {
    {"USER", &Verb::call<wp::User, &Session::user>,              When::authorization},
    {"PASS", &Verb::call<wp::Pass, &Session::pass>,              When::authorization},
    {"APOP", &Verb::call<wp::Apop, &Session::not_offered<wp::Apop>>, When::authorization},
    {"STAT", &Verb::call<wp::Stat, &Session::stat>,              When::transaction},
    {"LIST", &Verb::call<wp::List, &Session::list>,              When::transaction},
    {"RETR", &Verb::call<wp::Retr, &Session::retr>,              When::transaction},
    {"DELE", &Verb::call<wp::Dele, &Session::dele>,              When::transaction},
    {"NOOP", &Verb::call<wp::Noop, &Session::noop>,              When::transaction},
    {"RSET", &Verb::call<wp::Rset, &Session::rset>,              When::transaction},
    {"QUIT", &Verb::call<wp::Quit, &Session::quit>,              When::always},
    {"TOP",  &Verb::call<wp::Top,  &Session::top>,               When::transaction},
    {"UIDL", &Verb::call<wp::Uidl, &Session::uidl>,              When::transaction},
    {"LAST", &Verb::call<wp::Last, &Session::last>,              When::transaction},
    {"CAPA", &Verb::call<wp::Capa, &Session::capa>,              When::always},
    {"STLS", &Verb::call<wp::Stls, &Session::stls>,              When::authorization},
    {"AUTH", &Verb::call<wp::Auth, &Session::auth>,              When::authorization},
    {"UTF8", &Verb::call<wp::Utf8, &Session::not_offered<wp::Utf8>>, When::authorization},
    {"LANG", &Verb::call<wp::Lang, &Session::not_offered<wp::Lang>>, When::always},
};
// clang-format on

}  // namespace posta::server::pop3

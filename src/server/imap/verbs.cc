// verbs.cc: which command may stand in which state (RFC 3501 §6), and what of the mailbox's news
// may be told before its end (§7.4.1: "An EXPUNGE response MUST NOT be sent … while responding to a
// FETCH, STORE, or SEARCH command"; their UID forms are other commands, see by_uid in session.cc).
#include "server/imap/session.h"

namespace posta::server::imap {

using When = Verb::When;
using News = Session::News;

// clang-format off
constinit const Verb Session::kVerbs[] = {
    {&Verb::call<wi::Capability,   &Session::capability>,     When::always,            News::all},
    {&Verb::call<wi::Noop,         &Session::noop>,           When::always,            News::all},
    {&Verb::call<wi::Logout,       &Session::logout>,         When::always,            News::none},
    {&Verb::call<wi::Id,           &Session::id>,             When::always,            News::all},
    {&Verb::call<wi::StartTls,     &Session::starttls>,       When::not_authenticated, News::none},
    {&Verb::call<wi::Authenticate, &Session::authenticate>,   When::not_authenticated, News::none},
    {&Verb::call<wi::Login,        &Session::login>,          When::not_authenticated, News::none},
    {&Verb::call<wi::Enable,       &Session::enable>,         When::authenticated,     News::all},
    {&Verb::call<wi::Select,       &Session::select>,         When::authenticated,     News::none},
    {&Verb::call<wi::Create,       &Session::create>,         When::authenticated,     News::all},
    {&Verb::call<wi::Delete,       &Session::remove>,         When::authenticated,     News::all},
    {&Verb::call<wi::Rename,       &Session::rename>,         When::authenticated,     News::all},
    {&Verb::call<wi::Subscribe,    &Session::subscribe>,      When::authenticated,     News::all},
    {&Verb::call<wi::List,         &Session::list>,           When::authenticated,     News::all},
    {&Verb::call<wi::Namespace,    &Session::name_space>,     When::authenticated,     News::all},
    {&Verb::call<wi::Status,       &Session::status>,         When::authenticated,     News::all},
    {&Verb::call<wi::Append,       &Session::append>,         When::authenticated,     News::all},
    {&Verb::call<wi::Idle,         &Session::idle>,           When::authenticated,     News::all},
    {&Verb::call<wi::GetQuota,     &Session::get_quota>,      When::authenticated,     News::all},
    {&Verb::call<wi::GetQuotaRoot, &Session::get_quota_root>, When::authenticated,     News::all},
    {&Verb::call<wi::SetQuota,     &Session::set_quota>,      When::authenticated,     News::all},
    {&Verb::call<wi::Check,        &Session::check>,          When::selected,          News::all},
    {&Verb::call<wi::Close,        &Session::close>,          When::selected,          News::none},
    {&Verb::call<wi::Unselect,     &Session::unselect>,       When::selected,          News::none},
    {&Verb::call<wi::Expunge,      &Session::expunge>,        When::selected,          News::all},
    {&Verb::call<wi::Fetch,        &Session::fetch>,          When::selected,          News::no_expunge},
    {&Verb::call<wi::Store,        &Session::store>,          When::selected,          News::no_expunge},
    {&Verb::call<wi::Copy,         &Session::copy>,           When::selected,          News::all},
    {&Verb::call<wi::Search,       &Session::search>,         When::selected,          News::no_expunge},
    {&Verb::call<wi::Unknown,      &Session::unknown>,        When::always,            News::all},
};
// clang-format on

}  // namespace posta::server::imap

// cmd_plain.cc: NOOP, CAPA, and the verbs that are known but not offered.

#include "server/pop3/session.h"
#include "wire/pop3/capa.h"

namespace posta::server::pop3 {

Task<> Session::noop(wire::pop3::Noop&) {
  say(Reply::yes("Nothing done"));
  co_return;
}

// RFC 2449 §5. What is announced here is what works here and now.
Task<> Session::capa(wire::pop3::Capa&) {
  wire::pop3::Capabilities capabilities;
  capabilities.top = true;
  capabilities.user = secure();
  for (std::string_view name : server_.deps().logins.mechanisms(place()))
    capabilities.sasl.emplace_back(name);
  // RFC 2595 §4: present and permitted in the current state.
  capabilities.stls = config().reception.tls && !tls_ && state_ == State::authorization;
  capabilities.resp_codes = true;
  capabilities.auth_resp_code = true;
  capabilities.pipelining = true;
  capabilities.uidl = true;
  capabilities.expire = wire::pop3::Capabilities::Expire{};  // NEVER
  if (state_ == State::transaction) capabilities.implementation = "posta";
  wire::pop3::print_capa(stream_.out(), capabilities);
  co_return;
}

template <class C>
Task<> Session::not_offered(C&) {
  say(Reply::no("This command is not offered"));
  co_return;
}

template Task<> Session::not_offered(wire::pop3::Apop&);
template Task<> Session::not_offered(wire::pop3::Utf8&);
template Task<> Session::not_offered(wire::pop3::Lang&);
template Task<> Session::not_offered(wire::pop3::Last&);

}  // namespace posta::server::pop3

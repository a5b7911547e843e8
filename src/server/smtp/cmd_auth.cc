// cmd_auth.cc: AUTH, by which a client proves who it is.
//
//   "AUTH" SP sasl-mech [SP initial-response]                        RFC 4954 §4
//      334 base64 challenge, base64 response, …; "*" gives up
//
//   235; 535 wrong (whatever was wrong), 454 not now, 501 not base64 or given up, 504 no such
//   mechanism, 538 not without TLS, 500 a line too long, 503 out of order, 502 not offered here.
//
// There is no security layer, so the session goes on as it was. Pauses and throttling are Logins'.
#include "base/codec.h"
#include "server/smtp/session.h"

namespace posta::server::smtp {

LoginPlace Session::place() const {
  return {.service = config().reception.service,
          .scope = directory::Scope::smtp,
          .session = id_,
          .peer = stream_.peer().ip,
          .secure = secure(),
          .tls = tls_.get()};
}

// What is announced and may be used. Nothing where there is no AUTH.
std::vector<std::string_view> Session::mechanisms() const {
  if (!config().submission || !server_.deps().logins || principal_) return {};
  return server_.deps().logins->mechanisms(place());
}

Task<Reply> Session::auth(wire::smtp::Auth& command) {
  Logins* logins = server_.deps().logins;
  if (!config().submission || !logins) co_return reply::not_implemented;
  if (begun_by_hand()) co_return reply::not_by_hand;
  // RFC 4954 §4: "After an AUTH command has been successfully completed, no more AUTH commands may
  // be issued in the same session."
  if (principal_) co_return reply::already_authenticated;
  lines_.forbid_hand_mode();
  if (command.malformed) co_return reply::bad_base64;
  // Replies to what stood before it need not wait for the hash.
  co_await flush();
  LoginOutcome::Kind why_not{};
  auto exchange = logins->begin(place(), command.mechanism, why_not);
  if (!exchange) co_return logged_in({.kind = why_not, .principal = {}});
  SaslExchange::Step step = co_await exchange->step(std::move(command.initial));
  while (step.challenge) {
    Reply no;
    auto response = co_await sasl_response(*std::move(step.challenge), no);
    if (!response) co_return no;
    step = co_await exchange->step(std::move(response));
  }
  co_return logged_in(std::move(step.outcome));
}

// The client's answer, base64 undone. Nothing: `why_not` is the reply, or the session has ended.
Task<std::optional<std::string>> Session::sasl_response(std::string challenge, Reply& why_not) {
  using Kind = wire::smtp::Line::Kind;
  // RFC 4954 §4: "This challenge MUST NOT contain any text other than the BASE64 encoded
  // challenge." However long it is, it is one line.
  stream_.put("334 " + base64_encode(challenge) + "\r\n");
  wire::smtp::Line line;
  for (;;) {
    line = lines_.next(stream_.input());
    if (line.kind != Kind::need_more) break;
    stream_.consume(line.consumed);
    co_await await_line();
    if (end_ != End::open) co_return std::nullopt;
  }
  line_deadline_.reset();
  std::optional<std::string> response;
  if (line.kind == Kind::line && line.text == "*") {
    // RFC 4954 §4: "it MUST reject the AUTH command by sending a 501 reply."
    why_not = reply::auth_cancelled;
  } else if (line.kind == Kind::line) {
    response = base64_decode(line.text);
    if (!response) why_not = reply::bad_base64;
  }
  stream_.consume(line.consumed);
  if (line.kind == Kind::too_long) why_not = reply::line_too_long;
  if (line.kind == Kind::bare_lf) why_not = reply::bare_lf_command;
  if (line.kind == Kind::bad_octet) why_not = reply::bad_base64;
  if (line.kind == Kind::mixed) last_word(reply::mixed_line_ends, End::protocol);
  if (line.kind == Kind::endless) last_word(reply::endless_line, End::limit);
  co_return response;
}

Reply Session::logged_in(LoginOutcome outcome) {
  using Kind = LoginOutcome::Kind;
  switch (outcome.kind) {
    case Kind::ok:
      principal_ = std::make_unique<Principal>(std::move(outcome.principal));
      lines_.set_line_octets_max(limits().wire.command_line_octets_max);
      return reply::auth_ok;
    case Kind::wrong: ++failed_logins_; return reply::auth_failed;
    case Kind::throttled:
      ++failed_logins_;
      return reply::auth_unavailable.with("Too many failed logins, try again later");
    case Kind::unavailable: return reply::auth_unavailable;
    case Kind::malformed: return reply::bad_base64.with("Cannot understand this SASL response");
    case Kind::insecure: return reply::auth_needs_tls;
    case Kind::no_mechanism: return reply::unknown_mechanism;
  }
  return reply::auth_unavailable;
}

}  // namespace posta::server::smtp

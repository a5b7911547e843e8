// cmd_login.cc: LOGIN (RFC 3501 §6.2.3) and AUTHENTICATE (§6.2.2, RFC 4959).
//
//   LOGIN user password            only where passwords may come in clear
//   AUTHENTICATE mechanism [initial-response]
//      + base64 challenge, base64 response, …; "*" gives up
//
// The pause after a wrong password, throttling and what may be said are Logins' affair.

#include "base/codec.h"
#include "server/imap/events.h"
#include "server/imap/session.h"

namespace posta::server::imap {

LoginPlace Session::place() const {
  return {.service = "imap",
          .scope = directory::Scope::imap,
          .session = id_,
          .peer = stream_.peer().ip,
          .secure = secure(),
          .tls = tls_.get()};
}

Task<Reply> Session::login(wi::Login& command) {
  // Replies to what stood before it need not wait for the hash.
  co_await flush();
  co_return co_await logged_in(co_await server_.deps().logins.password(
      place(), std::move(command.user), std::move(command.password)));
}

// INTEROP: LOGIN takes the name with the command (sasl_exchange.cc), as many clients send it and
// other servers take it. RFC 4959 §3 has it otherwise for a mechanism in which the server begins:
// "the server MUST reject the command with a tagged BAD response."
Task<Reply> Session::authenticate(wi::Authenticate& command) {
  LoginOutcome::Kind why_not{};
  auto exchange = server_.deps().logins.begin(place(), command.mechanism, why_not);
  if (!exchange) co_return co_await logged_in({.kind = why_not, .principal = {}});
  SaslExchange::Step step = co_await exchange->step(std::move(command.initial));
  while (step.challenge) {
    auto line = co_await sasl_response(*std::move(step.challenge));
    if (!line) co_return Reply::later();
    if (*line == "*") co_return Reply::bad("Given up");  // RFC 3501 §6.2.2
    auto response = base64_decode(*line);
    if (!response) co_return Reply::bad("That is not base64");
    step = co_await exchange->step(std::move(response));
  }
  co_return co_await logged_in(std::move(step.outcome));
}

// The client's line, still encoded. Nothing: the session has ended.
Task<std::optional<std::string>> Session::sasl_response(std::string challenge) {
  stream_.put("+ " + base64_encode(challenge) + "\r\n");
  const std::size_t octets_max = server_.deps().logins.limits().sasl_octets_max;
  for (;;) {
    auto event = reader_.next_line(stream_.input(), octets_max);
    stream_.consume(event.consumed);
    if (event.kind == wi::CommandReader::Kind::command) co_return std::string(reader_.octets());
    if (event.kind == wi::CommandReader::Kind::refused) {
      say(tag_, Reply::bad(event.text));
      if (event.fatal && end_ == End::open) bye("The line does not end", End::limit);
      co_return std::nullopt;
    }
    co_await await_input();
    if (end_ != End::open) co_return std::nullopt;
  }
}

Task<Reply> Session::logged_in(LoginOutcome outcome) {
  using Kind = LoginOutcome::Kind;
  Reply reply;
  switch (outcome.kind) {
    case Kind::ok: {
      auto seat =
          server_.deps().seats.enter(outcome.principal.account, limits().sessions_per_account_max);
      if (!seat) {
        server_.deps().events.emit({event::kAccountFull,
                                    {{"session", id_}, {"user", outcome.principal.address.str()}},
                                    Severity::warning});
        co_return Reply::no("This account has too many sessions", code::kLimit);
      }
      user_ = std::make_unique<User>(User{std::move(outcome.principal), std::move(seat), false});
      state_ = State::authenticated;
      reader_.set_logged_in();
      co_return Reply::ok("Logged in", "CAPABILITY " + capabilities());
    }
    // RFC 5530 §3: one answer for all who do not get in, whatever the reason.
    case Kind::wrong: reply = Reply::no("Wrong name or password", "AUTHENTICATIONFAILED"); break;
    case Kind::throttled:
      reply = Reply::no("Too many failures, try again later", code::kUnavailable);
      break;
    case Kind::unavailable:
      reply = Reply::no("Cannot check the password now, try again later", code::kUnavailable);
      break;
    case Kind::malformed: co_return Reply::bad("The exchange is broken");
    case Kind::insecure:
      reply = Reply::no("Passwords in clear are not taken here without TLS", "PRIVACYREQUIRED");
      break;
    case Kind::no_mechanism: reply = Reply::no("There is no such mechanism here"); break;
  }
  if (++failed_logins_ >= limits().logins_max && end_ == End::open) {
    say(tag_, reply);
    bye("Too many failed logins", End::limit);
    co_return Reply::later();
  }
  co_return reply;
}

}  // namespace posta::server::imap

// cmd_login.cc: USER and PASS (RFC 1939 §7), AUTH (RFC 5034), and what follows a login.
//
//   USER name CRLF        always +OK: who has a mailbox here is nobody's business
//   PASS string CRLF      +OK and the maildrop, or -ERR [AUTH], [IN-USE], [SYS/TEMP]
//   AUTH                  the mechanisms, as a list (old clients ask so)
//   AUTH mechanism [initial-response] CRLF
//      + base64 challenge, base64 response, …; "*" gives up
//
// Pauses and throttling are Logins'; some failures end the session (limits.h).

#include "base/codec.h"
#include "server/pop3/events.h"
#include "server/pop3/session.h"

namespace posta::server::pop3 {

LoginPlace Session::place() const {
  return {.service = config().reception.service,
          .scope = directory::Scope::pop3,
          .session = id_,
          .peer = stream_.peer().ip,
          .secure = secure(),
          .tls = tls_.get()};
}

Task<> Session::user(wire::pop3::User& command) {
  user_ = std::move(command.name);
  if (!secure()) {
    co_await logged_in({.kind = LoginOutcome::Kind::insecure, .principal = {}});
    co_return;
  }
  say(Reply::yes("Send the password"));
}

Task<> Session::pass(wire::pop3::Pass& command) {
  if (secure() && user_.empty()) {
    say(Reply::no("Say USER first"));
    co_return;
  }
  // Replies to what stood before PASS in the pipeline need not wait for the hash.
  co_await flush();
  co_await logged_in(
      co_await server_.deps().logins.password(place(), user_, std::move(command.password)));
}

Task<> Session::auth(wire::pop3::Auth& command) {
  Logins& logins = server_.deps().logins;
  if (command.mechanism.empty()) {
    auto mechanisms = logins.mechanisms(place());
    if (mechanisms.empty()) {
      say(Reply::no("No mechanism here without TLS"));
      co_return;
    }
    say(Reply::yes("Mechanisms follow"));
    for (std::string_view name : mechanisms) stream_.put(std::string(name) + "\r\n");
    stream_.put(wire::pop3::kEndOfList);
    co_return;
  }
  co_await flush();
  LoginOutcome outcome;
  auto exchange = logins.begin(place(), command.mechanism, outcome.kind);
  if (exchange) {
    SaslExchange::Step step = co_await exchange->step(std::move(command.initial));
    while (step.challenge) {
      auto response = co_await sasl_response(*std::move(step.challenge));
      if (!response) break;
      step = co_await exchange->step(std::move(response));
    }
    if (step.challenge) co_return;  // broken off, and answered
    outcome = std::move(step.outcome);
  }
  co_await logged_in(std::move(outcome));
}

// The client's answer, base64 undone. Nothing: it was no answer, which is said, or the session has
// ended.
Task<std::optional<std::string>> Session::sasl_response(std::string challenge) {
  using Kind = wire::pop3::Line::Kind;
  wire::pop3::print_challenge(stream_.out(), challenge);
  wire::pop3::Line line;
  for (;;) {
    line = lines_.next(stream_.input());
    if (line.kind != Kind::need_more) break;
    stream_.consume(line.consumed);
    co_await await_line();
    if (end_ != End::open) co_return std::nullopt;
  }
  std::optional<std::string> response;
  // RFC 5034 §4: "*" gives up, and is answered -ERR.
  const bool given_up = line.kind == Kind::line && line.text == "*";
  if (line.kind == Kind::line && !given_up) response = base64_decode(line.text);
  stream_.consume(line.consumed);
  if (line.kind == Kind::endless) {
    last_word(Reply::no("The line does not end"), End::limit);
  } else if (line.kind == Kind::too_long) {
    say(Reply::no("The line is too long"));
  } else if (given_up) {
    say(Reply::no("Authentication given up"));
  } else if (!response) {
    say(Reply::no("Not base64"));
  }
  co_return response;
}

Task<> Session::logged_in(LoginOutcome outcome) {
  using Kind = LoginOutcome::Kind;
  Reply reply;
  switch (outcome.kind) {
    case Kind::ok: co_await open_maildrop(std::move(outcome.principal)); co_return;
    case Kind::wrong:
      // A disabled account is not told from a wrong password.
      ++failed_logins_;
      reply = Reply::no("Wrong name or password", Code::auth);
      break;
    case Kind::throttled:
      ++failed_logins_;
      reply = Reply::no("Too many failed logins, try again later", Code::sys_temp);
      break;
    case Kind::unavailable:
      reply = Reply::no("Cannot check the password now, try again later", Code::sys_temp);
      break;
    case Kind::malformed: reply = Reply::no("Cannot understand this SASL response"); break;
    case Kind::insecure:
      reply = Reply::no("Passwords in clear are not taken here without TLS");
      break;
    case Kind::no_mechanism: reply = Reply::no("No such mechanism here"); break;
  }
  refuse_login(std::move(reply));
}

void Session::refuse_login(Reply reply) {
  user_.clear();  // RFC 1939 §7: PASS comes "immediately after a successful USER command"
  if (failed_logins_ >= limits().logins_max) {
    last_word(reply, End::limit);
  } else {
    say(reply);
  }
}

Task<> Session::open_maildrop(Principal principal) {
  auto refuse = [&](Reply reply, std::string_view why) {
    server_.deps().events.emit({event::kLoginRefused,
                                {{"session", id_},
                                 {"peer", stream_.peer().ip.str()},
                                 {"user", principal.address.str()},
                                 {"why", why}},
                                Severity::warning});
    refuse_login(std::move(reply));
  };
  auto maildrop = std::make_unique<Maildrop>();
  if (config().exclusive) {
    maildrop->hold = server_.deps().maildrops.hold(principal.account);
    if (!maildrop->hold) {  // RFC 2449 §8.1.2
      refuse(Reply::no("Another session holds this mailbox", Code::in_use), "in_use");
      co_return;
    }
  }
  auto view = co_await server_.deps().mailboxes.open(principal.account, mailbox::kInbox);
  if (!view || !*view) {
    trouble("open",
            view ? Error{Error::Kind::not_found, "the account has no INBOX"} : view.error());
    refuse(Reply::no("Cannot open the mailbox now, try again later", Code::sys_temp), "trouble");
    co_return;
  }
  maildrop->principal = std::move(principal);
  maildrop->view = std::move(*view);
  maildrop_ = std::move(maildrop);
  state_ = State::transaction;
  allow_long_lines();
  std::uint32_t count = maildrop_->view->count();
  Octets octets = maildrop_->view->octets();
  user_ = maildrop_->principal.address.str();
  server_.deps().events.emit({event::kLogin,
                              {{"session", id_},
                               {"peer", stream_.peer().ip.str()},
                               {"user", user_},
                               {"messages", count},
                               {"octets", octets}}});
  say(Reply::yes(fmt::format("{} messages, {} octets", count, octets)));
}

// RFC 5034 §4: the AUTH command with an initial response, and the responses, are longer than
// others.
void Session::allow_long_lines() {
  const wire::pop3::Limits& wire = limits().wire;
  lines_.set_line_octets_max(state_ == State::authorization ? wire.auth_line_octets_max
                                                            : wire.command_line_octets_max);
}

}  // namespace posta::server::pop3

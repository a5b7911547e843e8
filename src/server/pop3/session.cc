#include "server/pop3/session.h"

#include "base/check.h"
#include "server/pop3/events.h"
#include "server/session/doorway.h"

namespace posta::server::pop3 {

namespace {
// Commands that one session may have obeyed before the others get their turn (house D6).
constexpr unsigned kCommandsInARow = 64;
}  // namespace

std::string_view to_string(Session::End end) {
  switch (end) {
    case Session::End::open: return "open";
    case Session::End::quit: return "quit";
    case Session::End::closed: return "closed";
    case Session::End::timeout: return "timeout";
    case Session::End::stopped: return "stopped";
    case Session::End::limit: return "limit";
    case Session::End::tls: return "tls";
  }
  return "?";
}

Session::Session(Pop3Server& server, net::Stream& stream, std::string id)
    : server_(server),
      config_(server.config()),
      stream_(stream),
      id_(std::move(id)),
      lines_(limits().wire),
      login_by_(stream.executor().now() + limits().login_timeout) {
  allow_long_lines();
}

Task<> Session::run() {
  Events& events = server_.deps().events;
  std::string peer = stream_.peer().ip.str();
  events.emit({event::kConnectionOpened,
               {{"session", id_}, {"service", config().reception.service}, {"peer", peer}},
               Severity::debug});
  if (config().reception.implicit_tls) co_await enter_tls();  // RFC 8314 §3.3
  if (end_ == End::open) say(Reply::yes(config().reception.host + " " + config().reception.banner));
  while (end_ == End::open) {
    if (server_.deps().sessions.closing()) {
      last_word(Reply::no("The server is shutting down", Code::sys_temp), End::stopped);
      break;
    }
    wire::pop3::Line line = lines_.next(stream_.input());
    if (line.kind == wire::pop3::Line::Kind::need_more) {
      stream_.consume(line.consumed);
      co_await await_line();
    } else {
      co_await take_line(line);
    }
  }
  if (maildrop_) maildrop_->hold.reset();  // nobody waits for a peer that lingers
  if (end_ != End::closed)
    co_await linger(stream_, limits().linger, limits().linger_octets_max, end_ == End::quit);
  events.emit({event::kConnectionClosed,
               {{"session", id_},
                {"peer", peer},
                {"user", user_},
                {"why", to_string(end_)},
                {"retrieved", retrieved_},
                {"deleted", removed_}},
               maildrop_ ? Severity::info : Severity::debug});
}

// What is waiting to be sent leaves before we wait for more (RFC 2449 §6.6: replies may be
// gathered).
Task<> Session::await_line() {
  co_await flush();
  if (end_ != End::open) co_return;
  stream_.set_timeout(limits().idle_timeout);
  stream_.set_deadline(state_ == State::authorization ? login_by_ : Instant::max());
  Result<> more = co_await stream_.fill();
  if (more) co_return;
  if (more.error().is(Error::Kind::timeout)) {
    last_word(Reply::no("Nothing was said for too long"), End::timeout);
  } else if (more.error().is(Error::Kind::cancelled)) {
    last_word(Reply::no("The server is shutting down", Code::sys_temp), End::stopped);
  } else {
    end_ = End::closed;
  }
}

Task<> Session::take_line(const wire::pop3::Line& line) {
  using Kind = wire::pop3::Line::Kind;
  if (++since_yield_ >= kCommandsInARow) {
    since_yield_ = 0;
    co_await runtime::yield();
  }
  if (state_ == State::authorization &&
      ++commands_before_login_ > limits().commands_before_login_max)
    co_return last_word(Reply::no("Too many commands before a login"), End::limit);
  if (line.kind == Kind::line) {
    auto command = wire::pop3::parse_command(line.text);
    stream_.consume(line.consumed);
    if (command) {
      co_await obey(*command);
    } else {
      say(command.error().reply);
    }
  } else {
    stream_.consume(line.consumed);
    if (line.kind == Kind::endless) {
      last_word(Reply::no("The line does not end"), End::limit);
    } else {
      say(Reply::no(line.kind == Kind::too_long ? "The line is too long"
                                                : "A control character in the command"));
    }
  }
  if (end_ == End::open && stream_.unsent() > limits().replies_octets_max) co_await flush();
}

Task<> Session::obey(Command& command) {
  const Verb& verb = kVerbs[command.index()];
  if (verb.when == When::transaction && state_ != State::transaction) {
    say(Reply::no("Log in first"));
  } else if (verb.when == When::authorization && state_ != State::authorization) {
    say(Reply::no("Already logged in"));
  } else if (co_await may_go_on()) {
    co_await verb.handler(*this, command);
  }
}

Task<bool> Session::may_go_on() {
  if (!maildrop_) co_return true;
  const Principal& who = maildrop_->principal;
  auto standing = co_await server_.deps().logins.standing(who.account, who.credential);
  if (standing == directory::Standing::good) co_return true;
  last_word(Reply::no(std::string(farewell(standing)), Code::auth), End::stopped);
  co_return false;
}

void Session::say(const Reply& reply) {
  wire::pop3::print_reply(stream_.out(), reply);
  if (reply.ok || ++errors_ <= limits().errors_max || end_ != End::open) return;
  last_word(Reply::no("Too many errors"), End::limit);
}

void Session::last_word(const Reply& reply, End why) {
  end_ = why;
  wire::pop3::print_reply(stream_.out(), reply);
}

Task<> Session::flush() {
  if (stream_.unsent() == 0) co_return;
  stream_.set_timeout(limits().send_timeout);
  stream_.set_deadline(state_ == State::authorization ? login_by_ : Instant::max());
  Result<> sent = co_await stream_.flush();
  if (sent) co_return;
  end_ = why_ended<End>(sent.error());
}

// Octets of a long answer; false when the client is gone.
Task<bool> Session::send(std::string_view octets) {
  stream_.put(octets);
  if (stream_.unsent() > limits().replies_octets_max) co_await flush();
  co_return end_ == End::open;
}

void Session::trouble(std::string_view what, const Error& error) {
  server_.deps().events.emit({event::kTrouble,
                              {{"session", id_}, {"what", what}, {"error", describe(error)}},
                              Severity::error});
}

}  // namespace posta::server::pop3

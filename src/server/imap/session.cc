#include "server/imap/session.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "server/imap/events.h"
#include "server/imap/opening.h"
#include "server/session/doorway.h"

namespace posta::server::imap {

namespace {

// Commands that one session may have obeyed before the others get their turn (house D6), and how
// long one may print.
constexpr unsigned kCommandsInARow = 64;
constexpr std::chrono::microseconds kTurn{700};

bool by_uid(const wi::Body& body) {
  if (const auto* fetch = std::get_if<wi::Fetch>(&body)) return fetch->by_uid;
  if (const auto* store = std::get_if<wi::Store>(&body)) return store->by_uid;
  if (const auto* search = std::get_if<wi::Search>(&body)) return search->by_uid;
  return false;
}

}  // namespace

std::string_view to_string(Session::End end) {
  switch (end) {
    case Session::End::open: return "open";
    case Session::End::logout: return "logout";
    case Session::End::closed: return "closed";
    case Session::End::timeout: return "timeout";
    case Session::End::stopped: return "stopped";
    case Session::End::limit: return "limit";
    case Session::End::tls: return "tls";
  }
  return "?";
}

Session::Session(ImapServer& server, net::Stream& stream, std::string id)
    : server_(server),
      config_(server.config()),
      stream_(stream),
      id_(std::move(id)),
      reader_(config_->limits.wire),
      login_by_(stream.executor().now() + config_->limits.login_timeout) {}

Session::~Session() = default;

Task<> Session::run() {
  Events& events = server_.deps().events;
  events.emit({event::kConnectionOpened,
               {{"session", id_},
                {"service", config().reception.service},
                {"peer", stream_.peer().ip.str()}},
               Severity::debug});
  if (!config().reception.implicit_tls || co_await begin_tls()) {
    untagged(fmt::format("OK [CAPABILITY {}] {} {}", capabilities(), config().reception.host,
                         config().reception.banner));
    while (end_ == End::open) co_await step();
    co_await opened();
    if (end_ != End::closed)
      co_await linger(stream_, limits().linger, limits().linger_octets_max, end_ == End::logout);
  }
  idling_.reset();
  events.emit({event::kConnectionClosed,
               {{"session", id_},
                {"peer", stream_.peer().ip.str()},
                {"user", user_ ? user_->principal.address.str() : std::string()},
                {"why", to_string(end_)},
                {"fetched", fetched_},
                {"appended", appended_}},
               user_ ? Severity::info : Severity::debug});
}

// One event of the input, or one wait for more. What waits here waits in this frame, so nothing
// large lives in it.
Task<> Session::step() {
  using Kind = wi::CommandReader::Kind;
  if (server_.deps().sessions.closing()) {
    bye("The server is shutting down", End::stopped);
    co_return;
  }
  if (idle_) {
    co_await idle_step();
    co_return;
  }
  wi::CommandReader::Event event = reader_.next(stream_.input());
  if (event.kind == Kind::refused) refuse(event);
  stream_.consume(event.consumed);
  if (event.kind != Kind::need_more && event.kind != Kind::go_ahead && too_many_before_login())
    co_return;
  switch (event.kind) {
    case Kind::need_more: co_await await_input(); break;
    case Kind::go_ahead:
      stream_.put("+ Go ahead\r\n");
      co_await flush();
      break;
    case Kind::command: co_await obey_octets(); break;
    case Kind::message: co_await take_message(event.message_octets, event.synchronising); break;
    case Kind::refused: break;
  }
  if (end_ == End::open && stream_.unsent() > limits().replies_octets_max) co_await flush();
}

bool Session::too_many_before_login() {
  if (state_ != State::not_authenticated || end_ != End::open ||
      ++commands_before_login_ <= limits().commands_before_login_max)
    return false;
  bye("Too many commands before a login", End::limit);
  return true;
}

// What is waiting to be sent leaves before we wait for more.
Task<> Session::await_input() {
  co_await flush();
  if (end_ != End::open) co_return;
  stream_.set_timeout(limits().idle_timeout);
  stream_.set_deadline(state_ == State::not_authenticated ? login_by_ : Instant::max());
  Result<> more = co_await stream_.fill();
  if (!more) ended_by(more.error());
}

void Session::ended_by(const Error& error) {
  if (error.is(Error::Kind::timeout)) {
    bye("Nothing was said for too long", End::timeout);  // RFC 3501 §5.4
  } else if (error.is(Error::Kind::cancelled)) {
    bye("The server is shutting down", End::stopped);
  } else {
    end_ = End::closed;
  }
}

Task<> Session::obey_octets() {
  if (++since_yield_ >= kCommandsInARow) {
    since_yield_ = 0;
    co_await runtime::yield();
  }
  auto command = wi::parse_command(reader_.octets(), {.limits = limits().wire});
  if (!command) {
    const wi::Refused& refused = command.error();
    say(refused.tag, refused.no ? Reply::no(refused.text, refused.code)
                                : Reply::bad(refused.text, refused.code));
    co_return;
  }
  co_await obey(*std::move(command));
}

Task<> Session::obey(wi::Command command) {
  const Verb& verb = kVerbs[command.body.index()];
  using When = Verb::When;
  tag_ = std::move(command.tag);
  co_await opened();
  if (end_ != End::open) co_return;
  if (!co_await may_go_on()) co_return;
  turn_began_ = stream_.executor().now();
  Reply reply;
  if (verb.when == When::not_authenticated && state_ != State::not_authenticated) {
    reply = Reply::bad("You have logged in already");
  } else if ((verb.when == When::authenticated || verb.when == When::selected) &&
             state_ == State::not_authenticated) {
    reply = Reply::bad("Log in first");
  } else if (verb.when == When::selected && state_ != State::selected) {
    reply = Reply::bad("SELECT a mailbox first");
  } else {
    // What a command looks at is the present: flags of others, and new messages.
    if (verb.when == When::selected && verb.news != News::none) co_await announce(News::no_expunge);
    if (end_ != End::open || (verb.when == When::selected && !selected_)) co_return;
    reply = co_await verb.handler(*this, command.body);
  }
  if (end_ != End::open && reply.kind == Reply::Kind::later) co_return;
  if (selected_) {
    if (end_ == End::open && !idle_)
      co_await announce(by_uid(command.body) ? News::all : verb.news);
    if (selected_) selected_->told.reset();
  }
  if (end_ == End::open || end_ == End::logout) say(tag_, reply);
}

Task<bool> Session::may_go_on() {
  if (!user_) co_return true;
  auto standing = co_await server_.deps().logins.standing(account(), user_->principal.credential);
  if (standing == directory::Standing::good) co_return true;
  bye(farewell(standing), End::stopped);
  co_return false;
}

// APPEND, whose message comes now.
Task<> Session::take_message(std::uint64_t octets, bool synchronising) {
  pending_ = Pending{octets, synchronising};
  auto command = wi::parse_command(reader_.octets(), {.limits = limits().wire});
  if (!command) {
    const wi::Refused& refused = command.error();
    say(refused.tag, refused.no ? Reply::no(refused.text, refused.code)
                                : Reply::bad(refused.text, refused.code));
  } else {
    co_await obey(*std::move(command));
  }
  if (end_ != End::open || !pending_) co_return;
  // Nobody wanted it. RFC 7888 §4: what is not asked for and comes all the same is passed over.
  if (pending_->synchronising) {
    pending_.reset();
    reader_.message_refused();
  } else if (pending_->octets > limits().refused_octets_max) {
    bye("[TOOBIG] The message is too big to pass over", End::limit);
  } else {
    co_await receive(nullptr);
  }
}

void Session::refuse(const wi::CommandReader::Event& event) {
  say(event.tag, event.too_big ? Reply::no(event.text, code::kTooBig) : Reply::bad(event.text));
  if (event.fatal && end_ == End::open)
    bye("What follows cannot be told from commands", End::limit);
}

void Session::untagged(std::string_view text) {
  std::string& out = stream_.out();
  out += "* ";
  out += text;
  out += "\r\n";
}

void Session::say(std::string_view tag, const Reply& reply) {
  if (reply.kind == Reply::Kind::later) return;
  std::string& out = stream_.out();
  out += tag.empty() ? std::string_view("*") : tag;
  out += reply.kind == Reply::Kind::ok ? " OK " : reply.kind == Reply::Kind::no ? " NO " : " BAD ";
  if (!reply.code.empty()) {
    out += '[';
    out += reply.code;
    out += "] ";
  }
  out += reply.text;
  out += "\r\n";
  if (reply.kind == Reply::Kind::ok) errors_ = 0;
  if (reply.kind != Reply::Kind::bad || ++errors_ <= limits().errors_max || end_ != End::open)
    return;
  bye("Too many errors", End::limit);
}

// RFC 3501 §7.1.5.
void Session::bye(std::string_view text, End why) {
  end_ = why;
  stream_.put("* BYE ");
  stream_.put(text);
  stream_.put("\r\n");
}

Task<> Session::flush() {
  if (stream_.unsent() == 0) co_return;
  ++flushes_;
  stream_.set_timeout(limits().send_timeout);
  stream_.set_deadline(state_ == State::not_authenticated ? login_by_ : Instant::max());
  Result<> sent = co_await stream_.flush();
  if (sent) co_return;
  end_ = why_ended<End>(sent.error());
}

bool Session::due() {
  return stream_.unsent() > limits().replies_octets_max ||
         stream_.executor().now() - turn_began_ > kTurn;
}

Task<bool> Session::breathe() {
  if (stream_.unsent() > limits().replies_octets_max) co_await flush();
  if (end_ == End::open && stream_.executor().now() - turn_began_ > kTurn) {
    co_await runtime::yield();
    turn_began_ = stream_.executor().now();
  }
  co_return end_ == End::open;
}

void Session::trouble(std::string_view what, const Error& error) {
  server_.deps().events.emit({event::kTrouble,
                              {{"session", id_}, {"what", what}, {"error", describe(error)}},
                              Severity::error});
}

// RFC 5530 §3: UNAVAILABLE is for "a subsystem" that is down for now.
Reply Session::unavailable(std::string_view what, const Error& error) {
  trouble(what, error);
  if (error.is(Error::Kind::full))
    return Reply::no("The disk is full, try again later", code::kUnavailable);
  return Reply::no("This cannot be done now, try again later", code::kUnavailable);
}

bool Session::secure() const {
  return tls_ != nullptr || config().reception.cleartext.contain(stream_.peer().ip);
}

}  // namespace posta::server::imap

#include "server/smtp/session.h"

#include "base/text.h"
#include "runtime/task.h"
#include "server/session/begin_tls.h"
#include "server/session/doorway.h"
#include "server/smtp/events.h"
#include "wire/smtp/reply.h"

namespace posta::server::smtp {

namespace {

// Commands that one session may have obeyed before the others get their turn (house D6).
constexpr unsigned kCommandsInARow = 64;
// Octets of a bad line that its event shows.
constexpr std::size_t kLineShownMax = 120;

bool is_protocol_error(const Reply& said) {
  return (said.code >= 500 && said.code <= 504) || said.code == 555;
}

}  // namespace

std::string_view to_string(Session::End end) {
  switch (end) {
    case Session::End::open: return "open";
    case Session::End::quit: return "quit";
    case Session::End::closed: return "closed";
    case Session::End::timeout: return "timeout";
    case Session::End::stopped: return "stopped";
    case Session::End::limit: return "limit";
    case Session::End::protocol: return "protocol";
    case Session::End::tls: return "tls";
    case Session::End::turned_away: return "turned_away";
  }
  return "?";
}

Session::Session(SmtpServer& server, net::Stream& stream, std::string id, Typing typing)
    : server_(server),
      config_(server.config()),
      stream_(stream),
      id_(std::move(id)),
      trusted_(config().reception.trusted.contain(stream.peer().ip)),
      lines_(limits().wire, trusted_ && typing == Typing::where_trusted),
      life_end_(stream.executor().now() + limits().session_life_max) {
  allow_long_lines();
}

// RFC 4954 §4: the AUTH command with an initial response, and the responses, are longer than
// others; nothing else of a submission client comes before them.
void Session::allow_long_lines() {
  if (config().submission) lines_.set_line_octets_max(limits().wire.auth_line_octets_max);
}

Task<> Session::run() {
  Events& events = server_.deps().events;
  std::string peer = stream_.peer().ip.str();
  events.emit({event::kConnectionOpened,
               {{"session", id_}, {"service", config().reception.service}, {"peer", peer}}});
  if (config().reception.implicit_tls) co_await enter_tls();  // RFC 8314 §3.3
  if (end_ == End::open) co_await greet();
  while (end_ == End::open) {
    if (server_.deps().sessions.closing() && !transaction_) {
      last_word(reply::shutting_down, End::stopped);  // RFC 5321 §3.8
      break;
    }
    wire::smtp::Line line = lines_.next(stream_.input());
    if (line.kind == wire::smtp::Line::Kind::need_more) {
      stream_.consume(line.consumed);
      co_await await_line();
    } else {
      line_deadline_.reset();
      co_await take_line(line);
    }
  }
  forget_letter();
  if (end_ != End::closed)
    co_await linger(stream_, limits().linger, limits().linger_octets_max, end_ == End::quit);
  events.emit({event::kConnectionClosed,
               {{"session", id_},
                {"peer", peer},
                {"helo", helo_},
                {"why", to_string(end_)},
                {"letters", letters_},
                {"commands", commands_},
                {"errors", errors_}}});
}

// RFC 5321 §3.1: 220, or 554 and then nothing but QUIT. RFC 7504 §3: 521 may be followed by the
// end.
Task<> Session::greet() {
  std::optional<Reply> refused = co_await server_.deps().intake.connect(origin());
  if (!refused) {
    const Reception& reception = config().reception;
    say(reply::greeting.with(reception.host + " " + reception.banner));
  } else if (refused->permanent() && refused->code != 521) {
    state_ = State::refused;
    say(*refused);
  } else {
    last_word(*refused, End::turned_away);
  }
}

// RFC 2920 §3.2 (7): what is waiting to be sent leaves before we wait for more.
Task<> Session::await_line() {
  co_await flush();
  if (end_ != End::open) co_return;
  Instant now = stream_.executor().now();
  if (!line_deadline_) line_deadline_ = now + limits().command_timeout;
  stream_.set_timeout(limits().command_timeout);
  stream_.set_deadline(transaction_ ? *line_deadline_ : std::min(*line_deadline_, life_end_));
  Result<> more = co_await stream_.fill();
  if (!more) interrupted_by(more.error());
}

Task<> Session::take_line(const wire::smtp::Line& line) {
  if (++since_yield_ >= kCommandsInARow) {
    since_yield_ = 0;
    co_await runtime::yield();
  }
  if (line.kind != wire::smtp::Line::Kind::line) {
    stream_.consume(line.consumed);
    bad_line(line.kind);
    co_await flush();
    co_return;
  }
  auto command = wire::smtp::parse_command(
      line.text, {.strict = config().strict_syntax, .auth = config().submission});
  if (command) {
    stream_.consume(line.consumed);
    co_await obey(*command);
    co_return;
  }
  ++commands_;
  ++idle_commands_;
  std::string shown = printable(line.text.substr(0, kLineShownMax));
  stream_.consume(line.consumed);
  data_was_refused_ = false;
  conclude(command.error().reply, shown);
  // After a BDAT whose count we cannot read, data and commands look the same.
  if (command.error().desynchronised && end_ == End::open)
    last_word(reply::lost_step, End::protocol);
}

void Session::bad_line(wire::smtp::Line::Kind kind) {
  using Kind = wire::smtp::Line::Kind;
  ++commands_;
  ++idle_commands_;
  if (std::exchange(data_was_refused_, false)) return last_word(reply::lost_step, End::protocol);
  switch (kind) {
    case Kind::bare_lf: return conclude(reply::bare_lf_command, "a bare LF");
    case Kind::bad_octet: return conclude(reply::bad_octet, "a bare CR or NUL");
    case Kind::too_long: return conclude(reply::line_too_long, "a line too long");
    case Kind::mixed: return last_word(reply::mixed_line_ends, End::protocol);
    case Kind::endless: return last_word(reply::endless_line, End::limit);
    case Kind::line:
    case Kind::need_more: break;
  }
  CHECK(!"a line that is not bad");
}

Task<> Session::obey(Command& command) {
  const Verb& verb = verb_for(command);
  ++commands_;
  ++idle_commands_;
  bool is_unknown = std::holds_alternative<wire::smtp::Unknown>(command);
  bool is_data = std::holds_alternative<wire::smtp::Data>(command);
  // Until its 354 a DATA counts as refused; data() takes that back.
  bool after_refused_data = std::exchange(data_was_refused_, is_data);
  if (after_refused_data && is_unknown) co_return last_word(reply::lost_step, End::protocol);

  utf8_reply_ = false;
  Reply said;
  if (auto no = out_of_order(verb)) {
    // RFC 3030 §2: "MUST accept and discard the associated message data"
    auto* bdat = std::get_if<wire::smtp::Bdat>(&command);
    if (bdat && !co_await pass_over(bdat->octets)) co_return;
    said = std::move(*no);
  } else {
    said = co_await verb.handler(*this, command);
  }
  if (said.code == 0) co_return;  // the session has ended meanwhile, and its last word is said
  if (is_unknown) ++unrecognised_;
  conclude(said, verb.name);
  if (verb.flush != Flush::no || stream_.unsent() > limits().replies_octets_max) co_await flush();
}

std::optional<Reply> Session::out_of_order(const Verb& verb) const {
  if (state_ == State::refused && verb.name != "QUIT") return reply::bad_sequence;
  // RFC 3207 §4: 530 "to every command other than NOOP, EHLO, STARTTLS, or QUIT".
  if (config().tls_required && !tls_ && verb.pre_tls == PreTls::no) return reply::tls_required;
  // RFC 4954 §6: 530 to "any command other than AUTH, EHLO, HELO, NOOP, RSET, or QUIT".
  if (config().submission && !principal_ && verb.pre_auth == PreAuth::no)
    return secure() || !config().reception.tls ? reply::auth_required : reply::tls_required;
  switch (verb.needs) {
    case Needs::nothing: return std::nullopt;
    case Needs::no_letter:
      if (state_ == State::begun) return reply::hello_first;
      if (state_ != State::ready) return reply::nested_mail;
      return std::nullopt;
    case Needs::letter:
      if (state_ == State::begun) return reply::hello_first;
      if (state_ == State::ready) return reply::mail_first;
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Reply> Session::over_limit(const Reply& said) const {
  const Limits& max = limits();
  if (errors_ > max.errors_max) return reply::too_many_errors;
  if (unrecognised_ > max.unrecognised_max)
    return reply::too_many_errors.with("Too many unrecognised commands");
  // A letter that has recipients comes to its end (rcpt puts off the rest), and what was said of it
  // is heard.
  if (recipients_refused_ > max.recipients_refused_max && !said.positive() &&
      (!transaction_ || transaction_->recipients() == 0))
    return reply::too_many_errors.with("Too many refused recipients");
  if (failed_logins_ > max.logins_max) return reply::too_many_errors.with("Too many failed logins");
  if (idle_commands_ > max.commands_max) return reply::too_many_commands;
  return std::nullopt;
}

// The reply to a command: the one that it earned, or, if it crossed a limit of the session, 421.
void Session::conclude(const Reply& said, std::string_view about) {
  if (is_protocol_error(said)) {
    ++errors_;
    server_.deps().events.emit({event::kProtocolError,
                                {{"session", id_}, {"line", about}, {"reply", said.str()}},
                                Severity::debug});
  }
  if (end_ != End::open) return say(said);  // QUIT
  if (auto too_much = over_limit(said)) return last_word(*too_much, End::limit);
  if (said.code == 421) return last_word(said, End::turned_away);
  say(said);
}

void Session::say(const Reply& said) {
  wire::smtp::print_reply(stream_.out(), said, utf8_reply_);
}

void Session::last_word(const Reply& said, End why) {
  utf8_reply_ = false;
  say(said);
  end_ = why;
}

void Session::interrupted_by(const Error& error) {
  if (error.is(Error::Kind::timeout)) return last_word(reply::idle_timeout, End::timeout);
  if (error.is(Error::Kind::cancelled)) return last_word(reply::shutting_down, End::stopped);
  end_ = End::closed;
}

Task<> Session::flush() {
  if (stream_.unsent() == 0) co_return;
  const Instant now = stream_.executor().now();
  stream_.set_timeout(limits().command_timeout);
  // Whoever takes an octet at a time may do so to the end of the session's life. A letter that was
  // begun before is answered after it, too.
  bool answered = transaction_ || now >= life_end_;
  stream_.set_deadline(answered ? now + limits().command_timeout : life_end_);
  Result<> sent = co_await stream_.flush();
  if (sent) co_return;
  // A client that takes no replies gets none more.
  end_ = why_ended<End>(sent.error());
}

// --- the state

bool Session::begun_by_hand() const {
  return lines_.ends() == wire::smtp::LineEnds::bare_lf;
}

void Session::forget_letter() {
  transaction_.reset();
  chunks_.reset();
  pending_ = std::string();
  rcpt_tried_ = false;
  write_failed_ = false;
  if (state_ == State::letter || state_ == State::chunks) state_ = State::ready;
}

// RFC 5321 §4.1.4: an accepted EHLO resets "exactly as if a RSET command had been issued".
void Session::begin_hello(std::string name, bool extended) {
  forget_letter();
  helo_ = std::move(name);
  extended_ = extended;
  state_ = State::ready;
}

// The `with` word of Received (RFC 3848; with SMTPUTF8, RFC 6531 §4.3). There is none for HELO in
// TLS.
std::string Session::protocol(bool utf8) const {
  if (!extended_ && !utf8) return "SMTP";
  return std::string(utf8 ? "UTF8SMTP" : "ESMTP") + (tls_ ? "S" : "") + (principal_ ? "A" : "");
}

Origin Session::origin() const {
  Origin origin;
  origin.via = config().submission ? Origin::Via::submission : Origin::Via::smtp;
  if (principal_) origin.authenticated = principal_->account;
  origin.peer_hidden = config().submission && !config().disclose_peer;
  origin.session = id_;
  const net::IpAddress& ip = stream_.peer().ip;
  origin.peer = (ip.is_v6() ? "IPv6:" : "") + ip.str();
  origin.helo = helo_;
  origin.protocol = protocol(false);
  origin.tls = tls_words(tls_.get());
  origin.trusted = trusted_;
  origin.received = stream_.executor().wall();
  return origin;
}

}  // namespace posta::server::smtp

#include "mta/delivery/smtp_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace posta::mta {

namespace smtp = wire::smtp;

namespace {
constexpr int kGoodbye = 221;  // RFC 5321 §4.2.3

Outcome::Kind kind_of(const Reply& reply) {
  return reply.positive()    ? Outcome::Kind::delivered
         : reply.permanent() ? Outcome::Kind::failed
                             : Outcome::Kind::deferred;
}
}  // namespace

void SmtpSession::put(const smtp::Command& command) {
  stream_.put(smtp::to_string(command));
  stream_.put("\r\n");
}

Task<Result<Reply>> SmtpSession::ask(const smtp::Command& command, Duration timeout) {
  put(command);
  co_return co_await read_reply(timeout);
}

Task<Result<Reply>> SmtpSession::read_reply(Duration timeout) {
  auto reply = co_await next_reply(timeout);
  if (!reply && reply.error().is(Error::Kind::closed)) hears_ = false;
  co_return reply;
}

Task<Result<Reply>> SmtpSession::next_reply(Duration timeout) {
  stream_.set_timeout(timeout);
  if (stream_.unsent() > 0) CO_TRY_VOID(co_await stream_.flush());
  // The time is for the whole reply: a host that sends it octet by octet gets no more.
  Instant deadline = stream_.executor().now() + timeout;
  for (;;) {
    std::string_view input = stream_.input();
    std::size_t before = input.size();
    CO_TRY(bool whole, replies_.feed(input));
    stream_.consume(before - input.size());
    if (whole) {
      stream_.set_deadline(Instant::max());
      co_return replies_.take();
    }
    stream_.set_deadline(std::min(deadline, stop_at_));
    CO_TRY_VOID(co_await stream_.fill());
  }
}

void SmtpSession::stop(Duration grace) {
  // While the final dot is still here, the host has no letter.
  if (!critical_ || stream_.unsent() > 0) {
    stream_.interrupt();
    return;
  }
  stop_at_ = std::min(stop_at_, stream_.executor().now() + grace);
  stream_.nudge();
}

std::optional<Outcome> SmtpSession::unasked(const SmtpClientLimits& limits) {
  auto arrived = stream_.look();
  std::string_view input = stream_.input();
  if (!input.empty()) {
    std::size_t before = input.size();
    auto whole = replies_.feed(input);
    stream_.consume(before - input.size());
    if (whole && *whole && replies_.reply().code == kClosing)
      return host_outcome(*this, replies_.take(), limits);
    return our_outcome({451, {4, 5, 0}, host_text() + " spoke without being asked"});
  }
  if (arrived) return std::nullopt;
  hears_ = hears_ && !arrived.error().is(Error::Kind::closed);
  return our_outcome(broken_reply(arrived.error(), host_text(), "idle"));
}

Task<> SmtpSession::quit(Duration timeout) {
  // RFC 5321 §4.1.1.10: the reply is waited for, but nothing hangs on it. What is answered before
  // is passed over: a wire closed with unread octets on it is reset, and the QUIT may be lost.
  Instant until = stream_.executor().now() + timeout;
  auto reply = co_await ask(smtp::Quit{}, timeout);
  while (reply && reply->code != kGoodbye && stream_.executor().now() < until)
    reply = co_await read_reply(until - stream_.executor().now());
}

Reply broken_reply(const Error& error, const std::string& host, std::string_view doing) {
  switch (error.kind) {
    case Error::Kind::syntax:
    case Error::Kind::limit:
      return {451,
              {4, 5, 0},
              fmt::format("{} does not speak SMTP while {}: {}", host, doing, error.what)};
    case Error::Kind::timeout:
      return {451, {4, 4, 2}, fmt::format("{} did not answer in time while {}", host, doing)};
    case Error::Kind::cancelled: return {451, {4, 3, 2}, "posta ended before the letter was sent"};
    default: return {451, {4, 4, 2}, fmt::format("{} closed the connection while {}", host, doing)};
  }
}

Outcome our_outcome(Reply reply) {
  Outcome out;
  out.kind = kind_of(reply);
  out.reply = std::move(reply);
  return out;
}

Outcome host_outcome(const SmtpSession& session, Reply reply, const SmtpClientLimits& limits) {
  Outcome out;
  out.kind = kind_of(reply);
  out.reply = kept_reply(std::move(reply), limits);
  out.host = session.host().name;
  out.tls = session.tls();
  return out;
}

Reply kept_reply(Reply reply, const SmtpClientLimits& limits) {
  if (reply.status.cls != reply.code / 100) reply.status = {};
  std::string text;
  for (std::string_view line : split(reply.text, '\n')) {
    if (!text.empty()) text += '\n';
    text += printable(line);
  }
  if (!is_utf8(text))
    for (char& c : text)
      if (!is_ascii(static_cast<unsigned char>(c))) c = '?';
  if (text.size() > limits.reply_octets_kept_max) {
    std::size_t end = limits.reply_octets_kept_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    text += "...";
  }
  reply.text = std::move(text);
  return reply;
}

}  // namespace posta::mta

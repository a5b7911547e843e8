// cmd_append.cc: APPEND (RFC 3501 §6.3.11, RFC 4315 §3): a message into a mailbox.
//
//   append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
//
// What can be refused is refused before the message is sent. While it comes, its octets go to the
// store's body writer and through the digest builder; OK is said when it is durable.

#include <fmt/format.h>

#include "server/imap/line_ends.h"
#include "server/imap/session.h"
#include "wire/message/digest.h"

namespace posta::server::imap {

struct Session::Incoming {
  std::unique_ptr<store::BodyWriter> body;
  wire::message::DigestBuilder digest;
  LineEnds line_ends;
  std::string scratch;
  std::optional<Error> error;  // the rest is passed over

  Task<> take(std::string_view octets) {
    if (error) co_return;
    std::string_view kept = line_ends.take(octets, scratch);
    digest.feed(kept);
    if (auto written = co_await body->write(std::string(kept)); !written) error = written.error();
  }
};

Task<Reply> Session::append(wi::Append& command) {
  if (pending_->octets > limits().message_octets_max)
    co_return Reply::no("The message is too big", code::kTooBig);
  auto found = co_await mailboxes().find(account(), command.mailbox);
  if (!found) co_return unavailable("find", found.error());
  if (!*found) co_return Reply::no("There is no such mailbox", code::kTryCreate);
  auto limit = co_await quota();
  if (!limit) co_return unavailable("quota", limit.error());
  auto use = co_await mailboxes().use(account());
  if (!use) co_return unavailable("use", use.error());
  if ((limit->messages != 0 && use->messages >= limit->messages) ||
      (limit->octets != 0 && use->octets + pending_->octets > limit->octets))
    co_return Reply::no("The account has no room for this message", code::kOverQuota);
  if (server_.deps().store.short_of_disk())
    co_return Reply::no("The disk is full, try again later", code::kUnavailable);
  Incoming incoming{.body = server_.deps().store.new_body(),
                    .digest = wire::message::DigestBuilder(),
                    .line_ends = {},
                    .scratch = {},
                    .error = {}};
  if (!co_await receive(&incoming)) co_return Reply::later();
  if (incoming.line_ends.nul()) co_return Reply::bad("A literal has no NUL (RFC 3501 section 9)");
  if (incoming.error) co_return unavailable("write", *incoming.error);
  co_return co_await append_to(command, (*found)->id, incoming);
}

// The literal, whole, and the end of its line. False: there is nothing to answer any more.
Task<bool> Session::receive(Incoming* into) {
  std::uint64_t left = pending_->octets;
  if (std::exchange(pending_, std::nullopt)->synchronising) {
    stream_.put("+ Ready for the message\r\n");
    co_await flush();
  }
  while (end_ == End::open && left > 0) {
    std::string_view input = stream_.input().substr(0, left);
    if (!input.empty()) {
      if (into) co_await into->take(input);
      left -= input.size();
      stream_.consume(input.size());
      continue;
    }
    co_await flush();
    if (end_ != End::open) break;
    stream_.set_timeout(limits().message_timeout);
    stream_.set_deadline(Instant::max());
    Result<> more = co_await stream_.fill();
    if (!more) ended_by(more.error());
  }
  if (end_ != End::open) co_return false;
  if (into && !into->error) {
    std::string rest(into->line_ends.finish());
    into->digest.feed(rest);
    if (!rest.empty()) {
      auto written = co_await into->body->write(std::move(rest));
      if (!written) into->error = written.error();
    }
  }
  reader_.message_taken();
  co_return co_await end_of_append();
}

Task<bool> Session::end_of_append() {
  using Kind = wi::CommandReader::Kind;
  for (;;) {
    auto event = reader_.next(stream_.input());
    if (event.kind == Kind::refused) refuse(event);
    stream_.consume(event.consumed);
    if (event.kind == Kind::command) co_return true;
    if (event.kind == Kind::refused) co_return false;
    co_await await_input();
    if (end_ != End::open) co_return false;
  }
}

Task<Reply> Session::append_to(wi::Append& command, MailboxId target, Incoming& incoming) {
  wire::message::Digest digest = incoming.digest.finish();
  auto finished = co_await incoming.body->finish();
  if (!finished) co_return unavailable("write", finished.error());
  auto limit = co_await quota();
  if (!limit) co_return unavailable("quota", limit.error());
  mailbox::Arrival arrival;
  arrival.mailbox = target;
  arrival.digest = std::make_shared<const std::string>(wire::message::encode(digest));
  if (digest.message_id) arrival.thread_keys.push_back(digest.message_id);
  for (auto key : digest.in_reply_to) arrival.thread_keys.push_back(key);
  for (auto key : digest.references) arrival.thread_keys.push_back(key);
  arrival.internal_date = command.internal_date.value_or(stream_.executor().wall());
  arrival.flags.system = command.system;
  arrival.keywords = std::move(command.keywords);
  arrival.quota_octets = limit->octets;
  arrival.quota_messages = limit->messages;
  arrival.overshoot = false;
  auto appended =
      co_await mailboxes().append(account(), std::move(arrival), std::move(incoming.body));
  if (!appended) co_return unavailable("append", appended.error());
  switch (appended->first) {
    case mailbox::AppendCode::ok: break;
    case mailbox::AppendCode::over_quota:
      co_return Reply::no("The account has no room for this message", code::kOverQuota);
    case mailbox::AppendCode::no_mailbox:
      co_return Reply::no("There is no such mailbox", code::kTryCreate);
    case mailbox::AppendCode::no_head:
      co_return Reply::no("This cannot be done now, try again later", code::kUnavailable);
  }
  ++appended_;
  const mailbox::Appended& where = appended->second;
  co_return Reply::ok("Saved",
                      fmt::format("APPENDUID {} {}", where.uid_validity.value, where.uid.value));
}

}  // namespace posta::server::imap

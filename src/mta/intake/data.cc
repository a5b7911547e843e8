// data.cc: the message, and the promise (RFC 5321 §4.1.1.4).

#include "base/check.h"
#include "base/text.h"
#include "mta/intake/events.h"
#include "mta/intake/transaction.h"
#include "mta/seal/seal.h"
#include "wire/message/header.h"

namespace posta::mta {

namespace {

Reply local_error() {
  return {451, {4, 3, 0}, "Local error, try again later"};
}
Reply no_space() {
  return {452, {4, 3, 1}, "Insufficient system storage"};
}

Reply reply_for(const Error& error) {
  switch (error.kind) {
    case Error::Kind::full: return no_space();
    case Error::Kind::limit: return {552, {5, 3, 4}, "Message too big"};
    default: return local_error();
  }
}

// The Message-ID, for events: unfolded, cut, without its angle brackets.
std::string message_id(std::string_view header) {
  constexpr std::size_t kShownMax = 300;
  auto body = wire::message::find_field(header, "Message-ID");
  if (!body) return {};
  std::string id = wire::message::unfold(*body);
  if (id.starts_with('<') && id.ends_with('>')) id = id.substr(1, id.size() - 2);
  if (id.size() > kShownMax) id.resize(kShownMax);
  return id;
}

// The values of the Delivered-To fields of a header, for loop detection (inventory #168).
std::vector<std::string> delivered_to(std::string_view header) {
  constexpr std::string_view kName = "Delivered-To:";
  std::vector<std::string> out;
  while (!header.empty()) {
    auto end = header.find('\n');
    std::string_view line = header.substr(0, end);
    if (trim(line).empty()) break;
    if (starts_with_ignore_case(line, kName)) out.emplace_back(trim(line.substr(kName.size())));
    if (end == std::string_view::npos) break;
    header.remove_prefix(end + 1);
  }
  return out;
}

std::size_t received_fields(const wire::message::Digest& digest) {
  std::size_t count = 0;
  for (const auto& field : digest.fields) count += field.name == wire::message::FieldName::received;
  return count;
}

}  // namespace

Task<Reply> Transaction::data() {
  CHECK(!message_ && !letter_.envelope.recipients.empty());
  if (intake_.deps_.store.short_of_disk()) co_return no_space();
  message_ = std::make_unique<Message>();
  message_->body = intake_.deps_.store.new_body();
  std::string trace = received_field(letter_, intake_.config_.host);
  message_->digest.feed(trace);
  auto written = co_await message_->body->write(std::move(trace));
  if (!written) {
    Reply reply = reply_for(written.error());
    message_.reset();
    co_return reply;
  }
  co_return Reply(354, "End data with <CR><LF>.<CR><LF>");
}

Task<Result<>> Transaction::write(std::string octets) {
  CHECK(message_);
  if (message_->error) co_return Failure(*message_->error);
  message_->octets += octets.size();
  if (message_->octets > intake_.config_.limits.message_octets_max) {
    message_->error = Error{Error::Kind::limit, "the message is too big"};
    co_return Failure(*message_->error);
  }
  if (message_->header.size() < Message::kHeaderKept)
    message_->header.append(octets, 0, Message::kHeaderKept - message_->header.size());
  message_->digest.feed(octets);
  auto written = co_await message_->body->write(std::move(octets));
  if (!written) message_->error = written.error();
  co_return written;
}

Task<Reply> Transaction::finish(MessageFaults faults) {
  CHECK(message_);
  std::unique_ptr<Message> message = std::move(message_);
  Reply reply = co_await admit(*message, faults);
  if (!reply.positive()) events::letter_refused(intake_.deps_.events, letter_, reply);
  co_return reply;
}

Task<Reply> Transaction::admit(Message& message, MessageFaults faults) {
  if (faults.aborted) co_return Reply(554, {5, 5, 0}, "Message incomplete");
  // RFC 1870 §6.3: over the limit, said after the end of the data.
  if (faults.too_big) co_return Reply(552, {5, 3, 4}, "Message too big");
  // RFC 5321 §2.3.8: CR and LF only together. What a lone one might hide is never looked at.
  if (faults.bare_line_ends)
    co_return Reply(550, {5, 6, 0}, "Message has a bare CR or LF; lines end in CR LF");
  if (message.error) co_return reply_for(*message.error);

  wire::message::Digest digest = message.digest.finish();
  // RFC 5321 §6.3: simple counting of Received fields; ours is the first.
  if (received_fields(digest) > intake_.config_.limits.received_fields_max + 1)
    co_return Reply(554, {5, 4, 6}, "Too many hops: this message is in a loop");
  auto finished = co_await message.body->finish();
  if (!finished) co_return reply_for(finished.error());

  mta::Message sealed;
  sealed.body = std::move(message.body);
  sealed.digest = std::make_shared<const std::string>(wire::message::encode(digest));
  if (digest.message_id) sealed.thread_keys.push_back(digest.message_id);
  for (auto key : digest.in_reply_to) sealed.thread_keys.push_back(key);
  for (auto key : digest.references) sealed.thread_keys.push_back(key);
  sealed.delivered_to = delivered_to(message.header);

  auto admitted = co_await intake_.deps_.queue.admit(letter_, std::move(sealed));
  // A command hands a letter in until it has been told that it is there: once is enough.
  if (!admitted && admitted.error().is(Error::Kind::conflict) && !letter_.origin.submission.empty())
    co_return Reply(250, {2, 0, 0}, "Ok: taken before");
  if (!admitted) co_return reply_for(admitted.error());
  // The promise: the letter is on stable storage.
  events::letter_accepted(intake_.deps_.events, letter_, message.octets,
                          message_id(message.header));
  co_return Reply(250, {2, 0, 0}, "Ok: queued as " + to_string(letter_.id));
}

}  // namespace posta::mta

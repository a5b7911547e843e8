// data.cc: the message, and the promise (RFC 5321 §4.1.1.4).

#include "base/check.h"
#include "base/text.h"
#include "mta/intake/events.h"
#include "mta/intake/transaction.h"
#include "mta/seal/seal.h"
#include "wire/message/date.h"
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

std::optional<Reply> refused_by_all(Admitted& admitted) {
  for (const auto& one : admitted.each)
    if (one.outcome.kind != Outcome::Kind::failed) return std::nullopt;
  return admitted.each.front().outcome.reply;
}

}  // namespace

Task<Reply> Transaction::data() {
  CHECK(!message_ && !letter_.envelope.recipients.empty());
  if (intake_.deps_.store.short_of_disk()) co_return no_space();
  message_ = std::make_unique<Message>(intake_.digests_);
  message_->body = intake_.deps_.store.new_body();
  if (letter_.origin.via == Origin::Via::submission) {
    wire::message::Date now;
    now.seconds = std::chrono::floor<std::chrono::seconds>(letter_.origin.received)
                      .time_since_epoch()
                      .count();
    message_->submission.emplace(SubmissionHeader::Stamp{wire::message::print_date(now),
                                                         "<" + to_string(letter_.id) + "@" +
                                                             intake_.config().host.str() + ">"},
                                 intake_.config().submission.header_octets_max);
  }
  std::string trace = received_field(letter_, intake_.config().host);
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
  if (message_->octets > intake_.config().limits.message_octets_max) {
    message_->error = Error{Error::Kind::limit, "the message is too big"};
    co_return Failure(*message_->error);
  }
  if (message_->submission) {
    auto fit = message_->submission->take(std::move(octets));
    if (!fit) {
      message_->header_too_long = true;
      message_->error = fit.error();
      co_return Failure(std::move(fit).error());
    }
    octets = *std::move(fit);
  }
  // Said or not: the next host must be told (RFC 6152 §3).
  if (!letter_.envelope.eight_bit) letter_.envelope.eight_bit = !all_ascii(octets);
  co_return co_await message_->keep(std::move(octets));
}

// Into the body, the digest, and what is kept of the header.
Task<Result<>> Transaction::Message::keep(std::string fit) {
  if (fit.empty()) co_return Result<>();
  if (header.size() < kHeaderKept) header.append(fit, 0, kHeaderKept - header.size());
  digest.feed(fit);
  if (!share.grow_to(digest.memory())) {
    error = Error{Error::Kind::unavailable, "too many messages of a large structure at one time"};
    co_return Failure(*error);
  }
  auto written = co_await body->write(std::move(fit));
  if (!written) error = written.error();
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
  if (message.header_too_long) co_return Reply(552, {5, 3, 4}, "Message header too long");
  if (message.error) co_return reply_for(*message.error);
  if (message.submission) {
    auto kept = co_await message.keep(message.submission->finish());
    if (!kept) co_return reply_for(kept.error());
    if (auto refused = co_await intake_.judge_header(letter_, message.submission->found()))
      co_return *std::move(refused);
  }

  wire::message::Digest digest = message.digest.finish();
  // RFC 5321 §6.3: simple counting of Received fields; ours is the first.
  if (received_fields(digest) > intake_.config().limits.received_fields_max + 1)
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

  // Told before whatever follows from it: delivery may be faster than we are.
  auto durable = [&] {
    events::letter_accepted(intake_.deps_.events, letter_, message.octets,
                            message_id(message.header));
  };
  auto admitted = co_await intake_.deps_.queue.admit(letter_, std::move(sealed), durable);
  // A command hands a letter in until it has been told that it is there: once is enough.
  if (!admitted && admitted.error().is(Error::Kind::conflict) && !letter_.origin.submission.empty())
    co_return Reply(250, {2, 0, 0}, "Ok: taken before");
  if (!admitted) co_return reply_for(admitted.error());
  if (auto refused = refused_by_all(*admitted)) co_return *std::move(refused);
  if (claim_) {
    runtime::Executor& executor = co_await runtime::this_executor();
    claim_->spend(executor.wall());
  }
  // The promise: the letter is on stable storage.
  co_return Reply(250, {2, 0, 0}, "Ok: queued as " + to_string(letter_.id));
}

}  // namespace posta::mta

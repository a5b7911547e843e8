// report.cc: telling the sender what could not be delivered, or not yet (RFC 3464, RFC 6522).
//
// A report is offspring: made before the batch that settles its recipients and owed with that
// batch, so it is neither lost nor doubled by a crash. Its own sender is null (RFC 5321 §6.1), and
// a letter whose sender is null has no report.

#include <algorithm>

#include "base/text.h"
#include "mta/queue/events.h"
#include "mta/queue/schedule.h"
#include "mta/queue/settle.h"
#include "wire/message/digest.h"
#include "wire/message/report.h"

namespace posta::mta {

namespace {

namespace wm = wire::message;

constexpr std::uint64_t kHeaderOctetsMax = 16 * 1024;  // of the letter's header, in the report

wm::Date date_of(WallTime time) {
  wm::Date date;
  date.seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return date;
}

wm::RecipientReport describe(const auto& item, const Letter& about, const QueueLimits& limits,
                             WallTime now) {
  const OwedRecipient& owed = item.owed;
  const Reply& reply = item.outcome->reply;
  wm::RecipientReport report;
  report.final_recipient = owed.recipient.address.str();
  // RFC 3464 §3: "MTAs and gateways MUST NOT generate the Original-Recipient field of a DSN unless
  // the mail transfer protocol provides the address originally specified by the sender". DSN is not
  // offered, so nobody says ORCPT; people read whom the sender wrote to.
  report.written_to = owed.recipient.original;
  using Action = wm::RecipientReport::Action;
  report.action = item.late ? Action::delayed : Action::failed;
  // RFC 3463 §2: what is still tried has class 4, even if a host refused us for good.
  const bool fits = reply.status && (!item.late || reply.status.cls == 4);
  report.status = fits ? reply.status.str() : item.late ? "4.0.0" : "5.0.0";
  report.diagnostic = reply.str();
  report.remote_mta = item.outcome->host;
  // Who was tried for too long: the last word of the other side is the reason. Whatever else is
  // ours to say has nothing to do with it.
  if (item.expired && !owed.last_host.empty()) {
    report.remote_mta = owed.last_host;
    report.diagnostic = owed.last_reply.str();
  }
  report.last_attempt = date_of(now);
  if (item.late) report.will_retry_until = date_of(about.origin.received + limits.life_max);
  return report;
}

}  // namespace

Task<Result<>> Queue::report(Settlement& settlement) {
  runtime::Executor& executor = co_await runtime::this_executor();
  const Letter& about = settlement.letter();
  WallTime now = executor.wall();
  wm::DeliveryReport report;
  for (const auto& item : settlement.items())
    if (item.late || (item.outcome && item.outcome->kind == Outcome::Kind::failed))
      report.recipients.push_back(describe(item, about, config_.limits, now));
  if (report.recipients.empty()) co_return Result<>();
  if (!about.envelope.from) {
    events::report_dropped(deps_.events, about.id);
    co_return Result<>();
  }
  const store::BodyRef& body = settlement.message().body;
  auto octets = co_await deps_.store.read_body(body, 0, std::min(body.size, kHeaderOctetsMax));
  if (!octets) co_return Failure(std::move(octets).error());
  auto header_end = octets->find("\r\n\r\n");
  if (header_end != std::string::npos) octets->resize(header_end + 2);

  QueuedLetter offspring;
  offspring.letter.id = new_id(executor);
  offspring.letter.origin.via = Origin::Via::internal;
  offspring.letter.origin.received = now;
  offspring.letter.envelope.smtputf8 = about.envelope.smtputf8;
  report.from = {"Mail Delivery System", "mailer-daemon@" + config_.host.str()};
  report.to = about.envelope.from->str();
  report.date = date_of(now);
  report.message_id = to_string(offspring.letter.id) + "@" + config_.host.str();
  report.reporting_mta = config_.host.str();
  report.arrival = date_of(about.origin.received);
  report.original_header = *std::move(octets);

  std::string message = wm::build(report);
  wm::Digest digest = wm::digest_of(message);
  offspring.letter.envelope.eight_bit = !all_ascii(message);
  auto writer = deps_.store.new_body();
  CO_TRY_VOID(co_await writer->write(std::move(message)));
  CO_TRY_VOID(co_await writer->finish());
  offspring.message.body = writer->ref();
  offspring.message.digest = std::make_shared<const std::string>(wm::encode(digest));
  if (digest.message_id) offspring.message.thread_keys.push_back(digest.message_id);
  OwedRecipient& to = offspring.owed.emplace_back();
  to.recipient = {*about.envelope.from, about.envelope.from->str()};
  to.next_attempt = now;
  settlement.carry(std::move(writer));
  settlement.add_offspring(std::move(offspring));
  co_return Result<>();
}

}  // namespace posta::mta

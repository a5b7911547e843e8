// rcpt.cc: may this recipient have the letter? (RFC 5321 §4.1.1.3)
//
// The recipient is judged here and not after DATA: a bad address then costs one line instead of one
// message, and we never owe a bounce for it.

#include <algorithm>

#include "base/bytes.h"
#include "mta/intake/events.h"
#include "mta/intake/intake.h"

namespace posta::mta {

namespace {

Reply recipient_ok() {
  return {250, {2, 1, 5}, "Recipient ok"};
}
Reply try_later() {
  return {451, {4, 3, 0}, "Cannot look up this address now"};
}

// C/full/<account>: since when the mailbox is full, and when that was last seen. It goes when a
// sender finds room; a mailbox that nobody found full for a day has had room meanwhile.
struct Full {
  WallTime since;
  WallTime seen;

  static constexpr std::chrono::hours kForgetAfter{24};
  static constexpr std::chrono::hours kNoteEvery{1};

  static std::string key(AccountId account) {
    std::string out = "C/full/";
    put_be64(out, account.value);
    return out;
  }
  static std::optional<Full> decode(std::string_view record) {
    Reader in(record);
    if (in.octet() != 1) return std::nullopt;
    Full out{WallTime(std::chrono::milliseconds(in.signed_number())),
             WallTime(std::chrono::milliseconds(in.signed_number()))};
    if (!in.done()) return std::nullopt;
    return out;
  }
  std::string encode() const {
    Writer out(1);
    out.signed_number(since.time_since_epoch().count());
    out.signed_number(seen.time_since_epoch().count());
    return out.take();
  }
};

}  // namespace

// Nothing while there is room. A mailbox that has been full for longer than the grace is refused
// for good: its sender should learn of it.
Task<std::optional<Reply>> Intake::over_quota(const directory::Account& account, WallTime now) {
  const directory::Quota& quota = account.quota;
  if (quota.octets == 0 && quota.messages == 0) co_return std::nullopt;
  auto use = co_await deps_.mailboxes.use(account.id);
  if (!use) co_return try_later();
  bool full = (quota.octets && use->octets >= quota.octets) ||
              (quota.messages && use->messages >= quota.messages);
  std::string key = Full::key(account.id);
  auto record = co_await deps_.store.snapshot()->get(key);
  if (!record) co_return try_later();
  if (!full) {
    if (*record) {
      store::Batch batch;
      batch.erase(std::move(key));
      deps_.store.commit_relaxed(std::move(batch));
    }
    co_return std::nullopt;
  }
  auto known = *record ? Full::decode(**record) : std::nullopt;
  bool fresh = !known || now - known->seen > Full::kForgetAfter;
  Full note = fresh ? Full{now, now} : Full{known->since, now};
  if (fresh || now - known->seen > Full::kNoteEvery) {
    store::Batch batch;
    batch.put(std::move(key), note.encode());
    deps_.store.commit_relaxed(std::move(batch));
  }
  if (now - note.since > config().limits.over_quota_grace)
    co_return Reply(550, {5, 2, 2}, "Mailbox has been full for days");
  co_return Reply(452, {4, 2, 2}, "Mailbox full");
}

// Never an open relay: a foreign address is for those who have proved who they are.
Task<Reply> Intake::judge_foreign(const Origin& origin, const Address& address) {
  if (!origin.authenticated) {
    auto system = co_await deps_.directory.system();
    // Nobody's domain is ours: this is a server that is not ready, and no reason to lose mail.
    if (!system || system->default_domain.empty())
      co_return Reply(451, {4, 3, 0}, "This server has no domain yet, try again later");
    co_return Reply(550, {5, 7, 1}, "Relaying denied");
  }
  // RFC 6409 §4.2: "The MSA MUST ensure that all domains in the SMTP envelope are fully
  // qualified."
  const std::string& domain = address.domain.str();
  if (!address.domain.is_literal() && domain.find('.') == std::string::npos)
    co_return Reply(554, {5, 1, 2}, "The domain " + domain + " is not fully qualified");
  co_return recipient_ok();
}

Task<Result<Address>> Intake::qualified(Address address) {
  if (!address.domain.empty()) co_return address;
  CO_TRY(auto system, co_await deps_.directory.system());
  address.domain = system.default_domain.empty() ? config().host : system.default_domain;
  co_return address;
}

Task<Reply> Intake::judge(const Origin& origin, const Address& address, WallTime now) {
  auto entry = co_await deps_.directory.look_up(address);
  if (!entry) co_return try_later();
  if (std::holds_alternative<directory::NotLocal>(*entry))
    co_return co_await judge_foreign(origin, address);
  auto destinations = co_await deps_.router.resolve(address);
  if (!destinations) co_return try_later();
  std::optional<Reply> refusal;
  for (const Destination& destination : *destinations) {
    if (const auto* local = std::get_if<LocalRoute>(&destination.route)) {
      // RFC 5321 §4.5.1: postmaster is always accepted.
      if (directory::is_role(address.local)) co_return recipient_ok();
      auto full = co_await over_quota(local->account, now);
      if (!full) co_return recipient_ok();  // one place that takes it is enough
      refusal = std::move(full);
    } else if (const auto* none = std::get_if<NoRoute>(&destination.route)) {
      if (!refusal) refusal = none->reply;  // "full" may pass: it goes before
    } else {                                // an alias that leads abroad
      if (!config().announce_forward || destinations->size() > 1) co_return recipient_ok();
      co_return Reply(251, {2, 1, 5},
                      "User not local; will forward to <" + destination.address.str() + ">");
    }
  }
  constexpr Status kUnknown{5, 1, 1};
  if (config().defer_unknown && refusal->status == kUnknown)
    co_return Reply(450, {4, 1, 1}, std::move(refusal->text));
  co_return std::move(*refusal);
}

Task<Reply> Intake::verify(Origin origin, Address address) {
  runtime::Executor& executor = co_await runtime::this_executor();
  // RFC 5321 §7.3: who is not trusted learns nothing.
  if (!origin.trusted && !origin.authenticated)
    co_return Reply(252, {2, 5, 0}, "Cannot VRFY user, but will take a message for it");
  auto whole = co_await qualified(std::move(address));
  if (!whole) co_return try_later();
  address = *std::move(whole);
  Reply judged = co_await judge(origin, address, executor.wall());
  // RFC 5321 §3.5.3: 252 where only another host could say.
  if (judged.positive() && origin.authenticated) {
    auto entry = co_await deps_.directory.look_up(address);
    if (!entry) co_return try_later();
    if (std::holds_alternative<directory::NotLocal>(*entry))
      co_return Reply(252, {2, 5, 0}, "Cannot VRFY user, but will take a message for it");
  }
  if (judged.positive()) judged.text = "<" + address.str() + ">";
  co_return judged;
}

Task<Reply> Transaction::rcpt(Address address, std::string original) {
  runtime::Executor& executor = co_await runtime::this_executor();
  auto& recipients = letter_.envelope.recipients;
  // RFC 5321 §4.5.3.1.10: 452, not 552.
  if (recipients.size() >= intake_.config().limits.recipients_max)
    co_return Reply(452, {4, 5, 3}, "Too many recipients");
  if (!address.is_ascii() && !letter_.envelope.smtputf8)  // RFC 6531 §3.4
    co_return Reply(553, {5, 6, 7}, "This address needs SMTPUTF8");
  auto whole = co_await intake_.qualified(std::move(address));
  if (!whole) co_return try_later();
  address = *std::move(whole);
  Reply judged = co_await intake_.judge(letter_.origin, address, executor.wall());
  if (!judged.positive()) {
    events::recipient_refused(intake_.deps_.events, letter_, address, judged);
    co_return judged;
  }
  bool known =
      std::ranges::any_of(recipients, [&](const Recipient& r) { return r.address == address; });
  if (!known && claim_) {
    if (auto too_many = co_await claim_->add_recipient(address)) {
      events::recipient_refused(intake_.deps_.events, letter_, address, *too_many);
      co_return *std::move(too_many);
    }
  }
  if (!known) recipients.push_back({std::move(address), std::move(original)});
  co_return judged;
}

}  // namespace posta::mta

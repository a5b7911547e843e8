#include "mta/intake/allowance.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "wire/message/date.h"
#include "wire/sasl/hash.h"

namespace posta::mta {

namespace {

constexpr std::chrono::hours kHour{1};
constexpr std::chrono::hours kDay{24};
constexpr std::size_t kDigestOctets = 16;

std::string spent_key(AccountId account) {
  std::string key = "C/sent/";
  put_be64(key, account.value);
  return key;
}

std::string digest_of(const Address& address) {
  return wire::sasl::digest(wire::sasl::Hash::sha_256, to_lower(address.str()))
      .substr(0, kDigestOctets);
}

std::string known_key(AccountId account, std::string_view digest) {
  std::string key = "C/known/";
  put_be64(key, account.value);
  put_be16(key, static_cast<std::uint16_t>(get_be16(digest) % Allowance::kSlots));
  return key;
}

std::string known_value(std::string_view digest) {
  return Writer(1).raw(digest).take();
}

std::string until_text(WallTime until) {
  wire::message::Date date;
  date.seconds = std::chrono::ceil<std::chrono::seconds>(until).time_since_epoch().count();
  return wire::message::print_date(date);
}

// A clock that was set back must not lock anybody out for longer.
bool over(WallTime since, std::chrono::hours window, WallTime now) {
  return since > now || now - since >= window;
}

}  // namespace

std::string Allowance::encode(const Spent& spent) {
  Writer out(1);
  out.signed_number(spent.hour.time_since_epoch().count()).number(spent.letters);
  out.signed_number(spent.day.time_since_epoch().count()).number(spent.recipients);
  out.number(spent.new_recipients);
  return out.take();
}

std::optional<Allowance::Spent> Allowance::decode(std::string_view record) {
  Reader in(record);
  if (in.octet() != 1) return std::nullopt;
  Spent out;
  out.hour = WallTime(std::chrono::milliseconds(in.signed_number()));
  out.letters = in.number();
  out.day = WallTime(std::chrono::milliseconds(in.signed_number()));
  out.recipients = in.number();
  out.new_recipients = in.number();
  if (!in.done()) return std::nullopt;
  return out;
}

void Allowance::forget(store::Batch& batch, AccountId account) {
  std::string known = "C/known/";
  put_be64(known, account.value);
  batch.erase(spent_key(account)).erase_range(store::Range::prefix(known));
}

void Allowance::forget_oldest() {
  for (auto place = order_.end(); accounts_.size() > kAccountsKept && place != order_.begin();) {
    --place;
    auto found = accounts_.find(*place);
    if (found->second.claims > 0) continue;
    accounts_.erase(found);
    place = order_.erase(place);
  }
}

// Windows that are over begin anew.
Allowance::Account& Allowance::find(AccountId id, WallTime now) {
  auto found = accounts_.find(id);
  CHECK(found != accounts_.end());
  Spent& spent = found->second.spent;
  if (over(spent.hour, kHour, now)) {
    spent.hour = now;
    spent.letters = 0;
  }
  if (over(spent.day, kDay, now)) {
    spent.day = now;
    spent.recipients = spent.new_recipients = 0;
  }
  return found->second;
}

void Allowance::crossed(AccountId account, const std::string& session, std::string_view limit,
                        std::uint64_t most, WallTime until) {
  events_.emit({"intake.submission.limited",
                {{"session", session},
                 {"account", account.value},
                 {"limit", limit},
                 {"most", most},
                 {"until", until_text(until)}},
                Severity::warning});
}

Task<Result<Allowance::Begun>> Allowance::begin_letter(AccountId id, AllowanceLimits limits,
                                                       std::string session) {
  runtime::Executor& executor = co_await runtime::this_executor();
  bool known;
  {
    std::lock_guard lock(mutex_);
    known = accounts_.contains(id);
  }
  std::optional<Spent> stored;
  if (!known) {
    CO_TRY(auto record, co_await store_.snapshot()->get(spent_key(id)));
    if (record) stored = decode(*record);
  }
  WallTime now = executor.wall();
  Begun begun;
  WallTime until;
  {
    std::lock_guard lock(mutex_);
    auto [place, fresh] = accounts_.try_emplace(id);
    if (fresh) {
      if (stored) place->second.spent = *stored;
      order_.push_front(id);
      place->second.place = order_.begin();
    } else {
      order_.splice(order_.begin(), order_, place->second.place);
    }
    Account& account = find(id, now);
    if (limits.letters_per_hour == 0 ||
        account.spent.letters + account.letters < limits.letters_per_hour) {
      begun.claim = std::make_unique<Claim>(*this, id, limits, session);
      begun.claim->letters_ = 1;
      ++account.letters;
      ++account.claims;
    }
    until = account.spent.hour + kHour;
    forget_oldest();
  }
  if (!begun.claim) {
    crossed(id, session, "letters_per_hour", limits.letters_per_hour, until);
    begun.refused = Reply(450, {4, 7, 0},
                          fmt::format("No more than {} letters an hour; again from {}",
                                      limits.letters_per_hour, until_text(until)));
  }
  co_return begun;
}

Task<std::optional<Reply>> Allowance::Claim::add_recipient(Address to) {
  runtime::Executor& executor = co_await runtime::this_executor();
  const AllowanceLimits& most = limits_;
  std::string digest = digest_of(to);
  auto record = co_await allowance_.store_.snapshot()->get(known_key(account_, digest));
  if (!record) co_return Reply(451, {4, 3, 0}, "Cannot look up this address now");
  const bool is_new = *record != known_value(digest);
  WallTime now = executor.wall();
  std::string_view limit;
  WallTime until;
  {
    std::lock_guard lock(allowance_.mutex_);
    Account& account = allowance_.find(account_, now);
    until = account.spent.day + kDay;
    if (most.recipients_per_day != 0 &&
        account.spent.recipients + account.recipients >= most.recipients_per_day) {
      limit = "recipients_per_day";
    } else if (is_new && most.new_recipients_per_day != 0 &&
               account.spent.new_recipients + account.new_recipients >=
                   most.new_recipients_per_day) {
      limit = "new_recipients_per_day";
    } else {
      ++account.recipients;
      ++recipients_;
      account.new_recipients += is_new;
      new_recipients_ += is_new;
      if (is_new) new_digests_.push_back(std::move(digest));
    }
  }
  if (limit.empty()) co_return std::nullopt;
  const bool all = limit == "recipients_per_day";
  const std::uint64_t number = all ? most.recipients_per_day : most.new_recipients_per_day;
  allowance_.crossed(account_, session_, limit, number, until);
  co_return Reply(452, {4, 7, 0},
                  fmt::format("No more than {} {}recipients a day; again from {}", number,
                              all ? "" : "new ", until_text(until)));
}

void Allowance::Claim::spend(WallTime now) {
  store::Batch batch;
  {
    std::lock_guard lock(allowance_.mutex_);
    Account& account = allowance_.find(account_, now);
    account.spent.letters += letters_;
    account.spent.recipients += recipients_;
    account.spent.new_recipients += new_recipients_;
    account.letters -= std::exchange(letters_, 0);
    account.recipients -= std::exchange(recipients_, 0);
    account.new_recipients -= std::exchange(new_recipients_, 0);
    batch.put(spent_key(account_), encode(account.spent));
  }
  for (const std::string& digest : new_digests_) {
    batch.put(known_key(account_, digest), known_value(digest));
  }
  new_digests_.clear();
  allowance_.store_.commit_relaxed(std::move(batch));
}

Allowance::Claim::~Claim() {
  std::lock_guard lock(allowance_.mutex_);
  auto found = allowance_.accounts_.find(account_);
  CHECK(found != allowance_.accounts_.end());
  Account& account = found->second;
  account.letters -= letters_;
  account.recipients -= recipients_;
  account.new_recipients -= new_recipients_;
  --account.claims;
}

}  // namespace posta::mta

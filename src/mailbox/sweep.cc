// sweep.cc: the end of retention, of removals that a crash cut short, and of old `gone` records.
#include <algorithm>
#include <map>

#include "base/check.h"
#include "mailbox/copies.h"
#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

constexpr std::size_t kSweepPiece = 4;    // records of up to 256 e-mails in one batch
constexpr std::size_t kTrimPiece = 1024;  // gone records in one batch

// A piece of the sweep: what its batch takes away.
struct Swept {
  store::Batch batch;
  std::uint64_t messages = 0;
  Octets octets = 0;
  std::map<EmailId, std::uint64_t> places;  // expunged rows that go, of each e-mail
};

Task<Result<>> take_expunged(std::shared_ptr<const store::Snapshot> snapshot, AccountId account,
                             WallTime before, Swept& swept) {
  auto range = keys::expunged_before(account, before);
  auto scanned = co_await snapshot->scan(std::move(range), kSweepPiece);
  CO_TRY(auto records, std::move(scanned));
  for (auto& [key, value] : records) {
    if (!keys::is(key, keys::Kind::expunged))
      co_return corrupt("the key of expunged messages is malformed");
    CO_TRY(auto expunged, decode_expunged(keys::expunged_page_of(key), value));
    for (std::uint32_t row = 0; row < expunged.rows->rows(); ++row) {
      MessageState state = expunged.rows->at(row);
      swept.places[state.email] += 1;
      swept.messages += 1;
      swept.octets += state.size;
    }
    swept.batch.require_value(key, store::digest_of(value));
    swept.batch.erase(std::move(key));
  }
  co_return Result<>{};
}

// Lowers the counts of copies; what remains in `swept.places` are the e-mails that go. An e-mail
// without a record of copies has no place but the expunged row, so nobody can copy it meanwhile.
Task<Result<>> take_copies(std::shared_ptr<const store::Snapshot> snapshot, AccountId account,
                           Swept& swept) {
  std::vector<std::uint64_t> pages;
  std::vector<std::string> wanted;
  for (const auto& [email, places] : swept.places) {
    if (!pages.empty() && pages.back() == copies_page_of(email)) continue;
    pages.push_back(copies_page_of(email));
    wanted.push_back(keys::copies(account, pages.back()));
  }
  auto got = co_await snapshot->multi_get(std::move(wanted));
  CO_TRY(auto values, std::move(got));
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (!values[i]) continue;
    CO_TRY(auto copies, Copies::decode(*values[i]));
    bool changed = false;
    auto place = swept.places.lower_bound(EmailId(pages[i] << kPageShift));
    while (place != swept.places.end() && copies_page_of(place->first) == pages[i]) {
      for (; place->second > 0 && copies.more(place->first) > 0; --place->second) {
        copies.take_one(place->first);
        changed = true;
      }
      place = place->second == 0 ? swept.places.erase(place) : std::next(place);
    }
    if (!changed) continue;
    std::string key = keys::copies(account, pages[i]);
    swept.batch.require_value(key, store::digest_of(*values[i]));
    if (copies.none())
      swept.batch.erase(std::move(key));
    else
      swept.batch.put(std::move(key), copies.encode());
  }
  co_return Result<>{};
}

Task<Result<Swept>> sweep_piece(std::shared_ptr<const store::Snapshot> snapshot, AccountId account,
                                WallTime before) {
  Swept swept;
  CO_TRY_VOID(co_await take_expunged(snapshot, account, before, swept));
  CO_TRY_VOID(co_await take_copies(snapshot, account, swept));
  std::vector<std::string> wanted;
  for (const auto& [email, places] : swept.places) {
    if (places != 1) co_return corrupt("an e-mail has more places than its record of copies says");
    wanted.push_back(keys::email(account, email));
  }
  auto got = co_await snapshot->multi_get(std::move(wanted));
  CO_TRY(auto values, std::move(got));
  auto value = values.begin();
  for (const auto& [email, places] : swept.places) {
    if (!*value) co_return corrupt("an expunged e-mail has no record");
    CO_TRY(auto record, decode_email(**value, email));
    erase_email(swept.batch, account, record);
    ++value;
  }
  co_return std::move(swept);
}

int settle_sweep(store::Turn& turn, AccountId account, std::uint64_t messages, Octets octets) {
  auto before = head_of(turn);
  if (!before) return store::kNoHead;
  if (before->numbers.closed) return kNoMailbox;
  AtTurn at(turn, account, *before);
  AccountNumbers& numbers = at.numbers();
  CHECK(numbers.retained_messages >= messages && numbers.retained_octets >= octets);
  numbers.retained_messages -= messages;
  numbers.retained_octets -= octets;
  return at.accept();
}

// ------------------------------------------------------------------------------------------------
// gone

int settle_trim(store::Turn& turn, AccountId account, MailboxId mailbox, std::size_t records,
                ModSeq horizon) {
  auto before = head_of(turn);
  if (!before) return store::kNoHead;
  const MailboxHead* there = before->mailboxes.find(mailbox);
  if (before->numbers.closed || !there) return kNoMailbox;
  AtTurn at(turn, account, *before);
  MailboxHead changed = *there;
  // Records older than their count (version 1 had none) are not in it.
  auto count = std::min<std::size_t>(records, changed.numbers.gone_records);
  changed.numbers.gone_records -= static_cast<std::uint32_t>(count);
  changed.numbers.gone_horizon = std::max(changed.numbers.gone_horizon, horizon);
  at.put(std::move(changed));
  return at.accept();
}

}  // namespace

Task<Result<>> Mailboxes::Impl::trim_gone(AccountId account, MailboxId mailbox,
                                          std::size_t records) {
  for (int refused = 0; records > 0 && refused < kAttemptsMax;) {
    CO_TRY_VOID(co_await load(account));
    auto range = keys::all_gone(account, mailbox);
    auto scanned = co_await store.snapshot()->scan(std::move(range), std::min(records, kTrimPiece));
    CO_TRY(auto pairs, std::move(scanned));
    if (pairs.empty()) break;
    store::Batch batch;
    ModSeq horizon;
    for (auto& [key, value] : pairs) {
      if (!keys::is(key, keys::Kind::gone))
        co_return corrupt("a key of expunged uids is malformed");
      horizon = keys::mod_seq_of(key);
      batch.require_value(key, store::digest_of(value));  // nobody else trims it
      batch.erase(std::move(key));
    }
    batch.at_turn(partition_of(account), [=, count = pairs.size()](store::Turn& turn) {
      return settle_trim(turn, account, mailbox, count, horizon);
    });
    auto result = co_await store.commit(std::move(batch));
    CO_TRY(auto committed, std::move(result));
    if (committed.ok())
      records -= pairs.size();
    else if (committed.refused->why == store::Refusal::Why::turn)
      break;  // the mailbox is gone
    else
      ++refused;
    co_await runtime::yield();
  }
  co_return Result<>{};
}

Task<Result<>> Mailboxes::Impl::tidy(AccountId account) {
  auto left = co_await leaving_mailboxes(store.snapshot(), account);
  CO_TRY(auto leaving, std::move(left));
  for (MailboxId mailbox : leaving) CO_TRY_VOID(co_await finish_removal(account, mailbox));
  auto read = co_await read_head(store.snapshot(), account);
  if (!read && read.error().is(Error::Kind::not_found)) co_return Result<>{};
  CO_TRY(auto head, std::move(read));
  std::vector<std::pair<MailboxId, std::size_t>> long_ones;
  head->mailboxes.each([&](const MailboxHead& m) {
    if (m.numbers.gone_records > limits.gone_records_max)
      long_ones.emplace_back(m.id, m.numbers.gone_records - limits.gone_records_max);
  });
  for (auto [mailbox, records] : long_ones)
    CO_TRY_VOID(co_await trim_gone(account, mailbox, records));
  co_return Result<>{};
}

Task<Result<std::uint64_t>> Mailboxes::sweep_expunged(AccountId account, WallTime before) {
  CO_TRY_VOID(co_await impl_->tidy(account));
  std::uint64_t total = 0;
  for (int refused = 0; refused < kAttemptsMax;) {
    CO_TRY_VOID(co_await impl_->load(account));
    auto pieced = co_await sweep_piece(impl_->store.snapshot(), account, before);
    if (!pieced && pieced.error().is(Error::Kind::stale)) {
      ++refused;
      continue;
    }
    CO_TRY(auto swept, std::move(pieced));
    if (swept.messages == 0) co_return total;
    std::uint64_t messages = swept.messages;
    Octets octets = swept.octets;
    swept.batch.at_turn(partition_of(account), [=](store::Turn& turn) {
      return settle_sweep(turn, account, messages, octets);
    });
    auto result = co_await impl_->store.commit(std::move(swept.batch));
    CO_TRY(auto committed, std::move(result));
    if (!committed.ok()) {
      ++refused;
      continue;
    }
    refused = 0;
    total += messages;
  }
  co_return fail(Error::Kind::unavailable, "the account changes too fast");
}

}  // namespace posta::mailbox

// undelete.cc: what was expunged and is still there.
#include <algorithm>
#include <map>

#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

constexpr std::size_t kScanPiece = 16;   // records of up to 256 rows
constexpr std::size_t kBatchPiece = 32;  // records that one commit brings back

// Rows of one `x` record that come back.
struct Returning {
  MailboxId mailbox;
  std::vector<std::string> keywords;
  bool keywords_known = true;  // else the mailbox's own, if it is there
  std::vector<MessageState> rows;
};

struct Return {
  store::Batch batch;
  std::vector<Returning> parts;
  std::uint64_t messages = 0;
  Octets octets = 0;
};

using Asked = std::map<std::string, std::vector<Expunged>>;  // by key of the `x` record

std::string key_of(AccountId account, const Expunged& one) {
  return keys::expunged(account, one.expunged, one.mod_seq, page_of(one.state.uid));
}

// Takes the rows that are asked for out of a record.
Result<> take_rows(const std::string& key, const std::string& value,
                   const std::vector<Expunged>& asked, Return& out) {
  std::uint32_t page = keys::expunged_page_of(key);
  TRY(auto record, decode_expunged(page, value));
  PageBuilder rest(*record.rows);
  Returning part{record.mailbox, std::move(record.keywords), {}, {}};
  part.keywords_known = !value.empty() && value[0] != 1;
  for (const auto& one : asked) {
    std::uint8_t low = low_of(one.state.uid);
    if (one.mailbox != record.mailbox || !rest.present().has(low)) continue;
    MessageState state = record.rows->at(record.rows->find(low).first);
    rest.remove(low);
    state.flags.system &= static_cast<std::uint8_t>(~Flags::deleted);
    out.messages += 1;
    out.octets += state.size;
    part.rows.push_back(state);
  }
  if (part.rows.empty()) return {};
  std::ranges::sort(part.rows, {}, &MessageState::uid);
  out.batch.require_value(key, store::digest_of(value));
  if (rest.present().empty())
    out.batch.erase(key);
  else
    out.batch.put(key, encode_expunged(part.mailbox, part.keywords, rest));
  out.parts.push_back(std::move(part));
  return {};
}

int settle_return(AtTurn& at, const Return& what, std::size_t keywords_max) {
  for (const auto& part : what.parts) {
    const MailboxHead* there = at.mailboxes().find(part.mailbox);
    bool home = there != nullptr;
    if (!home) there = at.mailboxes().find(kInbox);
    if (!there) return kNoMailbox;
    MailboxHead target = *there;
    std::vector<MessageState> rows = part.rows;
    if (!home || part.keywords_known) {
      std::uint64_t used = 0;
      for (const auto& state : rows) used |= state.flags.keywords;
      KeywordMap keywords;
      keywords.make(part.keywords, used, keywords_max, target.about);  // what fits
      for (auto& state : rows) state.flags.keywords = keywords.map(state.flags.keywords);
    }
    if (!add_rows(at, std::move(target), rows)) return kOverQuota;
  }
  CHECK(at.numbers().retained_messages >= what.messages &&
        at.numbers().retained_octets >= what.octets);
  at.numbers().retained_messages -= what.messages;
  at.numbers().retained_octets -= what.octets;
  return store::kAccept;
}

Task<Result<Return>> read_return(std::shared_ptr<const store::Snapshot> snapshot,
                                 std::shared_ptr<const Asked> asked) {
  std::vector<std::string> wanted;
  for (const auto& [key, rows] : *asked) wanted.push_back(key);
  auto got = co_await snapshot->multi_get(std::move(wanted));
  CO_TRY(auto values, std::move(got));
  Return out;
  auto value = values.begin();
  for (const auto& [key, rows] : *asked) {
    if (*value) CO_TRY_VOID(take_rows(key, **value, rows, out));
    ++value;
  }
  co_return std::move(out);
}

}  // namespace

Task<Result<std::vector<Expunged>>> Mailboxes::expunged(AccountId account, WallTime since,
                                                        std::size_t limit) {
  std::vector<Expunged> found;
  auto snapshot = impl_->store.snapshot();
  auto range = keys::expunged_after(account, since);
  for (;;) {
    auto scanned = co_await snapshot->scan(range, kScanPiece);
    CO_TRY(auto pairs, std::move(scanned));
    for (const auto& [key, value] : pairs) {
      if (!keys::is(key, keys::Kind::expunged))
        co_return corrupt("the key of expunged messages is malformed");
      WallTime time = keys::expunged_time_of(key);
      if (found.size() >= limit && (found.empty() || time != found.back().expunged))
        co_return found;
      CO_TRY(auto record, decode_expunged(keys::expunged_page_of(key), value));
      for (std::uint32_t row = 0; row < record.rows->rows(); ++row)
        found.push_back(
            {record.mailbox, time, record.rows->at(row), keys::expunged_mod_seq_of(key)});
    }
    if (pairs.size() < kScanPiece) co_return found;
    range.begin = std::move(pairs.back().key);
    range.begin += '\0';
    co_await runtime::yield();
  }
}

Task<Result<std::uint64_t>> Mailboxes::undelete(AccountId account, std::vector<Expunged> which,
                                                WallTime) {
  Asked all;
  for (auto& one : which) {
    std::string key = key_of(account, one);
    all[std::move(key)].push_back(std::move(one));
  }
  std::uint64_t total = 0;
  while (!all.empty()) {
    auto piece = std::make_shared<Asked>();
    while (!all.empty() && piece->size() < kBatchPiece) piece->insert(all.extract(all.begin()));
    for (int attempt = 0;; ++attempt) {
      if (attempt == kAttemptsMax)
        co_return fail(Error::Kind::unavailable, "the expunged messages change too fast");
      CO_TRY_VOID(co_await impl_->load(account));
      auto read = co_await read_return(impl_->store.snapshot(), piece);
      if (!read && read.error().is(Error::Kind::stale)) continue;
      CO_TRY(auto what, std::move(read));
      if (what.parts.empty()) break;
      auto back = std::make_shared<Return>(std::move(what));
      store::Batch batch = std::move(back->batch);
      std::size_t keywords_max = impl_->limits.keywords_max;
      batch.at_turn(partition_of(account), [account, back, keywords_max](store::Turn& turn) {
        auto before = head_of(turn);
        if (!before) return store::kNoHead;
        if (before->numbers.closed) return kNoMailbox;
        AtTurn at(turn, account, *before);
        int code = settle_return(at, *back, keywords_max);
        return code == store::kAccept ? at.accept() : code;
      });
      auto result = co_await impl_->store.commit(std::move(batch));
      CO_TRY(auto committed, std::move(result));
      if (committed.ok()) {
        total += back->messages;
        break;
      }
      if (committed.refused->why == store::Refusal::Why::turn)
        co_return fail(Error::Kind::not_found, "the account is being removed, or INBOX is full");
    }
    co_await runtime::yield();
  }
  co_return total;
}

}  // namespace posta::mailbox

// append.cc: delivery. append_at_turn is the hot path of the whole server.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

constexpr std::uint8_t kSystemFlags = 0x1F;

// The arrival's keywords as bits; names that the mailbox does not know yet are added to `about`,
// and dropped if they would be too many.
std::uint64_t number_keywords(const Arrival& arrival, std::size_t keywords_max,
                              std::shared_ptr<const About>& about) {
  std::uint64_t bits = 0;
  for (const auto& name : arrival.keywords)
    if (auto number = keyword_number(name, true, keywords_max, about))
      bits |= std::uint64_t{1} << *number;
  return bits;
}

bool within_quota(const AccountNumbers& use, const Arrival& arrival, std::uint64_t size) {
  if (arrival.quota_messages != 0 && use.messages >= arrival.quota_messages) return false;
  if (arrival.quota_octets == 0) return true;
  if (arrival.overshoot) return use.octets < arrival.quota_octets;
  return use.octets <= arrival.quota_octets && size <= arrival.quota_octets - use.octets;
}

// The thread of the arrival, and how many of its message ids are to be written.
ThreadId choose_thread(AccountHead& head, const Arrival& arrival, std::size_t& keys_written) {
  std::span<const std::uint64_t> ids(arrival.thread_keys);
  ids = ids.first(std::min(ids.size(), kThreadKeysMax));
  ThreadId thread = arrival.thread;
  if (thread >= head.numbers.next_thread) thread = {};  // not one of ours
  if (!thread) thread = head.threads.find(ids);
  if (thread) {
    keys_written = std::min<std::size_t>(ids.size(), 1);
  } else {
    thread = head.numbers.next_thread;
    head.numbers.next_thread = thread.next();
    keys_written = ids.size();
  }
  head.threads.put(ids.first(keys_written), thread);
  return thread;
}

}  // namespace

AppendCode Mailboxes::append_at_turn(store::Turn& turn, AccountId account, const Arrival& arrival,
                                     Appended& out) {
  auto before = head_of(turn);
  if (!before) return AppendCode::no_head;
  const MailboxHead* mailbox = before->mailboxes.find(arrival.mailbox);
  if (before->numbers.closed || !mailbox) return AppendCode::no_mailbox;
  std::uint64_t size = arrival.prefix.size() + arrival.body.size;
  CHECK(size <= std::numeric_limits<std::uint32_t>::max());
  // Four thousand million messages in one mailbox: it takes no more (RFC 3501 §2.3.1.1).
  bool last_uid = mailbox->numbers.uid_next.value == std::numeric_limits<std::uint32_t>::max();
  if (last_uid || !within_quota(before->numbers, arrival, size)) return AppendCode::over_quota;
  MailboxHead changed = *mailbox;
  MessageState state;
  state.flags.keywords = number_keywords(arrival, impl_->limits.keywords_max, changed.about);

  auto head = std::make_shared<AccountHead>(*before);
  AccountNumbers& numbers = head->numbers;
  std::size_t thread_keys = 0;
  ThreadId thread = choose_thread(*head, arrival, thread_keys);
  numbers.mod_seq = numbers.mod_seq.next();
  state.uid = changed.numbers.uid_next;
  state.email = numbers.next_email;
  state.mod_seq = numbers.mod_seq;
  state.size = static_cast<std::uint32_t>(size);
  state.internal_date = arrival.internal_date;
  state.flags.system = arrival.flags.system & kSystemFlags;

  numbers.next_email = numbers.next_email.next();
  numbers.octets += size;
  numbers.messages += 1;
  changed.numbers.uid_next = state.uid.next();
  changed.numbers.mod_seq = state.mod_seq;
  count_arrival(changed.numbers, state);

  turn.put(keys::email(account, state.email),
           encode_email(arrival, thread, arrival.mailbox, state.uid, thread_keys));
  turn.put(store::body_link_key(arrival.body.id, keys::body_owner(account, state.email)), {});
  turn.append(keys::state(account, arrival.mailbox, page_of(state.uid)), row_record(state));
  turn.put(keys::numbers(account, arrival.mailbox), encode(changed.numbers));
  if (changed.about != mailbox->about)
    turn.put(keys::about(account, arrival.mailbox), encode(*changed.about));
  turn.put(keys::account(account), encode(numbers));
  for (std::size_t i = 0; i < thread_keys; ++i)
    turn.put(keys::thread(account, arrival.thread_keys[i]), encode_thread(thread));

  auto news = std::make_shared<News>();
  news->account = account;
  news->mailbox = arrival.mailbox;
  news->mod_seq = state.mod_seq;
  news->added.push_back(state);
  news->about = changed.about;
  news->numbers = changed.numbers;
  turn.publish(kTopic, std::move(news));

  out = {changed.about->uid_validity, state.uid, state.email};
  head->mailboxes.put(std::move(changed));
  turn.set_head(std::move(head));
  return AppendCode::ok;
}

Task<Result<ThreadId>> Mailboxes::find_thread(AccountId account,
                                              std::vector<std::uint64_t> thread_keys) {
  // A message that answers nothing begins a thread; its own id is looked for only with others, so
  // that ordinary mail costs no read.
  if (thread_keys.size() < 2) co_return ThreadId{};
  thread_keys.resize(std::min(thread_keys.size(), kThreadKeysMax));
  std::rotate(thread_keys.begin(), thread_keys.begin() + 1, thread_keys.end());
  std::vector<std::string> wanted;
  for (auto hash : thread_keys) wanted.push_back(keys::thread(account, hash));
  auto got = co_await impl_->store.snapshot()->multi_get(std::move(wanted));
  CO_TRY(auto values, std::move(got));
  for (const auto& value : values) {
    if (!value) continue;
    CO_TRY(auto thread, decode_thread(*value));
    co_return thread;
  }
  co_return ThreadId{};
}

Task<Result<std::pair<AppendCode, Appended>>> Mailboxes::append(
    AccountId account, Arrival arrival, std::unique_ptr<store::BodyWriter> body) {
  arrival.body = body->ref();
  if (!arrival.thread) {
    auto found = co_await find_thread(account, arrival.thread_keys);
    CO_TRY(arrival.thread, std::move(found));
  }
  struct Asked {
    Arrival arrival;
    Appended appended;
  };
  auto asked = std::make_shared<Asked>();
  asked->arrival = std::move(arrival);
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    CO_TRY_VOID(co_await impl_->load(account));
    store::Batch batch;
    batch.take(std::move(body));
    batch.at_turn(partition_of(account), [this, account, asked](store::Turn& turn) {
      AppendCode code = append_at_turn(turn, account, asked->arrival, asked->appended);
      if (code == AppendCode::ok) return store::kAccept;
      return code == AppendCode::no_head ? store::kNoHead : kAppendCodes + static_cast<int>(code);
    });
    auto result = co_await impl_->store.commit(std::move(batch));
    CO_TRY(auto committed, std::move(result));
    if (committed.ok()) co_return std::pair(AppendCode::ok, asked->appended);
    if (committed.refused->why == store::Refusal::Why::turn) {
      auto code = static_cast<AppendCode>(committed.refused->code - kAppendCodes);
      co_return std::pair(code, Appended{});
    }
    CHECK(committed.bodies.size() == 1);
    body = std::move(committed.bodies.front());
  }
  co_return fail(Error::Kind::unavailable, "the account could not be loaded");
}

}  // namespace posta::mailbox

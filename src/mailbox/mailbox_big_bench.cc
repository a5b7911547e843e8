// A mailbox of 100,000 messages on RocksDB, committed durably: the rows of the table in
// design/performance that this room answers for.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>

#include "mailbox/impl.h"
#include "runtime/asio/loop.h"
#include "runtime/nursery.h"
#include "store/rocksdb/open.h"

namespace posta::mailbox {
namespace {

constexpr AccountId kAccount{1024};
constexpr std::uint32_t kMessages = 100'000;
constexpr std::size_t kChunk = 256;  // e-mails read at a time, as FETCH does
const WallTime kNow{std::chrono::milliseconds(1767225600123)};

// A store on the disk, in a directory of its own below the working directory.
struct Big {
  Big() : workers({.threads = 1}), loop(workers) {
    std::filesystem::remove_all(kDirectory);
    open();
  }
  ~Big() {
    close();
    std::filesystem::remove_all(kDirectory);
  }
  void open() {
    store::rocks::Options options;
    options.now = [this] { return loop.now(); };
    options.create = true;
    auto opened = store::rocks::open(kDirectory, options);
    CHECK(opened.has_value());
    store = std::move(*opened);
    mailboxes = std::make_unique<Mailboxes>(*store, Limits{});
  }
  void close() {
    mailboxes.reset();
    store.reset();
  }
  template <class T>
  T run(Task<Result<T>> task) {
    std::optional<Result<T>> out;
    runtime::Nursery nursery(loop);
    nursery.spawn(into(loop, out, std::move(task)));
    loop.run();
    CHECK(out && out->has_value());
    return std::move(**out);
  }
  template <class T>
  static Task<> into(runtime::asio::Loop& loop, std::optional<Result<T>>& out,
                     Task<Result<T>> task) {
    out.emplace(co_await std::move(task));
    loop.quit();
  }

  static constexpr const char* kDirectory = "mailbox_big_bench.store";
  runtime::asio::WorkerPool workers;
  runtime::asio::Loop loop;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Mailboxes> mailboxes;
};

// INBOX as deliveries leave it; every e-mail has a digest of 700 octets.
Task<Result<bool>> fill(store::Store& store, Mailboxes& mailboxes) {
  store::Batch create;
  mailboxes.prepare_create(create, kAccount, kNow);
  CO_TRY_VOID(co_await store.commit(std::move(create)));
  EmailRecord record;
  record.email.prefix = "Return-Path: <sender@example.org>\r\nDelivered-To: ann@example.net\r\n";
  record.email.digest = std::string(700, 'd');
  record.mailbox = kInbox;
  MessageState s;
  for (std::uint32_t uid = 1; uid <= kMessages;) {
    store::Batch batch;
    for (int i = 0; i < 1000 && uid <= kMessages; ++i, ++uid) {
      s.uid = record.uid = Uid(uid);
      s.email = record.email.id = EmailId(uid);
      s.mod_seq = ModSeq(uid);
      s.size = 4096 + 66;
      s.flags.system = uid % 3 ? Flags::seen : 0;
      s.internal_date = record.email.received = kNow + std::chrono::minutes(uid);
      record.email.thread = ThreadId(uid);
      record.email.body = {store::BodyId(uid), 4096};
      batch.append(keys::state(kAccount, kInbox, page_of(s.uid)), row_record(s));
      batch.put(keys::email(kAccount, s.email), encode(record));
      batch.put(store::body_link_key(record.email.body.id, keys::body_owner(kAccount, s.email)),
                {});
    }
    CO_TRY_VOID(co_await store.commit(std::move(batch)));
  }
  Numbers numbers;
  numbers.uid_next = Uid(kMessages + 1);
  numbers.mod_seq = ModSeq(kMessages);
  numbers.messages = numbers.recent = kMessages;
  numbers.unseen = kMessages / 3;
  numbers.first_unseen = 3;
  numbers.octets = std::uint64_t{kMessages} * 4162;
  AccountNumbers account;
  account.next_email = EmailId(kMessages + 1);
  account.next_thread = ThreadId(kMessages + 1);
  account.next_mailbox = MailboxId(7);
  account.mod_seq = ModSeq(kMessages);
  account.messages = kMessages;
  account.octets = numbers.octets;
  account.last_uid_validity = UidValidity(1767225700);
  store::Batch batch;
  batch.touch(partition_of(kAccount));
  batch.put(keys::numbers(kAccount, kInbox), encode(numbers));
  batch.put(keys::account(kAccount), encode(account));
  CO_TRY_VOID(co_await store.commit(std::move(batch)));
  co_return true;
}

// Filled once for all benchmarks that do not take it apart.
struct Filled : Big {
  Filled() { run(fill(*store, *mailboxes)); }
};

std::vector<Uid> uids_of(const View& view, std::size_t most) {
  std::vector<Uid> uids;
  view.visit(1, static_cast<std::uint32_t>(std::min<std::size_t>(most, view.count())),
             [&](std::uint32_t, const MessageState& s) { uids.push_back(s.uid); });
  return uids;
}

Task<Result<bool>> select(Mailboxes& m) {
  auto found = co_await m.find(kAccount, "INBOX");
  CO_TRY(auto record, std::move(found));
  auto read = co_await m.status(kAccount, record->id);
  CO_TRY(auto status, std::move(read));
  co_return status->messages == kMessages && status->first_unseen == 3;
}

void SelectWarm(benchmark::State& state) {
  Filled big;
  for (auto _ : state) CHECK(big.run(select(*big.mailboxes)));
}
BENCHMARK(SelectWarm)->Unit(benchmark::kMicrosecond)->UseRealTime();

// After a restart of the program; the kernel's cache is warm.
void SelectAfterRestart(benchmark::State& state) {
  Filled big;
  for (auto _ : state) {
    state.PauseTiming();
    big.close();
    big.open();
    state.ResumeTiming();
    CHECK(big.run(select(*big.mailboxes)));
  }
}
BENCHMARK(SelectAfterRestart)->Unit(benchmark::kMicrosecond)->UseRealTime()->Iterations(5);

// The view, for the first FETCH.
void OpenAfterRestart(benchmark::State& state) {
  Filled big;
  for (auto _ : state) {
    state.PauseTiming();
    big.close();
    big.open();
    state.ResumeTiming();
    CHECK(big.run(big.mailboxes->open(kAccount, kInbox))->count() == kMessages);
  }
}
BENCHMARK(OpenAfterRestart)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(5);

// STORE 1:* +FLAGS (\Flagged) and back, with the view that the session goes on with.
void StoreAllDurably(benchmark::State& state) {
  Filled big;
  auto view = big.run(big.mailboxes->open(kAccount, kInbox));
  std::vector<Uid> all = uids_of(*view, kMessages);
  bool set = true;
  for (auto _ : state) {
    FlagsWanted wanted;
    wanted.uids = all;
    wanted.mode = set ? FlagsWanted::Mode::add : FlagsWanted::Mode::remove;
    wanted.system = Flags::flagged;
    set = !set;
    CHECK(big.run(big.mailboxes->store(kAccount, kInbox, std::move(wanted))).mod_seq);
    view = big.run(big.mailboxes->open(kAccount, kInbox));
  }
}
BENCHMARK(StoreAllDurably)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(20);

enum class What { copy, move, expunge };

void take_10000(benchmark::State& state, What what) {
  Filled big;
  for (auto _ : state) {
    state.PauseTiming();
    auto view = big.run(big.mailboxes->open(kAccount, kInbox));
    auto some = uids_of(*view, 10'000);
    state.ResumeTiming();
    if (what == What::copy) {
      auto done = big.run(
          big.mailboxes->copy(kAccount, kInbox, some, MailboxId(6), {}, Gone::refused, kNow));
      CHECK(done.second.to.size() == 10'000);
    } else if (what == What::move) {
      auto done =
          big.run(big.mailboxes->move(kAccount, kInbox, some, MailboxId(6), Gone::refused, kNow));
      CHECK(done.second.to.size() == 10'000);
    } else {
      auto gone = big.run(big.mailboxes->expunge(kAccount, kInbox, some, kNow));
      CHECK(gone.size() == 10'000);
    }
  }
}
void Copy10000(benchmark::State& state) {
  take_10000(state, What::copy);
}
void Move10000(benchmark::State& state) {
  take_10000(state, What::move);
}
void Expunge10000(benchmark::State& state) {
  take_10000(state, What::expunge);
}
BENCHMARK(Copy10000)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(9);
BENCHMARK(Move10000)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(9);
BENCHMARK(Expunge10000)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(9);

Task<Result<std::uint64_t>> read_emails(Mailboxes& m, const std::vector<EmailId>& ids) {
  std::uint64_t octets = 0;
  for (std::size_t from = 0; from < ids.size(); from += kChunk) {
    auto first = ids.begin() + static_cast<std::ptrdiff_t>(from);
    auto last = ids.begin() + static_cast<std::ptrdiff_t>(std::min(from + kChunk, ids.size()));
    auto got = co_await m.emails(kAccount, std::vector<EmailId>(first, last));
    CO_TRY(auto emails, std::move(got));
    for (const auto& email : emails) octets += email->digest.size();
  }
  co_return octets;
}

void read_all_emails(benchmark::State& state, bool in_order) {
  Filled big;
  std::vector<EmailId> ids;
  for (std::uint64_t i = 1; i <= kMessages; ++i) ids.emplace_back(i);
  // As a mailbox is that was filled by MOVE: no neighbours stay neighbours.
  std::uint64_t random = 4711;
  for (std::size_t i = ids.size() - 1; i > 0 && !in_order; --i) {
    random = random * 6364136223846793005ull + 1442695040888963407ull;
    std::swap(ids[i], ids[(random >> 33) % (i + 1)]);
  }
  for (auto _ : state)
    CHECK(big.run(read_emails(*big.mailboxes, ids)) == std::uint64_t{700} * kMessages);
}
void EmailsInOrder(benchmark::State& state) {
  read_all_emails(state, true);
}
void EmailsOutOfOrder(benchmark::State& state) {
  read_all_emails(state, false);
}
BENCHMARK(EmailsInOrder)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->Iterations(5);
BENCHMARK(EmailsOutOfOrder)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->Iterations(5);

void DifferenceOfOnePage(benchmark::State& state) {
  Filled big;
  auto before = big.run(big.mailboxes->open(kAccount, kInbox));
  FlagsWanted wanted;
  wanted.uids = {Uid(50'000)};
  wanted.system = Flags::flagged;
  big.run(big.mailboxes->store(kAccount, kInbox, std::move(wanted)));
  auto after = big.run(big.mailboxes->open(kAccount, kInbox));
  for (auto _ : state) CHECK(difference(*before, *after).flagged.size() == 1);
}
BENCHMARK(DifferenceOfOnePage)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace posta::mailbox

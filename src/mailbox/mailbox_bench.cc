// What the mailbox room costs: a delivery at its turn, opening 100,000 messages, changing them all.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "mailbox/impl.h"
#include "runtime/asio/loop.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"
#include "store/rocksdb/open.h"

namespace posta::mailbox {
namespace {

using runtime::sim::SimExecutor;
constexpr AccountId kAccount{1024};

// Takes what a turn writes and throws it away.
class BenchTurn final : public store::Turn {
 public:
  const std::shared_ptr<const store::Head>& head() const override { return head_; }
  void set_head(std::shared_ptr<const store::Head> head) override { head_ = std::move(head); }
  store::Version version() const override { return 1; }
  void put(std::string key, std::string value) override { count(key, value); }
  void erase(std::string key) override { count(key, {}); }
  void append(std::string key, std::string octets) override { count(key, octets); }
  void publish(std::string, std::shared_ptr<const void> what) override {
    published = std::move(what);
  }

  std::shared_ptr<const void> published;
  std::size_t writes = 0;
  std::size_t total = 0;  // octets of keys and values

 private:
  void count(std::string_view key, std::string_view value) {
    ++writes;
    total += key.size() + value.size();
  }
  std::shared_ptr<const store::Head> head_;
};

std::shared_ptr<AccountHead> new_head() {
  auto head = std::make_shared<AccountHead>();
  for (std::uint32_t id = 1; id <= 6; ++id) {
    auto about = std::make_shared<About>();
    about->name = "mailbox";
    head->mailboxes.put({MailboxId(id), about, {}, nullptr});
  }
  return head;
}

struct Machine {
  Machine() : executor(1), disk(1) {
    auto opened = store::memory::open(disk, executor);
    CHECK(opened.has_value());
    store = std::move(*opened);
    mailboxes = std::make_unique<Mailboxes>(*store, Limits{});
  }
  SimExecutor executor;
  store::memory::Disk disk;
  std::unique_ptr<store::memory::MemoryStore> store;
  std::unique_ptr<Mailboxes> mailboxes;
};

Arrival arrival() {
  Arrival a;
  a.prefix = "Return-Path: <sender@example.org>\r\nDelivered-To: ann@example.net\r\n";
  a.body = {store::BodyId(1'000'000), 4096};
  a.digest = std::make_shared<const std::string>(600, 'd');
  a.thread_keys = {1};
  a.internal_date = WallTime(std::chrono::milliseconds(1767225600123));
  return a;
}

void AppendAtTurn(benchmark::State& state) {
  Machine machine;
  BenchTurn turn;
  turn.set_head(new_head());
  Arrival a = arrival();
  Appended out;
  for (auto _ : state) {
    ++a.thread_keys[0];
    ++a.body.id.value;
    auto code = machine.mailboxes->append_at_turn(turn, kAccount, a, out);
    CHECK(code == AppendCode::ok);
  }
  auto n = static_cast<double>(state.iterations());
  state.counters["writes"] = static_cast<double>(turn.writes) / n;
  state.counters["octets"] = static_cast<double>(turn.total) / n;
}
BENCHMARK(AppendAtTurn);

// A view of `rows` messages as deliveries left them, and the octets of its pages.
std::shared_ptr<const PageView> view_of(std::uint32_t rows, std::vector<std::string>& octets) {
  octets.clear();
  for (std::uint32_t uid = 1; uid <= rows; ++uid) {
    MessageState s;
    s.uid = Uid(uid);
    s.email = EmailId(uid + 100'000);
    s.mod_seq = ModSeq(uid + 200'000);
    s.size = 4000 + uid % 977;
    s.internal_date = WallTime(std::chrono::milliseconds(1767225600123 + uid * 60'000ll));
    if (page_of(s.uid) >= octets.size()) octets.emplace_back();
    octets.back() += row_record(s);
  }
  std::vector<std::shared_ptr<const Page>> pages;
  for (std::uint32_t i = 0; i < octets.size(); ++i) pages.push_back(*fold_page(i, octets[i]));
  Numbers numbers;
  numbers.uid_next = Uid(rows + 1);
  numbers.messages = numbers.unseen = rows;
  return std::make_shared<const PageView>(kInbox, std::make_shared<const About>(), numbers,
                                          std::move(pages));
}

void FoldLogs(benchmark::State& state) {
  std::vector<std::string> octets;
  view_of(static_cast<std::uint32_t>(state.range(0)), octets);
  for (auto _ : state)
    for (std::uint32_t i = 0; i < octets.size(); ++i)
      benchmark::DoNotOptimize(fold_page(i, octets[i]));
}
BENCHMARK(FoldLogs)->Arg(100'000)->Unit(benchmark::kMillisecond);

void FoldBases(benchmark::State& state) {
  std::vector<std::string> octets;
  auto view = view_of(static_cast<std::uint32_t>(state.range(0)), octets);
  std::size_t total = 0;
  for (std::uint32_t i = 0; i < octets.size(); ++i) {
    octets[i] = PageBuilder(*view->pages()[i]).encode_base();
    total += octets[i].size();
  }
  for (auto _ : state)
    for (std::uint32_t i = 0; i < octets.size(); ++i)
      benchmark::DoNotOptimize(fold_page(i, octets[i]));
  state.counters["octets_per_row"] =
      static_cast<double>(total) / static_cast<double>(state.range(0));
}
BENCHMARK(FoldBases)->Arg(100'000)->Unit(benchmark::kMillisecond);

void VisitView(benchmark::State& state) {
  std::vector<std::string> octets;
  auto view = view_of(static_cast<std::uint32_t>(state.range(0)), octets);
  for (auto _ : state) {
    std::uint64_t sum = 0;
    view->visit(1, view->count(),
                [&](std::uint32_t n, const MessageState& s) { sum += n + s.flags.system; });
    benchmark::DoNotOptimize(sum);
  }
  state.counters["view_octets"] = static_cast<double>(view->memory());
}
BENCHMARK(VisitView)->Arg(100'000)->Unit(benchmark::kMillisecond);

// STORE 1:* +FLAGS (\Flagged): plan, turn, and the view afterwards.
void StoreAll(benchmark::State& state) {
  std::vector<std::string> octets;
  auto view = view_of(static_cast<std::uint32_t>(state.range(0)), octets);
  Wanted wanted;
  wanted.account = kAccount;
  wanted.mailbox = kInbox;
  for (std::uint32_t uid = 1; uid <= view->count(); ++uid) wanted.uids.emplace_back(uid);
  wanted.change.system = Flags::flagged;
  auto before = new_head();
  MailboxHead inbox = *before->mailboxes.find(kInbox);
  inbox.numbers = view->numbers();
  before->mailboxes.put(inbox);
  std::size_t writes = 0;
  for (auto _ : state) {
    BenchTurn turn;
    turn.set_head(before);
    Plan plan = make_plan(wanted, {.cleared = {}, .set = wanted.change}, view);
    CHECK(settle(turn, wanted, plan) == store::kAccept);
    std::shared_ptr<const News> news = plan.news;
    benchmark::DoNotOptimize(view->with({&news, 1}));
    writes = turn.writes;
  }
  state.counters["writes"] = static_cast<double>(writes);
}
BENCHMARK(StoreAll)->Arg(100'000)->Unit(benchmark::kMillisecond);

void DeliveryIntoAnOpenView(benchmark::State& state) {
  std::vector<std::string> octets;
  auto view = view_of(static_cast<std::uint32_t>(state.range(0)), octets);
  auto news = std::make_shared<News>();
  news->added.push_back(view->at(view->count()));
  news->added[0].uid = view->numbers().uid_next;
  news->about = std::make_shared<const About>();
  news->numbers = view->numbers();
  std::shared_ptr<const News> one = news;
  for (auto _ : state) benchmark::DoNotOptimize(view->with({&one, 1}));
}
BENCHMARK(DeliveryIntoAnOpenView)->Arg(100)->Arg(100'000);

Task<> append_one(store::Store& store, Mailboxes& mailboxes, Arrival a) {
  auto body = store.new_body();
  std::string octets(4096, 'x');
  (void)co_await body->write(std::move(octets));
  (void)co_await body->finish();
  auto done = co_await mailboxes.append(kAccount, std::move(a), std::move(body));
  CHECK(done && done->first == AppendCode::ok);
}

Task<> create(store::Store& store, Mailboxes& mailboxes) {
  store::Batch batch;
  mailboxes.prepare_create(batch, kAccount, WallTime{});
  (void)co_await store.commit(std::move(batch));
}

// All that an append costs over the store in memory, body included, 64 at a time.
void AppendOverMemory(benchmark::State& state) {
  Machine machine;
  machine.executor.run_task(create(*machine.store, *machine.mailboxes));
  Arrival a = arrival();
  for (auto _ : state) {
    runtime::Nursery nursery(machine.executor);
    for (int i = 0; i < 64; ++i) {
      ++a.thread_keys[0];
      nursery.spawn(append_one(*machine.store, *machine.mailboxes, a));
    }
    machine.executor.run();
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(AppendOverMemory)->Unit(benchmark::kMicrosecond);

// A store on the disk, in a directory of its own below the working directory.
struct RealMachine {
  RealMachine() : workers({.threads = 1}), loop(workers) {
    std::filesystem::remove_all(kDirectory);
    store::rocks::Options options;
    options.now = [this] { return loop.now(); };
    options.create = true;
    auto opened = store::rocks::open(kDirectory, options);
    CHECK(opened.has_value());
    store = std::move(*opened);
    mailboxes = std::make_unique<Mailboxes>(*store, Limits{});
  }
  ~RealMachine() {
    mailboxes.reset();
    store.reset();
    std::filesystem::remove_all(kDirectory);
  }
  // Runs `count` tasks to their end.
  template <class F>
  void run(int count, F make) {
    int left = count;
    runtime::Nursery nursery(loop);
    for (int i = 0; i < count; ++i) nursery.spawn(then_quit(loop, left, make()));
    loop.run();
  }
  static Task<> then_quit(runtime::asio::Loop& loop, int& left, Task<> task) {
    co_await std::move(task);
    if (--left == 0) loop.quit();
  }

  static constexpr const char* kDirectory = "mailbox_bench.store";
  runtime::asio::WorkerPool workers;
  runtime::asio::Loop loop;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Mailboxes> mailboxes;
};

// Durable appends to one mailbox on RocksDB, 64 at a time.
void AppendOverRocksDb(benchmark::State& state) {
  RealMachine m;
  m.run(1, [&] { return create(*m.store, *m.mailboxes); });
  Arrival a = arrival();
  for (auto _ : state) {
    m.run(64, [&] {
      ++a.thread_keys[0];
      return append_one(*m.store, *m.mailboxes, a);
    });
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(AppendOverRocksDb)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

// Pages as deliveries leave them: each row an append of its own.
Task<> fill(store::Store& store, std::uint32_t rows) {
  MessageState s;
  for (std::uint32_t uid = 1; uid <= rows;) {
    store::Batch batch;
    for (int i = 0; i < 1000 && uid <= rows; ++i, ++uid) {
      s.uid = Uid(uid);
      s.email = EmailId(uid);
      s.mod_seq = ModSeq(uid);
      s.size = 4096;
      s.internal_date = WallTime(std::chrono::milliseconds(1767225600123 + uid * 60'000ll));
      batch.append(keys::state(kAccount, kInbox, page_of(s.uid)), row_record(s));
    }
    (void)co_await store.commit(std::move(batch));
  }
  Numbers numbers;
  numbers.uid_next = Uid(rows + 1);
  numbers.messages = numbers.unseen = rows;
  store::Batch batch;
  batch.put(keys::numbers(kAccount, kInbox), encode(numbers));
  (void)co_await store.commit(std::move(batch));
}

Task<> read_all(store::Store& store) {
  auto view = co_await read_view(store.snapshot(), kAccount, kInbox);
  CHECK(view && (*view)->count() == (*view)->record().messages);
}

// Opening a mailbox that is not in memory, with warm caches.
void OpenOverRocksDb(benchmark::State& state) {
  RealMachine m;
  m.run(1, [&] { return create(*m.store, *m.mailboxes); });
  m.run(1, [&] { return fill(*m.store, static_cast<std::uint32_t>(state.range(0))); });
  for (auto _ : state) m.run(1, [&] { return read_all(*m.store); });
}
BENCHMARK(OpenOverRocksDb)->Arg(100)->Arg(100'000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace posta::mailbox

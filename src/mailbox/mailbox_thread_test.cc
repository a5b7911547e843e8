// The same room from real threads: two loops and a committer of its own. For the thread sanitizer.
#include <thread>

#include "mailbox/test_world.h"
#include "runtime/asio/loop.h"

namespace posta::mailbox {
namespace {

using namespace posta::mailbox::testing;

Task<> user(store::Store& store, Mailboxes& boxes, int rounds, int& left,
            runtime::asio::Loop& loop) {
  for (int i = 0; i < rounds; ++i) {
    auto appended = co_await append_text(store, boxes, kAnn, {}, "Subject: x\r\n\r\n");
    CHECK(appended && appended->first == AppendCode::ok);
    Uid uid = appended->second.uid;
    auto view = co_await boxes.open(kAnn, kInbox);
    CHECK(view && (*view)->sequence_of(uid));
    std::vector<Uid> mine{uid};
    CHECK(
        co_await boxes.store_flags(kAnn, kInbox, mine, Mailboxes::FlagMode::add, {Flags::seen, 0}));
    view = co_await boxes.open(kAnn, kInbox);
    CHECK((*view)->at(*(*view)->sequence_of(uid)).flags.has(Flags::seen));
    if (i % 2 == 0) continue;
    auto gone = co_await boxes.expunge(kAnn, kInbox, mine, WallTime{});
    CHECK(gone && *gone == mine);
    view = co_await boxes.open(kAnn, kInbox);
    CHECK(!(*view)->sequence_of(uid));
  }
  if (--left == 0) loop.quit();
}

TEST(MailboxThreads, SessionsOnSeveralLoopsSeeWhatTheyDid) {
  constexpr int kUsers = 8;
  constexpr int kRounds = 20;
  store::memory::Disk disk(1);
  runtime::asio::WorkerPool workers({.threads = 1});
  // Loops outlive the store: its committer posts to them.
  runtime::asio::Loop first(workers);
  runtime::asio::Loop second(workers);
  runtime::asio::Loop third(workers);
  auto opened = store::memory::open_threaded(disk, [&] { return first.now(); });
  ASSERT_TRUE(opened);
  store::Store& store = **opened;
  Mailboxes boxes(store, Limits{});
  std::atomic<int> woken = 0;
  auto watch = boxes.watch(kAnn, [&](const auto&) { ++woken; });
  {
    int created = 1;
    runtime::Nursery nursery(first);
    auto create = [&]() -> Task<> {
      auto done = co_await create_account(store, boxes, kAnn, first.wall());
      CHECK(done.has_value());
      if (--created == 0) first.quit();
    };
    nursery.spawn(create());
    first.run();
  }
  auto work = [&](runtime::asio::Loop& loop) {
    int left = kUsers;
    runtime::Nursery nursery(loop);
    for (int i = 0; i < kUsers; ++i) nursery.spawn(user(store, boxes, kRounds, left, loop));
    loop.run();
  };
  std::thread other([&] { work(second); });
  work(third);
  other.join();
  SimExecutor executor(1);
  auto findings = run_ok(executor, check_account(store.snapshot(), kAnn));
  EXPECT_EQ(findings, std::vector<std::string>{});
  EXPECT_EQ(run_ok(executor, boxes.open(kAnn, kInbox))->count(), 2u * kUsers * kRounds / 2);
  EXPECT_EQ(woken, 2 * kUsers * kRounds * 5 / 2);
}

}  // namespace
}  // namespace posta::mailbox

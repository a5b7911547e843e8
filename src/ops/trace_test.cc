// Traces: what is kept, found again, bounded and swept.
#include "ops/trace.h"

#include "directory/testing.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "runtime/sleep.h"
#include "store/memory/memory_store.h"

namespace posta::ops {
namespace {

using namespace std::chrono_literals;
using directory::await;
using runtime::sim::SimExecutor;

struct House {
  explicit House(TraceLimits limits = {}) : trace(*store, executor, limits) {}

  void accepted(const std::string& id, const std::string& from, const std::string& message_id) {
    trace.emit({"intake.letter.accepted",
                {{"queue_id", id},
                 {"peer", "192.0.2.7"},
                 {"helo", "relay.example.net"},
                 {"from", "<" + from + ">"},
                 {"recipients", 1},
                 {"size", 412},
                 {"protocol", "ESMTP"},
                 {"message_id", message_id}}});
  }
  void delivered(const std::string& id, const std::string& to) {
    trace.emit({"queue.recipient.delivered",
                {{"queue_id", id}, {"to", to}, {"original", to}, {"reply", "250 2.1.5 Ok"}}});
  }
  void refused(const std::string& to) {
    trace.emit({"intake.recipient.refused",
                {{"session", "S1"},
                 {"peer", "192.0.2.9"},
                 {"helo", "x"},
                 {"from", "<eve@example.net>"},
                 {"to", to},
                 {"reply", "550 5.1.1 No such user"}}});
  }
  void wait(Duration time) {
    auto sleep = [time]() -> Task<> { co_await runtime::sleep_for(time); };
    executor.run_task(sleep());
  }
  std::vector<Life> lives(const std::string& word, std::size_t limit = 1000) {
    trace.flush();
    wait(1s);
    auto found = await(executor, trace.lives(word, WallTime{}, limit));
    EXPECT_TRUE(found) << found.error().what;
    return found ? *found : std::vector<Life>();
  }
  std::size_t blocks() {
    auto pairs = await(executor, store->snapshot()->scan(store::Range::prefix("T/b/"), 100'000));
    return pairs->size();
  }

  SimExecutor executor{1};
  store::memory::Disk disk{1};
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  Trace trace;
};

TEST(Trace, TellsALettersLifeByIdAddressMessageIdAndHost) {
  House house;
  house.accepted("6T5KQ8W3D0V7", "bob@example.net", "m1@example.net");
  house.wait(100ms);
  house.delivered("6T5KQ8W3D0V7", "Ann@example.org");
  house.accepted("6T5KQ8W3D0V8", "zoe@example.net", "m2@example.net");
  house.delivered("6T5KQ8W3D0V8", "carl@example.org");
  for (const char* word : {"6t5kq8w3d0v7", "6T5KQ8W3D0V7", "<BOB@example.net>", "ann@example.org",
                           "<m1@example.net>"}) {
    auto lives = house.lives(word);
    ASSERT_EQ(lives.size(), 1u) << word;
    EXPECT_EQ(lives[0].id, "6T5KQ8W3D0V7");
    ASSERT_EQ(lives[0].records.size(), 2u);
    EXPECT_EQ(trace_sentence(lives[0].records[0]),
              "accepted from 192.0.2.7 (relay.example.net) by ESMTP: from <bob@example.net> to 1 "
              "recipient, 412 octets, Message-ID m1@example.net");
    EXPECT_EQ(trace_sentence(lives[0].records[1]), "delivered to Ann@example.org: 250 2.1.5 Ok");
    EXPECT_LT(lives[0].records[0].at, lives[0].records[1].at);
  }
  EXPECT_EQ(house.lives("192.0.2.7").size(), 2u) << "two letters of one host";
  EXPECT_TRUE(house.lives("nobody@example.org").empty());
  EXPECT_TRUE(house.lives("").empty());
}

TEST(Trace, RefusalsAreToldAndAFloodOfThemIsCounted) {
  House house({.refusals_per_second_max = 5});
  for (int i = 0; i < 1000; ++i) house.refused("nobody@example.org");
  auto lives = house.lives("nobody@example.org");
  EXPECT_EQ(lives.size(), 5u);
  EXPECT_EQ(lives[0].id, "");
  EXPECT_EQ(trace_sentence(lives[0].records[0]),
            "recipient nobody@example.org refused, from 192.0.2.9 (x), sender <eve@example.net>: "
            "550 5.1.1 No such user");
  auto pairs =
      await(house.executor, house.store->snapshot()->scan(store::Range::prefix("T/b/"), 10));
  ASSERT_EQ(pairs->size(), 1u) << "one write for all of them";
  auto records = decode_block(pairs->front().value);
  ASSERT_TRUE(records);
  EXPECT_EQ(records->back().event, "trace.refusals.omitted");
  EXPECT_EQ(records->back().text("count"), "995");
  house.refused("later@example.org");
  EXPECT_EQ(house.lives("later@example.org").size(), 1u) << "the next second has room again";
}

TEST(Trace, MoreThanTheBufferHoldsIsDroppedAndCounted) {
  House house({.buffer_octets_max = 2000, .block_records_max = 100'000});
  for (int i = 0; i < 100; ++i) house.delivered("6T5KQ8W3D0V7", "ann@example.org");
  auto lives = house.lives("ann@example.org");
  ASSERT_EQ(lives.size(), 1u);
  EXPECT_LT(lives[0].records.size(), 50u);
  EXPECT_GT(lives[0].records.size(), 5u);
  auto pairs =
      await(house.executor, house.store->snapshot()->scan(store::Range::prefix("T/b/"), 10));
  auto records = decode_block(pairs->back().value);
  EXPECT_EQ(records->back().event, "trace.records.dropped");
}

TEST(Trace, NothingIsKeptWhereItIsSwitchedOff) {
  House house({.retention = 0s});
  house.delivered("6T5KQ8W3D0V7", "ann@example.org");
  EXPECT_TRUE(house.lives("ann@example.org").empty());
  EXPECT_EQ(house.blocks(), 0u);
}

TEST(Trace, EventsThatNameNoLetterAreNotKept) {
  House house;
  house.trace.emit({"pop3.login.accepted", {{"session", "S"}, {"user", "ann@example.org"}}});
  house.trace.emit({"smtp.protocol.error", {{"queue_id", "X"}}, Severity::debug});
  house.trace.flush();
  house.wait(1s);
  EXPECT_EQ(house.blocks(), 0u);
}

TEST(Trace, WhatIsTooOldOrTooMuchIsSwept) {
  House house({.retention = 24h, .octets_max = 3000});
  for (int i = 0; i < 4; ++i) {
    house.delivered("6T5KQ8W3D0V7", "ann@example.org");
    house.trace.flush();
    house.wait(10h);
  }
  EXPECT_EQ(house.blocks(), 4u);
  EXPECT_EQ(*await(house.executor, house.trace.sweep()), 2u) << "older than a day";
  house.wait(1s);
  EXPECT_EQ(house.blocks(), 2u);
  EXPECT_EQ(house.lives("ann@example.org")[0].records.size(), 2u);
  for (int i = 0; i < 100; ++i) {
    house.delivered("6T5KQ8W3D0V8", "ann@example.org");
    house.trace.flush();
  }
  house.wait(1s);
  EXPECT_TRUE(await(house.executor, house.trace.sweep()));
  house.wait(1s);
  EXPECT_LT(house.blocks(), 40u) << "octets_max";
  EXPECT_GT(house.blocks(), 5u);
  auto keys =
      await(house.executor, house.store->snapshot()->scan(store::Range::prefix("T/"), 1000));
  EXPECT_EQ(keys->size(), 2 * house.blocks()) << "a block goes with its index";
  EXPECT_EQ(house.lives("6T5KQ8W3D0V7").size(), 0u) << "the oldest go first";
}

TEST(Trace, RunWritesNowAndThenAndAtItsEnd) {
  House house;
  runtime::Nursery nursery(house.executor);
  auto run = [&]() -> Task<> {
    nursery.spawn(house.trace.run(nursery.stop()));
    house.delivered("6T5KQ8W3D0V7", "ann@example.org");
    co_await runtime::sleep_for(5s);
    EXPECT_EQ((co_await house.store->snapshot()->scan(store::Range::prefix("T/b/"), 10))->size(),
              1u);
    house.delivered("6T5KQ8W3D0V7", "ann@example.org");
    nursery.stop().request();
    co_await nursery.join();
    co_await runtime::sleep_for(1s);
    EXPECT_EQ((co_await house.store->snapshot()->scan(store::Range::prefix("T/b/"), 10))->size(),
              2u);
  };
  house.executor.run_task(run());
}

TEST(TraceRecord, ReadsBackAndRefusesWhatIsNotIt) {
  std::vector<TraceRecord> records = {
      {WallTime(1'800'000'000'123ms),
       Severity::warning,
       "queue.recipient.failed",
       {{"queue_id", std::string("6T5KQ8W3D0V7")}, {"attempts", std::int64_t{-3}}}},
      {WallTime(1'800'000'000'122ms), Severity::info, "x", {}}};
  std::string block = encode_block(records);
  auto back = decode_block(block);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, records);
  for (std::size_t cut = 0; cut < block.size(); ++cut)
    EXPECT_FALSE(decode_block(std::string_view(block).substr(0, cut))) << cut;
  TraceIndex index = index_of(records, block.size());
  auto index_back = decode_index(encode_index(index));
  ASSERT_TRUE(index_back);
  EXPECT_TRUE(index_back->has(trace_hash("6t5kq8w3d0v7")));
  EXPECT_FALSE(index_back->has(trace_hash("6t5kq8w3d0v8")));
  EXPECT_EQ(index_back->octets, block.size());
  // Golden: version 1 as it is on disk (docs/formats/trace.md).
  std::vector<TraceRecord> one = {
      {WallTime(1ms), Severity::info, "e", {{"to", std::string("A")}, {"n", std::int64_t{2}}}}};
  EXPECT_EQ(encode_block(one), std::string("\x01\x01\x02\x01\x01"
                                           "e\x02\x02to\x00\x01"
                                           "A\x01n\x01\x04",
                                           17));
}

TEST(TraceSentence, AnEventWithoutOneIsToldAsItIs) {
  EXPECT_EQ(trace_sentence({WallTime{},
                            Severity::info,
                            "new.thing.happened",
                            {{"queue_id", std::string("X")}, {"why", std::string("a\nb")}}}),
            "new.thing.happened: why=a\\x0ab");
}

}  // namespace
}  // namespace posta::ops

// test_world.h: one simulated machine with a store in memory, for this room's tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mailbox/check.h"
#include "mailbox/impl.h"
#include "mailbox/mailbox.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"

namespace posta::mailbox::testing {

using runtime::sim::SimExecutor;

inline constexpr AccountId kAnn{1024};
inline constexpr AccountId kBob{1025};

template <class T>
Task<> put_result(std::optional<T>& out, Task<T> task) {
  out.emplace(co_await std::move(task));
}

// Runs a task to its end.
template <class T>
T run(SimExecutor& executor, Task<T> task) {
  std::optional<T> out;
  executor.run_task(put_result(out, std::move(task)));
  return std::move(*out);
}

// Runs a task that must not fail.
template <class T>
T run_ok(SimExecutor& executor, Task<Result<T>> task) {
  auto result = run(executor, std::move(task));
  EXPECT_TRUE(result.has_value()) << (result ? "" : describe(result.error()));
  CHECK(result.has_value());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline Task<Result<std::unique_ptr<store::BodyWriter>>> write_body(store::Store& store,
                                                                   std::string octets) {
  auto writer = store.new_body();
  CO_TRY_VOID(co_await writer->write(std::move(octets)));
  CO_TRY_VOID(co_await writer->finish());
  co_return std::move(writer);
}

inline Task<Result<std::pair<AppendCode, Appended>>> append_text(store::Store& store,
                                                                 Mailboxes& mailboxes,
                                                                 AccountId account, Arrival arrival,
                                                                 std::string text) {
  auto written = co_await write_body(store, std::move(text));
  CO_TRY(auto body, std::move(written));
  co_return co_await mailboxes.append(account, std::move(arrival), std::move(body));
}

inline Task<Result<>> create_account(store::Store& store, Mailboxes& mailboxes, AccountId account,
                                     WallTime now) {
  store::Batch batch;
  mailboxes.prepare_create(batch, account, now);
  auto result = co_await store.commit(std::move(batch));
  CO_TRY(auto committed, std::move(result));
  if (!committed.ok()) co_return fail(Error::Kind::conflict, "the account exists");
  co_return Result<>{};
}

struct World {
  explicit World(std::uint64_t seed, Limits l = {}) : executor(seed), disk(seed), limits(l) {
    options.seed = seed;
    open();
  }
  void open() {
    auto opened = store::memory::open(disk, executor, options);
    CHECK(opened.has_value());
    memory = std::move(*opened);
    mailboxes = std::make_unique<Mailboxes>(*memory, limits);
  }
  // After crash(), when nobody uses the store any more.
  void reopen() {
    mailboxes.reset();
    memory.reset();
    open();
  }
  store::Store& store() { return *memory; }

  SimExecutor executor;
  store::memory::Disk disk;
  store::memory::Options options;
  Limits limits;
  std::unique_ptr<store::memory::MemoryStore> memory;
  std::unique_ptr<Mailboxes> mailboxes;
};

inline std::vector<MessageState> states_of(const View& view) {
  std::vector<MessageState> states;
  view.visit(1, view.count(),
             [&](std::uint32_t, const MessageState& state) { states.push_back(state); });
  return states;
}

inline std::string text_of(const MessageState& s) {
  return fmt::format("{}:e{} f{:x}/{:x} m{} s{} d{}", s.uid.value, s.email.value, s.flags.system,
                     s.flags.keywords, s.mod_seq.value, s.size,
                     s.internal_date.time_since_epoch().count());
}

inline std::string text_of(const View& view) {
  const MailboxRecord& r = view.record();
  std::string text =
      fmt::format("{} next {} modseq {} messages {} unseen {} deleted {} octets {}\n", r.name,
                  r.uid_next.value, r.mod_seq.value, r.messages, r.unseen, r.deleted, r.octets);
  for (const auto& state : states_of(view)) text += text_of(state) + "\n";
  return text;
}

inline std::vector<Uid> uids(std::initializer_list<std::uint32_t> list) {
  std::vector<Uid> result;
  for (auto uid : list) result.emplace_back(uid);
  return result;
}

// One account, Ann's, in a world of its own.
class MailboxCase : public ::testing::Test {
 protected:
  MailboxCase() { create(kAnn); }

  void create(AccountId account) {
    run_ok(executor(), create_account(store(), boxes(), account, executor().wall()));
  }
  SimExecutor& executor() { return world_.executor; }
  store::Store& store() { return world_.store(); }
  Mailboxes& boxes() { return *world_.mailboxes; }

  std::pair<AppendCode, Appended> append(Arrival arrival, std::string text) {
    arrival.internal_date = executor().wall();
    return run_ok(executor(), append_text(store(), boxes(), kAnn, std::move(arrival), text));
  }
  Appended deliver(std::string text) {
    auto [code, appended] = append({}, std::move(text));
    EXPECT_EQ(code, AppendCode::ok);
    return appended;
  }
  void deliver_many(int count) {
    for (int i = 0; i < count; ++i) deliver("Subject: " + std::to_string(i) + "\r\n\r\n");
  }
  std::shared_ptr<const View> open(MailboxId id = kInbox) {
    return run_ok(executor(), boxes().open(kAnn, id));
  }
  void flag(std::vector<Uid> which, Mailboxes::FlagMode mode, Flags flags) {
    run_ok(executor(), boxes().store_flags(kAnn, kInbox, std::move(which), mode, flags));
  }
  std::vector<Uid> expunge(std::vector<Uid> which) {
    return run_ok(executor(), boxes().expunge(kAnn, kInbox, std::move(which), executor().wall()));
  }
  Email email(EmailId id) { return *run_ok(executor(), boxes().email(kAnn, id)); }
  Use use() { return run_ok(executor(), boxes().use(kAnn)); }
  void clean(AccountId account = kAnn) {
    auto findings = run_ok(executor(), check_account(store().snapshot(), account));
    EXPECT_EQ(findings, std::vector<std::string>{});
    std::string afresh =
        text_of(*run_ok(executor(), read_view(store().snapshot(), account, kInbox)));
    EXPECT_EQ(text_of(*run_ok(executor(), boxes().open(account, kInbox))), afresh);
  }
  std::size_t keys_of(AccountId account) {
    auto pairs = run_ok(executor(), store().snapshot()->scan(keys::everything(account), 100'000));
    return pairs.size();
  }

  World world_{1};
};

using Mode = Mailboxes::FlagMode;

}  // namespace posta::mailbox::testing

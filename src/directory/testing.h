// testing.h: for tests: tasks run to their end on a simulated executor, and a directory to ask.
// Templates, so that this header needs no twin (those are for the tests themselves to include).
#pragma once

#include <gtest/gtest.h>

#include "directory/directory.h"

namespace posta::directory {

template <class T>
Task<> put_into(std::optional<T>& out, Task<T> task) {
  out.emplace(co_await std::move(task));
}

template <class Sim, class T>
T await(Sim& executor, Task<T> task) {
  std::optional<T> out;
  executor.run_task(put_into(out, std::move(task)));
  return *std::move(out);
}

template <class T>
Task<> collect(std::vector<T>& out, Task<T> task) {
  out.push_back(co_await std::move(task));
}

inline Address address(std::string_view text) {
  if (auto whole = Address::parse(text)) return *whole;
  return {std::string(text), {}};
}

inline Domain domain_of(std::string_view text) {
  return *Domain::parse(text);
}

// Hashes at their cheapest, so that tests are quick.
inline Limits cheap_limits() {
  Limits limits;
  limits.hash_cost = {.memory = 64_KiB, .passes = 1, .lanes = 1};
  limits.scram_iterations = 16;
  return limits;
}

// A directory on a store on a simulated executor, and one change after the other.
template <class Sim>
class Town {
 public:
  Town(Sim& e, store::Store& s, Limits limits = cheap_limits())
      : executor(e), store(s), directory(s, limits) {}

  // `prepare(batch)` makes a prepare_* task. True: committed.
  template <class F>
  Result<bool> change(F prepare) {
    store::Batch batch;
    auto prepared = await(executor, prepare(batch));
    if (!prepared) return Failure(prepared.error());
    auto done = await(executor, store.commit(std::move(batch)));
    if (!done) return Failure(done.error());
    return done->ok();
  }

  void add_domain(std::string_view name, DomainInfo info = {}) {
    info.name = domain_of(name);
    EXPECT_EQ(change([&](store::Batch& b) { return directory.prepare_add_domain(b, info); }), true);
  }

  AccountId add_account(std::string_view name, std::string password = "", Quota quota = {}) {
    NewAccount account{.address = address(name), .password = password, .quota = quota};
    store::Batch batch;
    auto id = await(executor, directory.prepare_add_account(batch, account));
    EXPECT_TRUE(id) << name << ": " << (id ? "" : id.error().what);
    auto done = await(executor, store.commit(std::move(batch)));
    EXPECT_TRUE(done && done->ok());
    return id.value_or(AccountId());
  }

  void add_alias(std::string_view name, std::vector<std::string_view> targets) {
    Alias alias{address(name), {}};
    for (auto target : targets) alias.targets.push_back(address(target));
    EXPECT_EQ(change([&](store::Batch& b) { return directory.prepare_add_alias(b, alias); }), true)
        << name;
  }

  void set_enabled(AccountId id, bool enabled) {
    auto account = *await(executor, directory.account(id));
    ASSERT_TRUE(account);
    account->enabled = enabled;
    EXPECT_EQ(change([&](store::Batch& b) { return directory.prepare_set_account(b, *account); }),
              true);
  }

  // The answer in words: "account ann@example.org +detail".
  std::string ask(std::string_view text) { return words(await(executor, look_up(text))); }

  Task<Result<Entry>> look_up(std::string_view text) { return directory.look_up(address(text)); }

  static std::string words(const Result<Entry>& entry) {
    if (!entry) return "error " + entry.error().what;
    auto with = [](std::string out, const std::string& detail) {
      return detail.empty() ? out : out + " +" + detail;
    };
    if (std::get_if<NotLocal>(&*entry)) return "not local";
    if (std::get_if<Unknown>(&*entry)) return "unknown";
    if (auto* off = std::get_if<Disabled>(&*entry))
      return fmt::format("off {}", off->account.value);
    if (auto* found = std::get_if<IsAccount>(&*entry))
      return with("account " + found->account.address.str(), found->detail);
    const auto& alias = std::get<IsAlias>(*entry);
    std::string out = "alias " + alias.alias.str() + " ->";
    for (const Address& target : alias.targets) out += " " + target.str();
    return with(out, alias.detail);
  }

  Sim& executor;
  store::Store& store;
  Directory directory;
};

}  // namespace posta::directory

#include "ops/credentials.h"

#include "directory/testing.h"
#include "ops/accounts.h"
#include "ops/domains.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"

namespace posta::ops {
namespace {

using directory::address;
using directory::await;
using Kind = Error::Kind;

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    EXPECT_TRUE(await(executor, domains.add(directory::domain_of("example.org"), {})));
    for (const char* name : {"ann@example.org", "bob@example.org"}) {
      directory::NewAccount account{.address = address(name), .password = "long enough"};
      EXPECT_TRUE(await(executor, accounts.add(std::move(account))));
    }
  }
  bool may_log_in(std::string who, std::string password) {
    auto answer = await(executor, directory.authenticate(who, password));
    return answer && answer->outcome == directory::Login::ok;
  }

  runtime::sim::SimExecutor executor{1};
  store::memory::Disk disk{1};
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  directory::Directory directory{*store, directory::cheap_limits()};
  mailbox::Mailboxes mailboxes{*store, {}};
  Accounts accounts{*store, directory, mailboxes};
  Domains domains{*store, directory};
  Credentials credentials{*store, directory};
};

TEST_F(CredentialsTest, AnOwnerChangesThePassword) {
  auto change = [&](std::string_view who, std::string old, std::string fresh) {
    auto done = await(executor, credentials.change_password(address(who), old, fresh));
    return done ? std::nullopt : std::optional(done.error().kind);
  };
  EXPECT_EQ(change("ann", "wrong", "another long one"), Kind::denied);
  EXPECT_EQ(change("ann", "long enough", ""), Kind::syntax);
  EXPECT_EQ(change("ann", "long enough", "short"), Kind::limit);
  EXPECT_EQ(change("zoe", "long enough", "another long one"), Kind::not_found);
  EXPECT_TRUE(may_log_in("ann", "long enough"));
  EXPECT_EQ(change("ann", "long enough", "another long one"), std::nullopt);
  EXPECT_FALSE(may_log_in("ann", "long enough"));
  EXPECT_TRUE(may_log_in("ann", "another long one"));
  EXPECT_TRUE(await(executor, accounts.set(address("bob"), {.enabled = false})));
  EXPECT_EQ(change("bob", "long enough", "another long one"), Kind::denied);
}

TEST_F(CredentialsTest, AnAppPasswordDoesNotChangeThePassword) {
  std::string app = directory::generate_password(executor);
  EXPECT_EQ(await(executor, credentials.add_app_password(address("ann"), {"phone", {}, app}))
                .error()
                .kind,
            Kind::syntax);
  auto number = await(executor, credentials.add_app_password(
                                    address("ann"), {"phone", directory::Scopes::all(), app}));
  ASSERT_TRUE(number);
  EXPECT_TRUE(may_log_in("ann", app));
  auto done = await(executor, credentials.change_password(address("ann"), app, "my own password"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, Kind::denied);
  EXPECT_EQ(await(executor, credentials.app_passwords(address("ann")))->size(), 1u);
  EXPECT_TRUE(await(executor, credentials.remove_app_password(address("ann"), *number)));
  EXPECT_FALSE(may_log_in("ann", app));
}

// Everybody who adds one at the same time gets one, and a number of their own.
TEST_F(CredentialsTest, ManyAppPasswordsAreAddedAtOnce) {
  std::vector<Result<std::uint32_t>> numbers;
  runtime::Nursery nursery(executor);
  for (int i = 0; i < 5; ++i)
    nursery.spawn(directory::collect(
        numbers, credentials.add_app_password(
                     address("ann"), {"phone " + std::to_string(i), directory::Scopes::all(),
                                      directory::generate_password(executor)})));
  executor.run_task(nursery.join());
  std::set<std::uint32_t> found;
  for (const auto& number : numbers) {
    ASSERT_TRUE(number) << number.error().what;
    found.insert(*number);
  }
  EXPECT_EQ(found.size(), 5u);
}

TEST_F(CredentialsTest, GrantsAreGivenAndTaken) {
  auto grant = *directory::parse_grant("@example.net");
  EXPECT_TRUE(await(executor, credentials.grant(address("ann"), grant)));
  EXPECT_EQ(await(executor, credentials.grant(address("ann"), grant)).error().kind, Kind::conflict);
  EXPECT_EQ(await(executor, credentials.grants(address("ann")))->size(), 1u);
  EXPECT_TRUE(await(executor, credentials.revoke(address("ann"), grant)));
  EXPECT_EQ(await(executor, credentials.revoke(address("ann"), grant)).error().kind,
            Kind::not_found);
  EXPECT_EQ(await(executor, credentials.grant(address("zoe"), grant)).error().kind,
            Kind::not_found);
}

}  // namespace
}  // namespace posta::ops

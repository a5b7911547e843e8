#include "base/codec.h"
#include "directory/directory.h"
#include "directory/keys.h"
#include "directory/password.h"
#include "directory/records.h"
#include "directory/testing.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "runtime/sleep.h"
#include "store/memory/memory_store.h"
#include "wire/sasl/client.h"
#include "wire/sasl/scram_server.h"

namespace posta::directory {
namespace {

using runtime::sim::SimExecutor;
using wire::sasl::Hash;
using wire::sasl::Mechanism;

constexpr std::string_view kPassword = "correct horse";

class Credential : public testing::Test {
 protected:
  Credential() {
    town.add_domain("example.org");
    ann = town.add_account("ann@example.org", std::string(kPassword));
    bob = town.add_account("bob@example.org");  // no password
  }

  // The app password that was made.
  std::string add_app(AccountId id, Scopes scopes, std::string name = "phone") {
    std::string password = generate_password(executor);
    std::uint32_t number = 0;
    auto done = town.change([&](store::Batch& batch) -> Task<Result<>> {
      CO_TRY(number,
             co_await town.directory.prepare_add_app_password(batch, id, {name, scopes, password}));
      co_return {};
    });
    EXPECT_EQ(done, true);
    EXPECT_GT(number, 0u);
    return password;
  }

  std::string login(std::string who, std::string password, Scope scope = Scope::imap) {
    return words(await(executor, town.directory.authenticate(who, password, scope)));
  }

  static std::string words(const Result<Authenticated>& answer) {
    if (!answer) return describe(answer.error());
    if (answer->outcome == Login::disabled) return "disabled";
    if (answer->outcome == Login::wrong) return "wrong";
    return answer->principal.address.str() +
           (answer->app_password ? fmt::format(" by {}", answer->app_password) : "");
  }

  // A whole SCRAM exchange, as server/session has it.
  std::string scram(std::string who, std::string password,
                    Mechanism mechanism = Mechanism::scram_sha_256, Scope scope = Scope::imap) {
    auto client = wire::sasl::begin_client(mechanism, {who, std::move(password)},
                                           {.nonce = "client", .iterations_min = 1});
    wire::sasl::ScramServer server({mechanism, {}, false, "server"});
    EXPECT_TRUE(server.take_first(*client->initial()));
    auto known = await(
        executor, town.directory.scram(server.user(), wire::sasl::info(mechanism).hash, scope));
    if (!known) return describe(known.error());
    EXPECT_TRUE(
        server.take_final(*client->respond(server.challenge(known->salt, known->iterations))));
    for (std::size_t i = 0; i < known->keys.size(); ++i) {
      if (!server.proves(known->keys[i].keys)) continue;
      EXPECT_TRUE(client->respond(server.verdict(known->keys[i].keys)));
      EXPECT_TRUE(client->satisfied());
      return words(await(executor, town.directory.scram_proved(*known, i)));
    }
    return "wrong";
  }

  std::optional<std::string> read(std::string key) {
    return *await(executor, store->snapshot()->get(std::move(key)));
  }

  SimExecutor executor{1};
  store::memory::Disk disk{1};
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  Town<SimExecutor> town{executor, *store};
  AccountId ann, bob;
};

TEST_F(Credential, ScramKnowsWhoKnowsThePassword) {
  for (Mechanism mechanism : {Mechanism::scram_sha_256, Mechanism::scram_sha_1}) {
    EXPECT_EQ(scram("ann", "correct horse", mechanism), "ann@example.org");
    EXPECT_EQ(scram("ANN@example.org", "correct horse", mechanism), "ann@example.org");
    EXPECT_EQ(scram("ann", "Correct horse", mechanism), "wrong");
    EXPECT_EQ(scram("bob", "correct horse", mechanism), "wrong");
    EXPECT_EQ(scram("nobody", "correct horse", mechanism), "wrong");
  }
  EXPECT_TRUE(town.change([&](store::Batch& b) {
    return town.directory.prepare_set_password(b, ann, "another horse");
  }));
  EXPECT_EQ(scram("ann", "correct horse"), "wrong");
  EXPECT_EQ(scram("ann", "another horse"), "ann@example.org");
}

TEST_F(Credential, ScramTellsAnUnknownUserFromAKnownOneByNothing) {
  auto told = [&](Directory& directory, std::string who, Hash hash = Hash::sha_256) {
    auto login = await(executor, directory.scram(std::move(who), hash, Scope::imap));
    EXPECT_TRUE(login);
    return std::pair(login->salt, login->iterations);
  };
  auto nobody = told(town.directory, "nobody");
  EXPECT_EQ(nobody.first.size(), 16u);
  EXPECT_EQ(nobody.second, told(town.directory, "ann").second);
  EXPECT_EQ(told(town.directory, "ann").first.size(), 16u);
  EXPECT_EQ(told(town.directory, "NOBODY@example.org"), nobody) << "asked again, the same";
  EXPECT_NE(told(town.directory, "nobody2"), nobody);
  EXPECT_NE(told(town.directory, "nobody", Hash::sha_1), nobody);
  EXPECT_NE(told(town.directory, "@"), told(town.directory, "@@"));
  Directory later(*store, cheap_limits());
  EXPECT_EQ(told(later, "nobody"), nobody) << "after a restart too";
  // Becoming somebody changes nothing that can be seen, nor does a password.
  town.add_account("nobody@example.org", "correct horse");
  EXPECT_EQ(told(town.directory, "nobody"), nobody);
  auto before = told(town.directory, "bob");
  add_app(bob, Scopes::all());
  EXPECT_EQ(told(town.directory, "bob"), before);
}

TEST_F(Credential, AppPasswordsAreGoodForTheirScopes) {
  std::string phone = add_app(ann, Scopes().add(Scope::imap).add(Scope::smtp));
  std::string fetch = add_app(ann, Scopes().add(Scope::pop3), "fetch");
  EXPECT_EQ(login("ann", phone, Scope::imap), "ann@example.org by 1");
  EXPECT_EQ(login("ann", phone, Scope::smtp), "ann@example.org by 1");
  EXPECT_EQ(login("ann", phone, Scope::pop3), "wrong");
  EXPECT_EQ(login("ann", fetch, Scope::pop3), "ann@example.org by 2");
  EXPECT_EQ(login("ann", std::string(kPassword), Scope::pop3), "ann@example.org");
  EXPECT_EQ(login("bob", phone, Scope::imap), "wrong");
  for (Mechanism m : {Mechanism::scram_sha_256, Mechanism::scram_sha_1}) {
    EXPECT_EQ(scram("ann", phone, m, Scope::imap), "ann@example.org by 1");
    EXPECT_EQ(scram("ann", phone, m, Scope::pop3), "wrong");
    EXPECT_EQ(scram("ann", fetch, m, Scope::pop3), "ann@example.org by 2");
    EXPECT_EQ(scram("ann", std::string(kPassword), m, Scope::pop3), "ann@example.org");
  }
}

TEST_F(Credential, AppPasswordsOutliveANewPassword) {
  std::string phone = add_app(ann, Scopes::all());
  EXPECT_TRUE(town.change([&](store::Batch& b) {
    return town.directory.prepare_set_password(b, ann, "another horse");
  }));
  EXPECT_EQ(scram("ann", phone), "ann@example.org by 1");
  EXPECT_EQ(scram("ann", "another horse"), "ann@example.org");
  EXPECT_TRUE(town.change(
      [&](store::Batch& b) { return town.directory.prepare_set_password(b, ann, ""); }));
  EXPECT_EQ(scram("ann", phone), "ann@example.org by 1");
  EXPECT_EQ(scram("ann", "another horse"), "wrong");
  EXPECT_EQ(login("ann", "another horse"), "wrong");
}

TEST_F(Credential, AnAccountWithAppPasswordsAloneLogsIn) {
  std::string phone = add_app(bob, Scopes::all());
  EXPECT_EQ(login("bob", phone), "bob@example.org by 1");
  EXPECT_EQ(scram("bob", phone), "bob@example.org by 1");
  EXPECT_EQ(login("bob", std::string(kPassword)), "wrong");
}

TEST_F(Credential, ARemovedAppPasswordIsGoodForNothing) {
  std::string first = add_app(ann, Scopes::all());
  std::string second = add_app(ann, Scopes::all(), "tablet");
  auto remove = [&](std::uint32_t number) {
    return town.change([&](store::Batch& b) {
      return town.directory.prepare_remove_app_password(b, ann, number);
    });
  };
  EXPECT_EQ(login("ann", first), "ann@example.org by 1");
  EXPECT_TRUE(remove(1));
  EXPECT_EQ(login("ann", first), "wrong");
  EXPECT_EQ(scram("ann", first), "wrong");
  EXPECT_EQ(login("ann", second), "ann@example.org by 2");
  auto again = remove(1);
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error().is(Error::Kind::not_found));
}

TEST_F(Credential, AChangeOfWhatWasLoggedInWithIsKnown) {
  std::string phone = add_app(ann, Scopes::all());
  auto with = [&](std::string password) {
    auto answer = await(executor, town.directory.authenticate("ann", std::move(password)));
    EXPECT_TRUE(answer && answer->outcome == Login::ok);
    return answer->principal.credential;
  };
  auto standing = [&](posta::Credential credential) {
    return *await(executor, town.directory.standing(ann, credential));
  };
  auto set = [&](std::string password) {
    EXPECT_EQ(town.change([&](store::Batch& b) {
      return town.directory.prepare_set_password(b, ann, password);
    }),
              true);
  };
  auto remove = [&](std::uint32_t number) {
    EXPECT_EQ(town.change([&](store::Batch& b) {
      return town.directory.prepare_remove_app_password(b, ann, number);
    }),
              true);
  };
  posta::Credential own = with(std::string(kPassword)), app = with(phone);
  auto proved =
      *await(executor, town.directory.scram("ann", wire::sasl::Hash::sha_256, Scope::imap));
  EXPECT_EQ(proved.keys.at(0).credential, own);
  EXPECT_EQ(proved.keys.at(1).credential, app);
  EXPECT_EQ(standing(own), Standing::good);
  EXPECT_EQ(standing(app), Standing::good);
  // Each holds for who used it, and the same password set anew is another.
  set(std::string(kPassword));
  EXPECT_EQ(standing(own), Standing::revoked);
  EXPECT_EQ(standing(with(std::string(kPassword))), Standing::good);
  EXPECT_EQ(standing(app), Standing::good);
  remove(1);
  EXPECT_EQ(standing(app), Standing::revoked);
  std::string again = add_app(ann, Scopes::all());
  EXPECT_EQ(with(again).app_password, app.app_password) << "the number is used again";
  EXPECT_EQ(standing(app), Standing::revoked);
  own = with(std::string(kPassword));
  EXPECT_EQ(
      town.change([&](store::Batch& b) { return town.directory.prepare_set_postmaster(b, bob); }),
      true);
  town.set_enabled(ann, false);
  EXPECT_EQ(standing(own), Standing::disabled);
  town.set_enabled(ann, true);
  set("");
  EXPECT_EQ(standing(own), Standing::revoked);
}

TEST_F(Credential, AppPasswordsAreListedWithTheirLastUse) {
  std::string phone = add_app(ann, Scopes().add(Scope::pop3), "Phone");
  auto list = [&] { return *await(executor, town.directory.app_passwords(ann)); };
  ASSERT_EQ(list().size(), 1u);
  EXPECT_EQ(list()[0].name, "Phone");
  EXPECT_EQ(to_string(list()[0].scopes), "pop3");
  EXPECT_EQ(list()[0].used, std::nullopt);
  WallTime first = executor.wall();
  EXPECT_EQ(login("ann", phone, Scope::pop3), "ann@example.org by 1");
  await(executor, runtime::sleep_for(std::chrono::minutes(30)));
  ASSERT_TRUE(list()[0].used);
  EXPECT_GE(*list()[0].used, first);
  WallTime noted = *list()[0].used;
  EXPECT_EQ(login("ann", phone, Scope::pop3), "ann@example.org by 1");
  await(executor, runtime::sleep_for(std::chrono::minutes(31)));
  EXPECT_EQ(*list()[0].used, noted) << "at most once an hour";
  EXPECT_EQ(scram("ann", phone, Mechanism::scram_sha_256, Scope::pop3), "ann@example.org by 1");
  await(executor, runtime::sleep_for(std::chrono::seconds(1)));
  EXPECT_GT(*list()[0].used, noted);
}

TEST_F(Credential, AppPasswordsHaveLimits) {
  Limits limits = cheap_limits();
  limits.app_passwords_max = 2;
  Town<SimExecutor> narrow(executor, *store, limits);
  auto add = [&](NewAppPassword made) {
    store::Batch batch;
    auto number = await(executor, narrow.directory.prepare_add_app_password(batch, ann, made));
    if (!number) return describe(number.error());
    EXPECT_TRUE(await(executor, store->commit(std::move(batch)))->ok());
    return std::to_string(*number);
  };
  const std::string password = generate_password(executor);
  EXPECT_EQ(add({"a", Scopes::all(), password}), "1");
  EXPECT_EQ(add({"b", Scopes::all(), password}), "2");
  EXPECT_NE(add({"c", Scopes::all(), password}).find("remove one first"), std::string::npos);
  EXPECT_NE(add({"", Scopes::all(), password}).find("name"), std::string::npos);
  EXPECT_NE(add({"d", Scopes(), password}).find("nothing"), std::string::npos);
  EXPECT_NE(add({"d", Scopes::all(), "short"}).find("fewer than"), std::string::npos);
  EXPECT_NE(add({"d\n", Scopes::all(), password}).find("control"), std::string::npos);
}

TEST_F(Credential, ADisabledAccountIsDisabledByEveryWay) {
  AccountId carl = town.add_account("carl@example.org", "battery staple");
  std::string phone = add_app(carl, Scopes::all());
  EXPECT_EQ(login("carl", "battery staple"), "carl@example.org");  // remembered
  town.set_enabled(carl, false);
  EXPECT_EQ(login("carl", "battery staple"), "disabled");
  EXPECT_EQ(login("carl", phone), "disabled");
  EXPECT_EQ(scram("carl", "battery staple"), "disabled");
  EXPECT_EQ(scram("carl", phone), "disabled");
  EXPECT_EQ(scram("carl", "wrong"), "wrong");
}

// A hasher that can do nothing: who is let in all the same was remembered.
TEST_F(Credential, ASuccessIsRememberedUntilTheCredentialChanges) {
  Limits limits = cheap_limits();
  limits.hashings_waiting_max = 1;
  Directory busy(*store, limits);
  auto ask = [&](std::string password, Scope scope = Scope::imap) {
    return words(await(executor, busy.authenticate("ann", std::move(password), scope)));
  };
  EXPECT_EQ(ask("correct horse"), "ann@example.org");
  // One place, and somebody has it.
  std::vector<Result<Authenticated>> others;
  runtime::Nursery nursery(executor);
  nursery.spawn(collect(others, busy.authenticate("nobody", "x")));
  std::vector<Result<Authenticated>> answers;
  nursery.spawn(collect(answers, busy.authenticate("ann", "correct horse")));
  nursery.spawn(collect(answers, busy.authenticate("ann", "correct horsf")));
  nursery.spawn(collect(answers, busy.authenticate("ann", "correct horse", Scope::pop3)));
  executor.run_task(nursery.join());
  int in = 0, turned_away = 0;
  for (const auto& answer : answers) {
    in += answer && answer->outcome == Login::ok;
    turned_away += !answer;
  }
  EXPECT_GE(in, 1) << "the remembered one needs no place";
  EXPECT_GE(turned_away + in, 2);
  EXPECT_TRUE(town.change([&](store::Batch& b) {
    return town.directory.prepare_set_password(b, ann, "another horse");
  }));
  EXPECT_EQ(ask("correct horse"), "wrong");
  EXPECT_EQ(ask("another horse"), "ann@example.org");
}

// What a version without SCRAM has left: a hash alone.
TEST_F(Credential, AnOldAccountGetsScramKeysAtItsFirstLogin) {
  store::Batch older;
  older.erase(scram_key(ann)).erase(std::string(kSecretKey));
  EXPECT_TRUE(await(executor, store->commit(std::move(older)))->ok());
  Town<SimExecutor> now(executor, *store);
  EXPECT_EQ(scram("ann", "correct horse"), "wrong");
  EXPECT_EQ(words(await(executor, now.directory.authenticate("ann", "Correct horse"))), "wrong");
  EXPECT_FALSE(read(scram_key(ann)));
  EXPECT_EQ(words(await(executor, now.directory.authenticate("ann", "correct horse"))),
            "ann@example.org");
  EXPECT_TRUE(read(scram_key(ann)));
  auto known = await(executor, now.directory.scram("ann", Hash::sha_256, Scope::imap));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->keys.size(), 1u);
  EXPECT_EQ(scram("ann", "correct horse"), "ann@example.org");
}

TEST_F(Credential, AHigherCountHoldsForPasswordsSetAfterIt) {
  Limits dearer = cheap_limits();
  dearer.scram_iterations = 40;
  Town<SimExecutor> later(executor, *store, dearer);
  auto count = [&](std::string who) {
    return (*await(executor, town.directory.scram(who, Hash::sha_256, Scope::imap))).iterations;
  };
  auto set = [&](AccountId id) {
    EXPECT_TRUE(later.change([&](store::Batch& b) {
      return later.directory.prepare_set_password(b, id, "another horse");
    }));
  };
  EXPECT_EQ(count("ann"), 16u);
  set(ann);
  EXPECT_EQ(count("ann"), 40u);
  EXPECT_EQ(scram("ann", "another horse"), "ann@example.org");
  // Keys of an app password stand on the old count: it stays.
  std::string phone = add_app(bob, Scopes::all());
  set(bob);
  EXPECT_EQ(count("bob"), 16u);
  EXPECT_EQ(scram("bob", phone), "bob@example.org by 1");
  EXPECT_EQ(scram("bob", "another horse"), "bob@example.org");
}

TEST_F(Credential, PasswordsAreNowhereInTheStore) {
  add_app(ann, Scopes::all());
  std::string phone = add_app(ann, Scopes::all());
  login("ann", phone);
  login("ann", std::string(kPassword));
  auto all = *await(executor, store->snapshot()->scan({"", ""}, 1000));
  EXPECT_GT(all.size(), 10u);
  for (const auto& [key, value] : all) {
    EXPECT_EQ(value.find(kPassword), std::string::npos) << key;
    EXPECT_EQ(value.find(phone), std::string::npos) << key;
  }
}

TEST_F(Credential, RemovingAnAccountRemovesWhatItCouldLogInWith) {
  std::string phone = add_app(bob, Scopes::all());
  EXPECT_EQ(login("bob", phone), "bob@example.org by 1");
  await(executor, runtime::sleep_for(std::chrono::seconds(1)));
  EXPECT_TRUE(read(last_use_key(bob, 1)));
  EXPECT_TRUE(town.change([&](store::Batch& b) {
    return town.directory.prepare_grant(b, bob, *parse_grant("@example.net"));
  }));
  EXPECT_TRUE(
      town.change([&](store::Batch& b) { return town.directory.prepare_remove_account(b, bob); }));
  EXPECT_FALSE(read(app_password_key(bob, 1)));
  EXPECT_FALSE(read(scram_key(bob)));
  EXPECT_FALSE(read(last_use_key(bob, 1)));
  EXPECT_TRUE(await(executor, town.directory.grants(bob))->empty());
}

TEST_F(Credential, OwnerProvesThePasswordItself) {
  std::string phone = add_app(ann, Scopes::all());
  EXPECT_EQ(await(executor, town.directory.knows_password(ann, "correct horse")), true);
  EXPECT_EQ(await(executor, town.directory.knows_password(ann, "Correct horse")), false);
  EXPECT_EQ(await(executor, town.directory.knows_password(ann, phone)), false);
  EXPECT_EQ(await(executor, town.directory.knows_password(ann, "")), false);
  EXPECT_EQ(await(executor, town.directory.knows_password(bob, "correct horse")), false);
}

TEST_F(Credential, GrantsSayWhoMaySendAsWhom) {
  auto grant = [&](std::string_view text) {
    return town.change(
        [&](store::Batch& b) { return town.directory.prepare_grant(b, ann, *parse_grant(text)); });
  };
  auto granted = [&](std::string_view text) {
    return *await(executor, town.directory.is_granted(ann, address(text)));
  };
  EXPECT_TRUE(grant("Info@Example.NET"));
  EXPECT_TRUE(grant("@sales.example"));
  EXPECT_TRUE(granted("info@example.net"));
  EXPECT_TRUE(granted("INFO@example.net"));
  EXPECT_TRUE(granted("anybody@sales.example"));
  EXPECT_FALSE(granted("other@example.net"));
  EXPECT_FALSE(granted("x@sub.sales.example"));
  EXPECT_FALSE(*await(executor, town.directory.is_granted(bob, address("info@example.net"))));
  auto again = grant("info@example.net");
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error().is(Error::Kind::conflict));
  auto list = *await(executor, town.directory.grants(ann));
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].str(), "info@example.net");
  EXPECT_EQ(list[1].str(), "@sales.example");
  auto revoke = [&](std::string_view text) {
    return town.change(
        [&](store::Batch& b) { return town.directory.prepare_revoke(b, ann, *parse_grant(text)); });
  };
  EXPECT_TRUE(revoke("@sales.example"));
  EXPECT_FALSE(granted("anybody@sales.example"));
  EXPECT_FALSE(revoke("@sales.example"));
  EXPECT_FALSE(parse_grant("@"));
  EXPECT_FALSE(parse_grant("nobody"));
}

}  // namespace
}  // namespace posta::directory

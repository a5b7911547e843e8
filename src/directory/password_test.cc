#include "directory/password.h"

#include "directory/testing.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"

namespace posta::directory {
namespace {

using runtime::sim::SimExecutor;

constexpr HashCost kCheap{.memory = 64_KiB, .passes = 1, .lanes = 1};

TEST(Hasher, VerifiesWhatItHashedAndNothingElse) {
  SimExecutor executor(1);
  Hasher hasher(kCheap, 1_MiB, 10);
  auto text = await(executor, hasher.hash("Correct Horse"));
  ASSERT_TRUE(text);
  auto hash = decode_password_hash(*text);
  ASSERT_TRUE(hash);
  EXPECT_EQ(encode(*hash), *text);
  EXPECT_EQ(hash->cost, kCheap);
  EXPECT_EQ(await(executor, hasher.verify(*hash, "Correct Horse")), true);
  EXPECT_EQ(await(executor, hasher.verify(*hash, "correct horse")), false);
  EXPECT_EQ(await(executor, hasher.verify(*hash, "")), false);
  EXPECT_EQ(await(executor, hasher.verify_nobody("Correct Horse")), false);
}

TEST(Hasher, SaltsEveryHash) {
  SimExecutor executor(1);
  Hasher hasher(kCheap, 1_MiB, 10);
  EXPECT_NE(*await(executor, hasher.hash("same")), *await(executor, hasher.hash("same")));
}

TEST(Hasher, TakesOnePasswordForItsComposedAndDecomposedForm) {
  SimExecutor executor(1);
  Hasher hasher(kCheap, 1_MiB, 10);
  auto hash = decode_password_hash(*await(executor, hasher.hash("caf\u00e9 secret")));
  EXPECT_EQ(await(executor, hasher.verify(*hash, "cafe\u0301 secret")), true);
}

// The known answer comes from the reference implementation's own tests (Argon2id, version 19,
// m=65536 KiB, t=2, p=1, "password", salt "somesalt").
TEST(Hasher, AgreesWithTheReference) {
  SimExecutor executor(1);
  Hasher hasher(kCheap, 256_MiB, 10);
  auto hash = decode_password_hash(
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
  ASSERT_TRUE(hash);
  EXPECT_EQ(await(executor, hasher.verify(*hash, "password")), true);
}

TEST(Hasher, WithoutMemoryOrPlaceIsUnavailableAndNeverWrong) {
  SimExecutor executor(1);
  Hasher small(kCheap, 63_KiB, 10);
  auto refused = await(executor, small.verify_nobody("x"));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(Error::Kind::unavailable));

  Hasher narrow(kCheap, 1_MiB, 2);
  std::vector<Result<bool>> answers;
  runtime::Nursery nursery(executor);
  for (int i = 0; i < 5; ++i) nursery.spawn(collect(answers, narrow.verify_nobody("x")));
  executor.run_task(nursery.join());
  int answered = 0;
  for (const auto& answer : answers) {
    answered += answer.has_value();
    if (!answer) EXPECT_TRUE(answer.error().is(Error::Kind::unavailable));
  }
  EXPECT_EQ(answered, 2);
  EXPECT_EQ(await(executor, narrow.verify_nobody("x")), false) << "the places are free again";
}

TEST(PasswordHash, RefusesWhatNobodyWouldHaveWritten) {
  for (std::string_view text : {
           "",
           "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
           "$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
           "$argon2id$v=16$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
           "$argon2id$v=19$t=2,m=64,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
           "$argon2id$v=19$m=4,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
           "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GR",
           "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
           "$argon2id$v=19$m=64,t=9999,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPP",
           "$argon2id$v=19$m=64,t=2,p=1$!!$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
           "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFh",
       }) {
    auto hash = decode_password_hash(text);
    ASSERT_FALSE(hash) << text;
    EXPECT_TRUE(hash.error().is(Error::Kind::corrupt));
  }
}

TEST(GeneratePassword, GivesFourGroupsOfLettersThatLookLikeNothingElse) {
  SimExecutor executor(1);
  std::string password = generate_password(executor);
  EXPECT_EQ(password.size(), 19u);
  for (std::size_t i = 0; i < password.size(); ++i) {
    if (i % 5 == 4) EXPECT_EQ(password[i], '-');
    EXPECT_EQ(std::string_view("01loILO").find(password[i]), std::string_view::npos);
  }
  EXPECT_NE(generate_password(executor), password);
}

}  // namespace
}  // namespace posta::directory

#include "directory/records.h"

#include <filesystem>
#include <fstream>

#include "base/codec.h"
#include "base/text.h"
#include "directory/keys.h"

namespace posta::directory {
namespace {

Address address(std::string_view text) {
  return *Address::parse(text);
}

Domain domain(std::string_view text) {
  return *Domain::parse(text);
}

WallTime at(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

struct Golden {
  std::string name;
  std::string key;
  std::string value;
};

// One of each, as docs/formats/directory.md describes them.
std::vector<Golden> one_of_each() {
  DomainInfo info;
  info.name = domain("bücher.example");
  info.postmaster = AccountId(1024);
  info.catch_all = address("rest@example.org");
  info.separator = '-';
  DomainInfo plain;
  plain.name = domain("example.org");
  Account account{AccountId(1024), address("grüße@bücher.example"),
                  false,           {5'000'000'000, 100'000},
                  "Ann Grüße",     at(1'767'225'600'123)};
  Alias alias{address("\"a b\"@example.org"), {address("ann@example.org"), address("x@y.example")}};
  Alias pattern{address("info-*@example.org"), {address("ann@example.org")}};
  Meta meta{AccountId(1026), 2, AccountId(1024), domain("example.org")};
  PasswordRecord password{
      "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$"
      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
      at(1'767'225'600'124)};
  return {
      {"meta", std::string(kMetaKey), encode(meta)},
      {"domain", domain_key(info.name), encode(info)},
      {"domain-plain", domain_key(plain.name), encode(plain)},
      {"account", account_key(account.id), encode(account)},
      {"address-account", address_key(account.address.domain, "GRÜSSE"),
       encode(AtAddress(account.id))},
      {"address-alias", address_key(alias.address.domain, alias.address.local),
       encode(AtAddress(alias))},
      {"pattern", pattern_key(pattern.address.domain, "Info-*"), encode(AtAddress(pattern))},
      {"credential-password", password_key(account.id), encode(password)},
      {"removed", removed_key(AccountId(1025)), encode(Removed{at(-1)})},
  };
}

TEST(Records, AreWrittenAsTheGoldenFileSays) {
  auto path =
      std::filesystem::path(__FILE__).parent_path() / "../../tests/golden/directory/records-v1.txt";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::vector<std::string> golden;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') golden.push_back(line);
  std::vector<std::string> now;
  for (const auto& [name, key, value] : one_of_each())
    now.push_back(fmt::format("{} {} {}", name, hex_encode(key), hex_encode(value)));
  EXPECT_EQ(now, golden);
}

// Decodes and encodes again by the key that the record stands at.
std::optional<std::string> again(std::string_view name, std::string_view value) {
  auto text = [](const auto& r) { return r ? std::optional(encode(*r)) : std::nullopt; };
  if (name == "meta") return text(decode_meta(value));
  if (name.starts_with("domain")) return text(decode_domain(domain("x.example"), value));
  if (name == "account") return text(decode_account(AccountId(1), value));
  if (name.starts_with("address") || name == "pattern") return text(decode_address(value));
  if (name.starts_with("credential")) return text(decode_password(value));
  return text(decode_removed(value));
}

TEST(Records, ReadBackWhatWasWritten) {
  for (const auto& [name, key, value] : one_of_each()) EXPECT_EQ(again(name, value), value) << name;
}

TEST(Records, RefuseEveryPrefixEveryTailAndAnotherVersion) {
  for (const auto& [name, key, value] : one_of_each()) {
    for (std::size_t size = 0; size < value.size(); ++size)
      EXPECT_FALSE(again(name, value.substr(0, size))) << name << " cut at " << size;
    EXPECT_FALSE(again(name, value + '\0')) << name;
    std::string newer = value;
    newer[0] = 2;
    EXPECT_FALSE(again(name, newer)) << name;
  }
  auto newer = decode_meta("\x02");
  ASSERT_FALSE(newer);
  EXPECT_TRUE(newer.error().is(Error::Kind::corrupt));
  EXPECT_NE(newer.error().what.find("version 2"), std::string::npos);
}

TEST(Keys, OfADomainAreOneRangeAndNobodyElsesAreInIt) {
  auto in = [](const store::Range& r, const std::string& k) { return k >= r.begin && k < r.end; };
  store::Range range = addresses_of(domain("example.org"));
  EXPECT_TRUE(in(range, address_key(domain("example.org"), "a")));
  EXPECT_TRUE(in(range, address_key(domain("example.org"), "\u00fc")));
  EXPECT_FALSE(in(range, address_key(domain("example.org.uk"), "a")));
  EXPECT_FALSE(in(range, address_key(domain("an.example.org"), "a")));
  EXPECT_FALSE(in(range, pattern_key(domain("example.org"), "a*")));
}

}  // namespace
}  // namespace posta::directory

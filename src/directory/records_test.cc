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

std::string octets(std::size_t count, char first) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += static_cast<char>(first + static_cast<char>(i));
  return out;
}

// Those that came with SCRAM, app passwords and grants.
std::vector<Golden> one_of_each_credential() {
  AccountId id(1024);
  ScramRecord scram;
  scram.sha_256 = {octets(16, 0), 10'000, {octets(32, 16), octets(32, 48)}};
  scram.sha_1 = {octets(16, 80), 4096, {octets(20, 96), octets(20, 1)}};
  ScramRecord bare;
  bare.sha_256 = {octets(16, 0), 10'000, {}};
  bare.sha_1 = {octets(16, 80), 4096, {}};
  AppPasswordRecord app{.name = "Anns Phon\u00e9",
                        .scopes = Scopes().add(Scope::imap).add(Scope::smtp),
                        .created = at(1'767'225'600'125),
                        .salt = octets(16, 2),
                        .tag = octets(32, 18),
                        .sha_256 = {octets(32, 50), octets(32, 82)},
                        .sha_1 = {octets(20, 3), octets(20, 23)}};
  Grant sender{address("info@example.net")};
  Grant everybody{{"", domain("example.net")}};
  return {
      {"credential-scram", scram_key(id), encode(scram)},
      {"credential-scram-bare", scram_key(id), encode(bare)},
      {"credential-app", app_password_key(id, 7), encode(app)},
      {"grant", grant_key(id, sender), encode(sender)},
      {"grant-domain", grant_key(id, everybody), encode(everybody)},
      {"secret", std::string(kSecretKey), encode(Secret{octets(32, 4)})},
      {"last-use", last_use_key(id, 7), encode(LastUse{at(1'767'225'600'126)})},
  };
}

std::vector<Golden> all_golden() {
  std::vector<Golden> all = one_of_each();
  for (auto& one : one_of_each_credential()) all.push_back(std::move(one));
  return all;
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
  for (const auto& [name, key, value] : all_golden())
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
  if (name == "credential-password") return text(decode_password(value));
  if (name.starts_with("credential-scram")) return text(decode_scram(value));
  if (name == "credential-app") return text(decode_app_password(value));
  if (name.starts_with("grant")) return text(decode_grant(value));
  if (name == "secret") return text(decode_secret(value));
  if (name == "last-use") return text(decode_last_use(value));
  return text(decode_removed(value));
}

TEST(Records, ReadBackWhatWasWritten) {
  for (const auto& [name, key, value] : all_golden()) EXPECT_EQ(again(name, value), value) << name;
}

TEST(Records, RefuseEveryPrefixEveryTailAndAnotherVersion) {
  for (const auto& [name, key, value] : all_golden()) {
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

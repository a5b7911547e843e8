#include "directory/credential_records.h"

#include "directory/record_parts.h"

namespace posta::directory {

namespace {

using wire::sasl::Hash;
using wire::sasl::octets_of;
using wire::sasl::ScramKeys;

constexpr std::uint8_t kArgon2idKind = 1;

void put_keys(Writer& out, const ScramKeys& keys) {
  out.text(keys.stored).text(keys.server);
}

// Marks the reader as failed unless they are as long as the hash, or (if they may be) not there.
ScramKeys take_keys(Reader& in, Hash hash, bool may_be_empty) {
  ScramKeys keys;
  keys.stored = in.text();
  keys.server = in.text();
  std::size_t size = octets_of(hash);
  bool there = keys.stored.size() == size && keys.server.size() == size;
  bool empty = may_be_empty && keys.stored.empty() && keys.server.empty();
  if (!there && !empty) in.fail();
  return keys;
}

void put_part(Writer& out, const ScramPart& part) {
  out.text(part.salt).number(part.iterations);
  put_keys(out, part.keys);
}

ScramPart take_part(Reader& in, Hash hash) {
  ScramPart part;
  part.salt = in.text();
  std::uint64_t iterations = in.number();
  if (part.salt.empty() || part.salt.size() > kScramSaltOctetsMax || iterations == 0 ||
      iterations > kScramIterationsMax)
    in.fail();
  part.iterations = static_cast<std::uint32_t>(iterations);
  part.keys = take_keys(in, hash, true);
  return part;
}

}  // namespace

std::string encode(const PasswordRecord& password) {
  Writer out(kVersion);
  out.octet(kArgon2idKind).text(password.hash);
  put_time(out, password.set);
  return out.take();
}

Result<PasswordRecord> decode_password(std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "credential"));
  if (in.octet() != kArgon2idKind) return damaged("credential");
  PasswordRecord password;
  password.hash = in.text();
  password.set = take_time(in);
  if (!in.done()) return damaged("credential");
  return password;
}

std::string encode(const ScramRecord& scram) {
  Writer out(kVersion);
  put_part(out, scram.sha_256);
  put_part(out, scram.sha_1);
  return out.take();
}

Result<ScramRecord> decode_scram(std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "scram"));
  ScramRecord scram;
  scram.sha_256 = take_part(in, Hash::sha_256);
  scram.sha_1 = take_part(in, Hash::sha_1);
  if (!in.done()) return damaged("scram");
  return scram;
}

std::string encode(const AppPasswordRecord& password) {
  Writer out(kVersion);
  out.text(password.name).octet(password.scopes.bits());
  put_time(out, password.created);
  out.text(password.salt).text(password.tag);
  put_keys(out, password.sha_256);
  put_keys(out, password.sha_1);
  return out.take();
}

Result<AppPasswordRecord> decode_app_password(std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "app password"));
  AppPasswordRecord password;
  password.name = in.text();
  auto scopes = Scopes::of(in.octet());
  if (!scopes) return damaged("app password");
  password.scopes = *scopes;
  password.created = take_time(in);
  password.salt = in.text();
  password.tag = in.text();
  password.sha_256 = take_keys(in, Hash::sha_256, false);
  password.sha_1 = take_keys(in, Hash::sha_1, false);
  if (!in.done() || password.salt.size() != kSaltOctets ||
      password.tag.size() != octets_of(Hash::sha_256))
    return damaged("app password");
  return password;
}

std::string encode(const Grant& grant) {
  Writer out(kVersion);
  out.text(grant.str());
  return out.take();
}

Result<Grant> decode_grant(std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "grant"));
  auto grant = parse_grant(in.text());
  if (!in.done() || !grant) return damaged("grant");
  return *std::move(grant);
}

std::string encode(const Secret& secret) {
  Writer out(kVersion);
  out.text(secret.octets);
  return out.take();
}

Result<Secret> decode_secret(std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "secret"));
  Secret secret{std::string(in.text())};
  if (!in.done() || secret.octets.size() != kSecretOctets) return damaged("secret");
  return secret;
}

std::string encode(const LastUse& use) {
  Writer out(kVersion);
  put_time(out, use.time);
  return out.take();
}

Result<LastUse> decode_last_use(std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "last use"));
  LastUse use{take_time(in)};
  if (!in.done()) return damaged("last use");
  return use;
}

}  // namespace posta::directory

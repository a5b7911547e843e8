#include "directory/password.h"

#include <argon2.h>
#include <fmt/format.h>

#include "base/codec.h"
#include "base/text.h"
#include "directory/credential_records.h"
#include "runtime/worker.h"
#include "wire/sasl/hash.h"
#include "wire/sasl/prepare.h"

namespace posta::directory {

namespace {

constexpr std::size_t kTagOctets = 32;
constexpr Octets kMemoryMax = 1_GiB;
constexpr std::uint32_t kPassesMax = 64;
constexpr std::uint32_t kLanesMax = 4;

std::string unpadded(std::string_view octets) {
  std::string text = base64_encode(octets);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::optional<std::string> decode_unpadded(std::string_view text) {
  std::string padded(text);
  padded.append((4 - text.size() % 4) % 4, '=');
  return base64_decode(padded);
}

// "m=19456" -> 19456
std::optional<std::uint32_t> setting(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  return to_number<std::uint32_t>(text.substr(name.size()));
}

// Takes something off a counter when it goes out of scope.
template <class N>
struct Share {
  std::atomic<N>& counter;
  N amount;
  bool taken;
  Share(std::atomic<N>& c, N n, N max) : counter(c), amount(n) {
    taken = counter.fetch_add(amount) + amount <= max;
  }
  ~Share() { counter.fetch_sub(amount); }
  Share(const Share&) = delete;
};

}  // namespace

std::string encode(const PasswordHash& hash) {
  return fmt::format("$argon2id$v=19$m={},t={},p={}${}${}", hash.cost.memory >> 10,
                     hash.cost.passes, hash.cost.lanes, unpadded(hash.salt), unpadded(hash.tag));
}

Result<PasswordHash> decode_password_hash(std::string_view text) {
  auto bad = [] { return fail(Error::Kind::corrupt, "not an Argon2id password hash"); };
  auto fields = split(text, '$');
  if (fields.size() != 6 || !fields[0].empty() || fields[1] != "argon2id" || fields[2] != "v=19")
    return bad();
  auto settings = split(fields[3], ',');
  if (settings.size() != 3) return bad();
  auto memory = setting(settings[0], "m=");
  auto passes = setting(settings[1], "t=");
  auto lanes = setting(settings[2], "p=");
  auto salt = decode_unpadded(fields[4]);
  auto tag = decode_unpadded(fields[5]);
  if (!memory || !passes || !lanes || !salt || !tag) return bad();
  PasswordHash hash{{Octets{*memory} << 10, *passes, *lanes}, *std::move(salt), *std::move(tag)};
  // RFC 9106 §3.1: the least that the function takes.
  if (hash.cost.lanes < 1 || hash.cost.lanes > kLanesMax || hash.cost.passes < 1 ||
      hash.cost.passes > kPassesMax || hash.cost.memory < 8_KiB * hash.cost.lanes ||
      hash.cost.memory > kMemoryMax || hash.salt.size() < 8 || hash.salt.size() > 64 ||
      hash.tag.size() < 16 || hash.tag.size() > 128)
    return bad();
  return hash;
}

Hasher::Hasher(HashCost cost, Octets memory_max, std::size_t waiting_max)
    : cost_(cost), memory_max_(memory_max), waiting_max_(waiting_max) {}

Task<Result<std::string>> Hasher::tag_of(PasswordHash hash, std::string password) {
  Share<std::size_t> place(use_->waiting, 1, waiting_max_);
  if (!place.taken)
    co_return fail(Error::Kind::unavailable, "too many passwords are being checked");
  auto job = [use = use_, max = memory_max_, hash = std::move(hash),
              password = wire::sasl::prepare_password(password)]() -> Result<std::string> {
    Share<Octets> memory(use->memory, hash.cost.memory, max);
    if (!memory.taken)
      return fail(Error::Kind::unavailable, "no memory is left for checking passwords");
    std::string tag(hash.tag.size(), '\0');
    int code =
        argon2id_hash_raw(hash.cost.passes, static_cast<std::uint32_t>(hash.cost.memory >> 10),
                          hash.cost.lanes, password.data(), password.size(), hash.salt.data(),
                          hash.salt.size(), tag.data(), tag.size());
    if (code != ARGON2_OK) {
      return fail(Error::Kind::unavailable,
                  fmt::format("Argon2id failed: {}", argon2_error_message(code)));
    }
    return tag;
  };
  CO_TRY(auto tag, co_await runtime::on_worker(std::move(job)));
  co_return tag;
}

Task<Result<std::string>> Hasher::hash(std::string password) {
  std::array<unsigned char, kSaltOctets> salt;
  runtime::Executor& executor = co_await runtime::this_executor();
  executor.fill_random(salt);
  PasswordHash hash{cost_, std::string(salt.begin(), salt.end()), std::string(kTagOctets, '\0')};
  CO_TRY(hash.tag, co_await tag_of(hash, std::move(password)));
  co_return encode(hash);
}

Task<Result<bool>> Hasher::verify(PasswordHash hash, std::string password) {
  std::string expected = hash.tag;
  CO_TRY(auto tag, co_await tag_of(std::move(hash), std::move(password)));
  co_return wire::sasl::equal_in_constant_time(tag, expected);
}

Task<Result<bool>> Hasher::verify_nobody(std::string password) {
  PasswordHash nobody{cost_, std::string(kSaltOctets, 'n'), std::string(kTagOctets, '\0')};
  CO_TRY_VOID(co_await tag_of(std::move(nobody), std::move(password)));
  co_return false;
}

Task<Result<ScramRecord>> Hasher::scram_keys(ScramRecord salts, std::string password) {
  Share<std::size_t> place(use_->waiting, 1, waiting_max_);
  if (!place.taken)
    co_return fail(Error::Kind::unavailable, "too many passwords are being checked");
  auto job = [salts = std::move(salts),
              password = wire::sasl::prepare_password(password)]() mutable {
    using wire::sasl::Hash;
    auto keys = [&](Hash hash, ScramPart& part) {
      part.keys = wire::sasl::scram_keys(
          hash, wire::sasl::stretch(hash, password, part.salt, part.iterations));
    };
    keys(Hash::sha_256, salts.sha_256);
    keys(Hash::sha_1, salts.sha_1);
    return std::move(salts);
  };
  co_return co_await runtime::on_worker(std::move(job));
}

std::string generate_password(runtime::Executor& executor) {
  // Thirty-two, so that five bits choose one without bias; no 0 1 l o.
  constexpr std::string_view kLetters = "23456789abcdefghijkmnpqrstuvwxyz";
  static_assert(kLetters.size() == 32);
  std::array<unsigned char, 16> random;
  executor.fill_random(random);
  std::string password;
  for (std::size_t i = 0; i < random.size(); ++i) {
    if (i > 0 && i % 4 == 0) password += '-';
    password += kLetters[random[i] & 31];
  }
  return password;
}

}  // namespace posta::directory

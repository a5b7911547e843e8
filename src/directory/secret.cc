// secret.cc: what nobody else knows, and the salts that are made of it.
#include "directory/fold.h"
#include "directory/inside.h"
#include "directory/keys.h"
#include "wire/sasl/hash.h"

namespace posta::directory {

using wire::sasl::Hash;

Task<Result<std::string>> Directory::Impl::secret() {
  {
    std::lock_guard lock(mutex);
    if (!installation_secret.empty()) co_return installation_secret;
  }
  runtime::Executor& executor = co_await runtime::this_executor();
  for (;;) {
    CO_TRY(auto record, co_await store.snapshot()->get(std::string(kSecretKey)));
    if (record) {
      CO_TRY(Secret stored, decode_secret(*record));
      std::lock_guard lock(mutex);
      installation_secret = stored.octets;
      co_return std::move(stored.octets);
    }
    std::array<unsigned char, kSecretOctets> random;
    executor.fill_random(random);
    store::Batch batch;
    batch.require_absent(std::string(kSecretKey));
    batch.put(std::string(kSecretKey), encode(Secret{std::string(random.begin(), random.end())}));
    batch.touch(kPartition).publish(std::string(kTopic), nullptr);
    CO_TRY_VOID(co_await store.commit(std::move(batch)));  // refused: somebody else made one
  }
}

Task<Result<ScramRecord>> Directory::Impl::new_salts(Address address) {
  CO_TRY(std::string key, co_await secret());
  auto salt = [&](std::string_view hash) {
    std::string text = "scram";
    text.append(1, '\0').append(hash).append(1, '\0').append(address.domain.str());
    text.append(1, '\0').append(fold_local(address.local));
    return wire::sasl::hmac(Hash::sha_256, key, text).substr(0, kSaltOctets);
  };
  ScramRecord out;
  out.sha_256 = {salt("SHA-256"), limits.scram_iterations, {}};
  out.sha_1 = {salt("SHA-1"), limits.scram_iterations, {}};
  co_return out;
}

}  // namespace posta::directory

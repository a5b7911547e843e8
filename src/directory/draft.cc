#include "directory/draft.h"

#include <fmt/format.h>

#include "directory/fold.h"
#include "directory/keys.h"

namespace posta::directory {

namespace {

// What `ops` make of the key; nothing if they do not touch it.
std::optional<std::optional<std::string>> find(const std::vector<store::Batch::Op>& ops,
                                               std::string_view key) {
  using Kind = store::Batch::Op::Kind;
  for (auto op = ops.rbegin(); op != ops.rend(); ++op) {
    if (op->kind == Kind::put && op->key == key) return op->value;
    if (op->kind == Kind::erase && op->key == key) return std::optional<std::string>();
    if (op->kind == Kind::erase_range && key >= op->key && (op->value.empty() || key < op->value))
      return std::optional<std::string>();
  }
  return std::nullopt;
}

bool contains(const store::Range& range, std::string_view key) {
  return key >= range.begin && (range.end.empty() || key < range.end);
}

}  // namespace

Task<Result<std::optional<std::string>>> Draft::get(std::string key) {
  if (auto mine = find(ops_, key)) co_return *mine;
  if (auto earlier = find(batch_.ops, key)) co_return *earlier;
  CO_TRY(auto value, co_await snapshot_->get(key));
  std::optional<std::uint64_t> digest;
  if (value) digest = store::digest_of(*value);
  requires_.push_back({std::move(key), digest});
  co_return value;
}

Task<Result<std::vector<std::string>>> Draft::keys_in(store::Range range, std::size_t limit) {
  using Kind = store::Batch::Op::Kind;
  constexpr std::size_t kChunk = 1000;
  auto now = [this](std::string_view key) {
    auto mine = find(ops_, key);
    return mine ? mine : find(batch_.ops, key);
  };
  std::set<std::string> keys;
  for (const auto* ops : {&std::as_const(batch_.ops), &std::as_const(ops_)}) {
    for (const auto& op : *ops)
      if (op.kind == Kind::put && contains(range, op.key) && *now(op.key)) keys.insert(op.key);
  }
  // What is erased here does not count, so the scan goes on behind it.
  while (keys.size() < limit) {
    CO_TRY(auto found, co_await snapshot_->scan(range, std::min(limit, kChunk)));
    for (auto& [key, value] : found)
      if (!now(key)) keys.insert(key);
    if (found.size() < std::min(limit, kChunk)) break;
    range.begin = found.back().key + '\0';
  }
  if (keys.size() > limit) keys.erase(std::next(keys.begin(), std::ptrdiff_t(limit)), keys.end());
  co_return std::vector<std::string>(keys.begin(), keys.end());
}

void Draft::put(std::string key, std::string value) {
  ops_.push_back({store::Batch::Op::Kind::put, std::move(key), std::move(value)});
}

void Draft::erase(std::string key) {
  ops_.push_back({store::Batch::Op::Kind::erase, std::move(key), {}});
}

void Draft::erase_range(store::Range range) {
  ops_.push_back(
      {store::Batch::Op::Kind::erase_range, std::move(range.begin), std::move(range.end)});
}

void Draft::apply() {
  for (auto& require : requires_) {
    if (require.digest) {
      batch_.require_value(std::move(require.key), *require.digest);
    } else {
      batch_.require_absent(std::move(require.key));
    }
  }
  if (unchanged_) batch_.require_unchanged(kPartition, snapshot_->version());
  for (auto& op : ops_) {
    using Kind = store::Batch::Op::Kind;
    if (op.kind == Kind::put) {
      batch_.put(std::move(op.key), std::move(op.value));
    } else if (op.kind == Kind::erase) {
      batch_.erase(std::move(op.key));
    } else {
      batch_.erase_range({std::move(op.key), std::move(op.value)});
    }
  }
  auto ours = [](const store::Batch::Publication& p) { return p.topic == kTopic; };
  if (std::ranges::any_of(batch_.publications, ours)) return;
  batch_.touch(kPartition);
  batch_.publish(std::string(kTopic), nullptr);
}

Task<Result<Meta>> Draft::meta() {
  CO_TRY(auto record, co_await get(std::string(kMetaKey)));
  if (!record) co_return Meta{};
  co_return decode_meta(*record);
}

Task<Result<std::optional<Account>>> Draft::account(AccountId id) {
  CO_TRY(auto record, co_await get(account_key(id)));
  if (!record) co_return std::nullopt;
  co_return decode_account(id, *record);
}

Task<Result<Account>> Draft::existing_account(AccountId id) {
  CO_TRY(auto found, co_await account(id));
  if (!found) co_return fail(Error::Kind::not_found, fmt::format("no account {}", id.value));
  co_return *std::move(found);
}

Task<Result<DomainInfo>> Draft::existing_domain(Domain name) {
  CO_TRY(auto record, co_await get(domain_key(name)));
  if (!record) {
    co_return fail(Error::Kind::not_found,
                   fmt::format("{} is not a domain of this server", name.display()));
  }
  co_return decode_domain(std::move(name), *record);
}

Task<Result<Address>> Draft::any_address(Address address) {
  if (address.domain.empty()) {
    CO_TRY(auto now, co_await meta());
    if (now.default_domain.empty()) {
      co_return fail(
          Error::Kind::not_found,
          fmt::format("\"{}\" has no domain, and there is no default domain yet", address.local));
    }
    address.domain = std::move(now.default_domain);
  }
  // What no grammar would have let in: empty, too long, control characters. Lowering the case of
  // other scripts may make it longer, so what is stored is judged.
  address.local = canonical_local(address.local);
  CO_TRY(auto parsed, Address::parse(address.str()));
  co_return parsed;
}

Task<Result<Address>> Draft::own_address(Address address) {
  CO_TRY(address, co_await any_address(std::move(address)));
  CO_TRY_VOID(co_await existing_domain(address.domain));
  co_return address;
}

}  // namespace posta::directory

// inside.h: what a Directory is made of.
#pragma once

#include <atomic>
#include <memory>

#include "directory/cache.h"
#include "directory/directory.h"
#include "directory/password.h"
#include "directory/pattern.h"

namespace posta::directory {

// A domain of ours with what looking up in it needs.
struct DomainEntry {
  DomainInfo info;
  Patterns patterns;
};

struct Directory::Impl {
  Impl(store::Store& s, Limits l);

  store::Store& store;
  const Limits limits;

  // The version of the last commit to the directory: the only thing that the store's subscription
  // touches, and kept by it, since a store may outlive a directory.
  std::shared_ptr<std::atomic<store::Version>> changed;

  Cache<Entry> entries;                       // by domain 00 local, as written
  Cache<std::optional<DomainEntry>> domains;  // by name; nothing: not ours
  Cache<std::optional<Account>> accounts;     // by id
  Hasher hasher;

  store::Version valid_from() const { return changed->load(std::memory_order_acquire); }

  using DomainFound = std::shared_ptr<const std::optional<DomainEntry>>;

  Task<Result<Entry>> look_up_cold(Address address);
  Task<Result<DomainFound>> find_domain(std::shared_ptr<const store::Snapshot> at, Domain name);
};

}  // namespace posta::directory

#include "directory/directory.h"

#include "directory/inside.h"
#include "directory/keys.h"

namespace posta::directory {

Directory::Impl::Impl(store::Store& s, Limits l)
    : store(s),
      limits(l),
      changed(std::make_shared<std::atomic<store::Version>>(0)),
      entries(l.cache_entries_max / 2),
      domains(l.cache_entries_max / 4),
      accounts(l.cache_entries_max / 4),
      hasher(l.hash_cost, l.hashing_memory_max, l.hashings_waiting_max),
      marks(l.cache_entries_max / 4),
      successes(l.successes_max) {
  store.subscribe([last = changed](std::string_view topic, const std::shared_ptr<const void>&,
                                   store::Version version) {
    if (topic == kTopic) last->store(version, std::memory_order_release);
  });
}

Directory::Directory(store::Store& store, Limits limits)
    : impl_(std::make_unique<Impl>(store, limits)) {}

Directory::~Directory() = default;

}  // namespace posta::directory

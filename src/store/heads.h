// heads.h: what the committer remembers of each partition: its head, and its last version.
//
// Bounded: at most `heads_max` partitions, the least recently used go. What is not remembered was
// last changed at `base` or before. A partition is only forgotten when its last change is in the
// log, so that a head is never rebuilt from a snapshot that is older than what was forgotten.
//
// Any thread; the committer alone calls `find`, `set`, `touched`, `applied` and `drop_all`.
#pragma once

#include <list>
#include <mutex>

#include "store/store.h"

namespace posta::store {

class Heads {
 public:
  explicit Heads(std::size_t heads_max) : heads_max_(heads_max) {}

  void start(Version base);  // at open: no version above this was used before

  std::shared_ptr<const Head> find(Partition partition);
  void set(Partition partition, std::shared_ptr<const Head> head);
  void touched(Partition partition, Version version);
  Version last_touched(Partition partition) const;
  void applied(Version version);  // everything up to it is in the log
  void drop_all();                // a group failed: its heads were never true

  bool has(Partition partition) const;
  void offer(Partition partition, std::shared_ptr<const Head> head, Version as_of);
  std::size_t size() const;

 private:
  struct Entry {
    Partition partition;
    std::shared_ptr<const Head> head;
    Version last_touched;
  };
  using Entries = std::list<Entry>;  // the most recently used first

  Entry& entry(Partition partition);
  void forget_some();

  const std::size_t heads_max_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<Partition, Entries::iterator> index_;
  Version base_ = 0;
  Version applied_ = 0;
};

}  // namespace posta::store

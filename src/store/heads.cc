#include "store/heads.h"

namespace posta::store {

void Heads::start(Version base) {
  std::lock_guard lock(mutex_);
  base_ = applied_ = base;
}

Heads::Entry& Heads::entry(Partition partition) {
  if (auto found = index_.find(partition); found != index_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front();
  }
  entries_.push_front({partition, nullptr, base_});
  index_.emplace(partition, entries_.begin());
  forget_some();
  return entries_.front();
}

void Heads::forget_some() {
  while (entries_.size() > heads_max_ && entries_.size() > 1) {
    const Entry& last = entries_.back();
    if (last.last_touched > applied_) return;  // its change is not in the log yet
    base_ = std::max(base_, last.last_touched);
    index_.erase(last.partition);
    entries_.pop_back();
  }
}

std::shared_ptr<const Head> Heads::find(Partition partition) {
  std::lock_guard lock(mutex_);
  auto found = index_.find(partition);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return entries_.front().head;
}

void Heads::set(Partition partition, std::shared_ptr<const Head> head) {
  std::lock_guard lock(mutex_);
  entry(partition).head = std::move(head);
}

void Heads::touched(Partition partition, Version version) {
  std::lock_guard lock(mutex_);
  entry(partition).last_touched = version;
}

Version Heads::last_touched(Partition partition) const {
  std::lock_guard lock(mutex_);
  auto found = index_.find(partition);
  return found == index_.end() ? base_ : found->second->last_touched;
}

void Heads::applied(Version version) {
  std::lock_guard lock(mutex_);
  applied_ = version;
  forget_some();
}

void Heads::drop_all() {
  std::lock_guard lock(mutex_);
  for (Entry& e : entries_) {
    e.head = nullptr;
    e.last_touched = std::min(e.last_touched, applied_);  // what failed touched nothing
  }
}

bool Heads::has(Partition partition) const {
  std::lock_guard lock(mutex_);
  auto found = index_.find(partition);
  return found != index_.end() && found->second->head;
}

void Heads::offer(Partition partition, std::shared_ptr<const Head> head, Version as_of) {
  std::lock_guard lock(mutex_);
  auto found = index_.find(partition);
  Version last = found == index_.end() ? base_ : found->second->last_touched;
  if (last > as_of || (found != index_.end() && found->second->head)) return;
  entry(partition).head = std::move(head);
}

std::size_t Heads::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace posta::store

#include "mailbox/head.h"

#include <algorithm>

#include "base/check.h"

namespace posta::mailbox {

const MailboxHead* MailboxTable::find(MailboxId id) const {
  auto block = std::upper_bound(blocks_.begin(), blocks_.end(), id,
                                [](MailboxId i, const auto& b) { return i < b->front().id; });
  if (block == blocks_.begin()) return nullptr;
  const Block& in = **--block;
  auto place = std::lower_bound(in.begin(), in.end(), id,
                                [](const MailboxHead& m, MailboxId i) { return m.id < i; });
  return place != in.end() && place->id == id ? &*place : nullptr;
}

void MailboxTable::put(MailboxHead mailbox) {
  auto block = std::upper_bound(blocks_.begin(), blocks_.end(), mailbox.id,
                                [](MailboxId i, const auto& b) { return i < b->front().id; });
  if (block != blocks_.begin()) {
    const Block& old = **--block;
    auto place = std::lower_bound(old.begin(), old.end(), mailbox.id,
                                  [](const MailboxHead& m, MailboxId i) { return m.id < i; });
    bool there = place != old.end() && place->id == mailbox.id;
    if (there || old.size() < kBlock) {
      auto copy = std::make_shared<Block>();
      copy->reserve(old.size() + (there ? 0 : 1));
      copy->assign(old.begin(), old.end());
      if (there) {
        (*copy)[static_cast<std::size_t>(place - old.begin())] = std::move(mailbox);
      } else {
        CHECK(block + 1 == blocks_.end() && copy->back().id < mailbox.id);
        copy->push_back(std::move(mailbox));
        ++size_;
      }
      *block = std::move(copy);
      return;
    }
    CHECK(block + 1 == blocks_.end() && old.back().id < mailbox.id);
  } else {
    CHECK(blocks_.empty());
  }
  auto fresh = std::make_shared<Block>();
  fresh->push_back(std::move(mailbox));
  blocks_.push_back(std::move(fresh));
  ++size_;
}

void MailboxTable::erase(MailboxId id) {
  auto block = std::upper_bound(blocks_.begin(), blocks_.end(), id,
                                [](MailboxId i, const auto& b) { return i < b->front().id; });
  CHECK(block != blocks_.begin());
  --block;
  auto copy = std::make_shared<Block>(**block);
  CHECK(std::erase_if(*copy, [&](const MailboxHead& m) { return m.id == id; }) == 1);
  if (copy->empty())
    blocks_.erase(block);
  else
    *block = std::move(copy);
  --size_;
}

ThreadId RecentThreads::find(std::span<const std::uint64_t> keys) const {
  for (const auto& generation : {young_.get(), old_.get()}) {
    for (const Node* node = generation; node != nullptr; node = node->before.get())
      for (unsigned i = 0; i < node->keys_count; ++i)
        if (std::find(keys.begin(), keys.end(), node->keys[i]) != keys.end()) return node->thread;
  }
  return ThreadId{};
}

void RecentThreads::put(std::span<const std::uint64_t> keys, ThreadId thread) {
  if (keys.empty()) return;
  auto node = std::make_shared<Node>();
  node->thread = thread;
  node->keys_count = static_cast<unsigned>(std::min(keys.size(), kThreadKeysMax));
  std::copy_n(keys.begin(), node->keys_count, node->keys.begin());
  if (young_ && young_->count >= kGeneration) old_ = std::move(young_);
  node->count = young_ ? young_->count + 1 : 1;
  node->before = std::move(young_);
  young_ = std::move(node);
}

}  // namespace posta::mailbox

// head.h: what turns know of an account without reading: its numbers and those of its mailboxes.
//
// Immutable with shared parts: a delivery makes a new head by copying the account's numbers, one
// block of mailboxes and some pointers; neither the names of mailboxes nor any page is copied.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mailbox/news.h"
#include "mailbox/records.h"
#include "store/store.h"

namespace posta::mailbox {

// The last changes of a mailbox that were not deliveries: all since `floor` (exclusive), in order.
// A change that was computed from an older view is brought up to date with them at its turn, so
// that sessions which change one mailbox at the same time do not send each other back.
struct RecentNews {
  static constexpr std::size_t kNewsMax = 8;
  static constexpr std::size_t kStatesMax = 256;  // of all together
  ModSeq floor;
  std::vector<std::shared_ptr<const News>> news;
};

struct MailboxHead {
  MailboxId id;
  std::shared_ptr<const About> about;
  Numbers numbers;
  std::shared_ptr<const RecentNews> recent;  // null: none since numbers.state_seq
};

// Mailboxes by id, in shared blocks.
class MailboxTable {
 public:
  static constexpr std::size_t kBlock = 32;

  const MailboxHead* find(MailboxId id) const;
  // Replaces the mailbox, or adds it behind all others (ids only grow).
  void put(MailboxHead mailbox);
  void erase(MailboxId id);  // it is there
  std::size_t size() const { return size_; }
  template <class F>
  void each(F&& f) const {
    for (const auto& block : blocks_)
      for (const auto& mailbox : *block) f(mailbox);
  }

 private:
  using Block = std::vector<MailboxHead>;  // by id, up to kBlock, never empty
  std::vector<std::shared_ptr<const Block>> blocks_;
  std::size_t size_ = 0;
};

// The message ids of the last e-mails and their threads: at least the last kGeneration, at most
// twice as many. Closes the gap between find_thread's snapshot and the turn.
class RecentThreads {
 public:
  static constexpr unsigned kGeneration = 8;

  // The thread of the newest e-mail that has one of `keys`, or 0.
  ThreadId find(std::span<const std::uint64_t> keys) const;
  void put(std::span<const std::uint64_t> keys, ThreadId thread);

 private:
  struct Node {
    ThreadId thread;
    unsigned count = 0;  // of this node and those before
    unsigned keys_count = 0;
    std::array<std::uint64_t, kThreadKeysMax> keys{};
    std::shared_ptr<const Node> before;
  };
  std::shared_ptr<const Node> young_;
  std::shared_ptr<const Node> old_;
};

struct AccountHead final : store::Head {
  AccountNumbers numbers;
  MailboxTable mailboxes;
  RecentThreads threads;
};

// The store's partition of an account is its id.
inline store::Partition partition_of(AccountId account) {
  return account.value;
}

}  // namespace posta::mailbox

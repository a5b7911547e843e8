// names.h: the names of an account's mailboxes: UTF-8, levels divided by '/', INBOX in any case.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "mailbox/mailbox.h"

namespace posta::mailbox {

// The one form of a name: no '/' at the end, INBOX in capitals as the first level. nothing: it has
// an empty level or a control character, is no UTF-8, too long or too deep.
std::optional<std::string> canonical_name(std::string_view name, const Limits& limits);

// "a/b" of "a/b/c"; empty: it is a first level.
std::string_view superior_of(std::string_view name);
// True of "a/b" below "a".
bool is_below(std::string_view name, std::string_view superior);

// Never 0, never one that the account had before.
UidValidity next_uid_validity(UidValidity last, WallTime now);

// All names of an account, at one version.
using Names = std::map<std::string, MailboxId, std::less<>>;

// Names that were asked for, until the tree of their account changes. Any thread.
class NamesCache {
 public:
  static constexpr std::size_t kNamesMax = 200'000;  // of all accounts together; then all go

  std::shared_ptr<const Names> find(AccountId account) const;
  // What a reading that begins now must bring to put().
  std::uint64_t epoch() const;
  // Kept only if no tree changed since `epoch`.
  void put(AccountId account, std::uint64_t epoch, std::shared_ptr<const Names> names);
  void drop(AccountId account);  // its tree has changed

 private:
  mutable std::mutex mutex_;
  std::uint64_t epoch_ = 0;
  std::size_t count_ = 0;
  std::unordered_map<AccountId, std::shared_ptr<const Names>> accounts_;
};

}  // namespace posta::mailbox

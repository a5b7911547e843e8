#include "mailbox/names.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace posta::mailbox {

namespace {

constexpr std::string_view kInboxName = "INBOX";

// C0, DEL and C1 (as UTF-8).
bool has_control(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    auto c = static_cast<unsigned char>(name[i]);
    if (c < 0x20 || c == 0x7F) return true;
    if (c == 0xC2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> canonical_name(std::string_view name, const Limits& limits) {
  // RFC 3501 §6.3.3: a name with the separator at the end says that inferiors will follow.
  if (name.ends_with('/')) name.remove_suffix(1);
  if (name.empty() || name.size() > limits.mailbox_name_octets_max) return std::nullopt;
  if (!is_utf8(name) || has_control(name)) return std::nullopt;
  auto levels = split(name, '/');
  if (levels.size() > limits.mailbox_depth_max) return std::nullopt;
  for (auto level : levels)
    if (level.empty()) return std::nullopt;
  std::string canonical(name);
  // RFC 3501 §5.1: INBOX in any case.
  if (equals_ignore_case(levels[0], kInboxName)) std::ranges::copy(kInboxName, canonical.begin());
  return canonical;
}

std::string_view superior_of(std::string_view name) {
  auto slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

bool is_below(std::string_view name, std::string_view superior) {
  return name.size() > superior.size() && name[superior.size()] == '/' &&
         name.starts_with(superior);
}

// RFC 3501 §2.3.1.1: "A good UIDVALIDITY value to use in this case is a 32-bit representation of
// the creation date/time of the mailbox".
UidValidity next_uid_validity(UidValidity last, WallTime now) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
  std::int64_t value = std::clamp<std::int64_t>(seconds, 1, kMax);
  return UidValidity(static_cast<std::uint32_t>(std::max<std::int64_t>(value, last.value + 1)));
}

std::shared_ptr<const Names> NamesCache::find(AccountId account) const {
  std::lock_guard lock(mutex_);
  auto place = accounts_.find(account);
  return place == accounts_.end() ? nullptr : place->second;
}

std::uint64_t NamesCache::epoch() const {
  std::lock_guard lock(mutex_);
  return epoch_;
}

void NamesCache::put(AccountId account, std::uint64_t epoch, std::shared_ptr<const Names> names) {
  std::lock_guard lock(mutex_);
  if (epoch != epoch_) return;
  if (count_ + names->size() > kNamesMax) {
    accounts_.clear();
    count_ = 0;
  }
  auto [place, fresh] = accounts_.try_emplace(account);
  if (!fresh) count_ -= place->second->size();
  count_ += names->size();
  place->second = std::move(names);
}

void NamesCache::drop(AccountId account) {
  std::lock_guard lock(mutex_);
  ++epoch_;
  auto place = accounts_.find(account);
  if (place == accounts_.end()) return;
  count_ -= place->second->size();
  accounts_.erase(place);
}

}  // namespace posta::mailbox

// ids.h: every number that names something has its own type.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace posta {

// A number with a name. Default 0 means "none" for all ids below.
template <class Tag, class N>
struct Strong {
  using Number = N;
  N value{};
  constexpr Strong() = default;
  constexpr explicit Strong(N v) : value(v) {}
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(Strong, Strong) = default;
  constexpr Strong next() const { return Strong(static_cast<N>(value + 1)); }
};

using AccountId = Strong<struct AccountTag, std::uint64_t>;
using MailboxId = Strong<struct MailboxTag, std::uint32_t>;  // within an account
using EmailId = Strong<struct EmailTag, std::uint64_t>;      // within an account; RFC 8474 EMAILID
using ThreadId = Strong<struct ThreadTag, std::uint64_t>;    // within an account; RFC 8474 THREADID
using Uid = Strong<struct UidTag, std::uint32_t>;  // RFC 3501 §2.3.1.1; never 0, only grows
using UidValidity = Strong<struct UidValidityTag, std::uint32_t>;
using ModSeq = Strong<struct ModSeqTag, std::uint64_t>;  // RFC 7162 §3.1; below 2^63

// Names one letter in the queue and in every log line about it. Unique for ever; grows with time.
struct QueueId : Strong<struct QueueTag, std::uint64_t> {
  using Strong::Strong;
};
std::string to_string(QueueId id);  // base32, as in "250 2.0.0 Ok: queued as 6T5KQ8W3D0V7"
QueueId parse_queue_id(std::string_view text);  // 0 if it is none

}  // namespace posta

template <class Tag, class N>
struct std::hash<posta::Strong<Tag, N>> {
  std::size_t operator()(posta::Strong<Tag, N> id) const noexcept {
    return std::hash<N>{}(id.value);
  }
};

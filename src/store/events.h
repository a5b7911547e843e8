// events.h: what the store says of itself (base/events.h).
//
//   store.write.failed  why   error  nobody knows what is on the disk
//   store.disk.full     why   error
//   store.disk.resumed        info
//   store.disk.short    free  error  octets
//   store.disk.enough   free  info   octets
#pragma once

#include <string_view>

namespace posta::store::events {

// A write failed and nobody knows what is on the disk; the process ends.
inline constexpr std::string_view kWriteFailed = "store.write.failed";
// No space: nothing is written until there is some.
inline constexpr std::string_view kDiskFull = "store.disk.full";
// Writing again.
inline constexpr std::string_view kDiskResumed = "store.disk.resumed";
// The reserve is touched: no bodies are taken.
inline constexpr std::string_view kDiskShort = "store.disk.short";
// The reserve is free again.
inline constexpr std::string_view kDiskEnough = "store.disk.enough";

}  // namespace posta::store::events

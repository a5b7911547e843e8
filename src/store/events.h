// events.h: what the store says of itself (base/events.h).
#pragma once

#include <string_view>

namespace posta::store::events {

// A write failed and nobody knows what is on the disk; the process ends. Fields: why.
inline constexpr std::string_view kWriteFailed = "store.write.failed";
// No space: nothing is written until there is some. Fields: why.
inline constexpr std::string_view kDiskFull = "store.disk.full";
// Writing again.
inline constexpr std::string_view kDiskResumed = "store.disk.resumed";
// The reserve is touched: no bodies are taken. Fields: free (octets).
inline constexpr std::string_view kDiskShort = "store.disk.short";
// The reserve is free again. Fields: free (octets).
inline constexpr std::string_view kDiskEnough = "store.disk.enough";

}  // namespace posta::store::events

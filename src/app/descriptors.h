// descriptors.h: how many descriptors this process may have, and how many sessions may have of
// them.
//
// A session is one descriptor. The store makes files as it grows, and where it cannot, the server
// ends: what was promised could not be kept. So sessions never get the last ones; who comes later
// hears what who comes beyond sessions_max hears (server/session/census.h, Hall).
#pragma once

#include <cstdint>

namespace posta::app {

// Kept for the store, beyond what it has open at the start: 64 GiB of new mail.
inline constexpr std::uint64_t kStoreFiles = 1000;
// Kept for deliveries, look-ups, listeners, commands, and connections that are about to be refused.
inline constexpr std::uint64_t kOtherFiles = 500;

// As many descriptors as the system lets a server have that is started here.
std::uint64_t descriptors_max();
// Those that this process has.
std::uint64_t descriptors_open();

// What is left for sessions of `most` descriptors of which `open` are taken. Where the system gives
// next to none, a quarter: then posta check says WRONG.
constexpr std::uint64_t descriptors_for_sessions(std::uint64_t most, std::uint64_t open) {
  const std::uint64_t kept = open + kStoreFiles + kOtherFiles;
  return most > kept + most / 4 ? most - kept : most / 4;
}

}  // namespace posta::app

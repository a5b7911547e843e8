// memory.h: how much memory there is, and how much of it the store's cache takes.
#pragma once

#include <optional>
#include <string_view>

#include "base/limits.h"

namespace posta::app {

// Of this machine, or of the control group that we are in, whichever is less. Found out once, at
// the first call: a server that can see no such files later goes on with the same number.
Octets memory_here();

// The default of store.cache: a sixteenth of the memory, from 64 MiB to 512 MiB. The records of
// 100,000 messages, which listing them reads, take some 100 MB.
Octets usual_cache(Octets memory);

// A number of octets as control groups write it; nothing: "max", or no number.
std::optional<Octets> group_limit(std::string_view text);

}  // namespace posta::app

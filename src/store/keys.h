// keys.h: the keys that the store itself writes, and what an operation does to a value
// (docs/formats/keys.md, docs/formats/store.md). For the committer, the backends and their tests.
#pragma once

#include "store/store.h"

namespace posta::store {

// The format of the key space and of the bodies. A store of an older format that is still readable
// is opened as it is; a newer one is refused.
inline constexpr std::uint64_t kFormat = 1;
inline constexpr std::uint64_t kFormatOldest = 1;

inline constexpr std::string_view kFormatKey = "S/format";    // varint: kFormat
inline constexpr std::string_view kVersionKey = "S/version";  // 8 octets big-endian: last commit
inline constexpr std::string_view kBodiesKey = "S/bodies";    // 8 octets big-endian: no id from
                                                              // here on was ever given away
inline constexpr std::string_view kLoosePrefix = "S/loose/";  // + body: look at it in a sweep

// The store's own keys, the links of bodies apart: nobody else may change them.
bool is_own_key(const Batch::Op& op);

inline constexpr std::uint64_t kBodyIdsReserved = 65'536;  // ids, each time the mark is raised

inline constexpr std::size_t kLinkPrefixOctets = 2 + 8 + 1;  // "B/" body "/"
std::string body_link_prefix(BodyId body);
std::optional<BodyId> body_of_link(std::string_view key);
std::string loose_key(BodyId body);
std::optional<BodyId> body_of_loose(std::string_view key);

std::string put_counter(std::int64_t value);

// What `op` makes of the value of a key that it names or covers.
void fold(std::optional<std::string>& value, const Batch::Op& op);

}  // namespace posta::store

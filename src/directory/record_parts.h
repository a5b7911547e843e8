// record_parts.h: what the records below D/ are made of (docs/formats/directory.md).
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "mail/address.h"
#include "mail/time.h"

namespace posta::directory {

inline constexpr std::uint8_t kVersion = 1;  // of every record below D/ so far

inline Failure damaged(std::string_view what) {
  return fail(Error::Kind::corrupt, fmt::format("the directory's {} record is damaged", what));
}

inline Result<> take_version(Reader& in, std::string_view what) {
  std::uint8_t version = in.octet();
  if (!in.ok()) return damaged(what);
  if (version != kVersion) {
    return fail(Error::Kind::corrupt,
                fmt::format("a {} record of version {}: this posta reads version {}", what, version,
                            kVersion));
  }
  return {};
}

// Marks the reader as failed if the text is no address.
inline Address take_address(Reader& in) {
  auto address = Address::parse(in.text());
  if (!address) {
    in.fail();
    return {};
  }
  return *std::move(address);
}

inline bool take_boolean(Reader& in) {
  std::uint8_t value = in.octet();
  if (value > 1) in.fail();
  return value == 1;
}

inline void put_time(Writer& out, WallTime time) {
  out.signed_number(time.time_since_epoch().count());
}

inline WallTime take_time(Reader& in) {
  return WallTime(std::chrono::milliseconds(in.signed_number()));
}

}  // namespace posta::directory

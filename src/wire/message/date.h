// date.h: dates as mail writes them (RFC 5322 §3.3, obsolete forms §4.3).
//
//   Sat, 21 Nov 2026 05:14:51 +0000
//
// Reading is tolerant: words may come in any order, the zone may be a name or missing, the time may
// be missing or wrong (RFC 5256 §2.2: then 00:00:00 UTC). Only a date without day, month and year
// is no date.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posta::wire::message {

struct Date {
  std::int64_t seconds = 0;       // since 1970-01-01T00:00:00Z
  std::int32_t zone_minutes = 0;  // east of UTC: what the sender's clock showed

  bool operator==(const Date&) const = default;
};

std::optional<Date> parse_date(std::string_view body);
std::string print_date(const Date& date);  // years 1 to 9999

}  // namespace posta::wire::message

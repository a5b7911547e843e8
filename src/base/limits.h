// limits.h: the mechanism of limits. Every limit of posta has a name, a unit and words.
//
// Each room declares its own in `limits.h` as a plain struct of named fields with their defaults
// (`recipients_max = 1000`). A `LimitInfo` beside each says what crossing it answers, so that
// `posta config show` can print it and a test can be found by its name.
#pragma once

#include <cstdint>
#include <string_view>

namespace posta {

using Octets = std::uint64_t;

constexpr Octets operator""_KiB(unsigned long long n) {
  return n << 10;
}
constexpr Octets operator""_MiB(unsigned long long n) {
  return n << 20;
}
constexpr Octets operator""_GiB(unsigned long long n) {
  return n << 30;
}

struct LimitInfo {
  std::string_view name;      // "smtp.recipients_max"
  std::string_view unit;      // "recipients", "octets", "seconds", "sessions"
  std::string_view answer;    // what crossing it says: "452 4.5.3"
  std::string_view standard;  // "RFC 5321 §4.5.3.1.8", or empty
};

}  // namespace posta

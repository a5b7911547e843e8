#include "app/units.h"

#include "base/text.h"

namespace posta::app {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr Unit kSizes[] = {{"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"", 1}};
constexpr Unit kTimes[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}};

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  auto number = to_number<std::uint64_t>(text.substr(0, digits));
  std::string_view name = trim(text.substr(digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    if (!equals_ignore_case(unit.name, name)) continue;
    if (*number > UINT64_MAX / unit.factor) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

std::string print(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units)
    if (value % unit.factor == 0 && (value != 0 || unit.factor == 1))
      return fmt::format("{}{}", value / unit.factor, unit.name);
  return std::to_string(value);
}

}  // namespace

Result<Octets> parse_size(std::string_view text) {
  if (auto size = parse(text, kSizes)) return *size;
  return fail(Error::Kind::config, "expected a size such as \"50MiB\" (KiB, MiB, GiB)");
}

std::string print_size(Octets octets) {
  return print(octets, kSizes);
}

Result<std::chrono::seconds> parse_time(std::string_view text) {
  constexpr std::uint64_t kYearsMax = 100ull * 366 * 86400;
  auto time = parse(text, kTimes);
  if (time && *time <= kYearsMax) return std::chrono::seconds(*time);
  return fail(Error::Kind::config, "expected a time such as \"5m\" (s, m, h, d)");
}

std::string print_time(std::chrono::seconds time) {
  return print(static_cast<std::uint64_t>(time.count()), kTimes);
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace posta::app

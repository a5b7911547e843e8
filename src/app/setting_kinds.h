// setting_kinds.h: how settings of each kind are read and shown. For the settings*.cc files.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "app/config.h"
#include "app/units.h"
#include "base/text.h"

namespace posta::app::kinds {

// Of smtp.message_octets_max and its like. RFC 5321 §4.5.3.1.7: 64 KiB at least.
inline constexpr Octets kMessageMin = 64_KiB, kMessageMax = 2_GiB;

inline Failure expected(std::string what) {
  return fail(Error::Kind::config, "expected " + what);
}

inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

inline constexpr const char* kList = "a list of texts: [\"…\", \"…\"]";

template <class T, class Parse>
Setting list_of(std::string name, std::string meaning, std::vector<T> Config::* field,
                Parse parse) {
  return {std::move(name), std::move(meaning),
          [field, parse](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::list) return expected(kList);
            (config.*field).clear();
            for (const Value& one : value.list) {
              if (one.kind != Value::Kind::text) return expected("a text in quotes in this list");
              auto parsed = parse(one.text);
              if (!parsed) return Failure(std::move(parsed).error());
              for (auto& item : *parsed) (config.*field).push_back(std::move(item));
            }
            return {};
          },
          [field](const Config& config) {
            std::string out;
            for (const auto& item : config.*field)
              out += (out.empty() ? "" : ", ") + quoted(item.str());
            return "[" + out + "]";
          },
          kList};
}

inline Setting size(std::string name, std::string meaning, Octets Config::* field, Octets min,
                    Octets max) {
  std::string takes = fmt::format("a size from {} to {}", print_size(min), print_size(max));
  return {std::move(name), std::move(meaning),
          [field, min, max, takes](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text) return expected("a size in quotes, as \"50MiB\"");
            TRY(Octets size, parse_size(value.text));
            if (size < min || size > max) return expected(takes);
            config.*field = size;
            return {};
          },
          [field](const Config& config) { return quoted(print_size(config.*field)); }, takes};
}

inline Setting time(std::string name, std::string meaning, std::chrono::seconds Config::* field,
                    std::chrono::seconds min, std::chrono::seconds max) {
  std::string takes = fmt::format("a time from {} to {}", print_time(min), print_time(max));
  return {std::move(name), std::move(meaning),
          [field, min, max, takes](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text) return expected("a time in quotes, as \"5m\"");
            TRY(std::chrono::seconds time, parse_time(value.text));
            if (time < min || time > max) return expected(takes);
            config.*field = time;
            return {};
          },
          [field](const Config& config) { return quoted(print_time(config.*field)); }, takes};
}

template <class N>
Setting number(std::string name, std::string meaning, N Config::* field, std::int64_t min,
               std::int64_t max) {
  std::string takes = fmt::format("a whole number from {} to {}", min, max);
  return {std::move(name), std::move(meaning),
          [field, min, max, takes](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::number || value.number < min || value.number > max)
              return expected(takes);
            config.*field = static_cast<N>(value.number);
            return {};
          },
          [field](const Config& config) { return std::to_string(config.*field); }, takes};
}

inline Setting yes_or_no(std::string name, std::string meaning, bool Config::* field) {
  return {std::move(name), std::move(meaning),
          [field](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::boolean) return expected("true or false");
            config.*field = value.boolean;
            return {};
          },
          [field](const Config& config) { return config.*field ? "true" : "false"; },
          "true or false"};
}

inline Setting text(std::string name, std::string meaning, std::string Config::* field,
                    std::vector<std::string> choices = {}) {
  std::string takes =
      choices.empty() ? "a text in quotes" : fmt::format("one of {}", fmt::join(choices, ", "));
  return {std::move(name), std::move(meaning),
          [field, choices, takes](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text) return expected("a text in quotes");
            if (!choices.empty() && std::ranges::find(choices, value.text) == choices.end())
              return expected(takes);
            config.*field = value.text;
            return {};
          },
          [field](const Config& config) { return quoted(config.*field); }, takes};
}

inline Setting path(std::string name, std::string meaning, std::string Config::* field) {
  return {std::move(name), std::move(meaning),
          [field](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text || value.text.empty())
              return expected("a path in quotes");
            config.*field = value.text;
            return {};
          },
          [field](const Config& config) { return quoted(config.*field); }, "a path in quotes"};
}

// "192.0.2.1:25", "[::1]:25", or "*:25" for every address of this machine.
inline Result<std::vector<net::Endpoint>> endpoints(const std::string& written) {
  if (!written.starts_with("*:")) {
    auto one = net::Endpoint::parse(written);
    if (!one) return expected("an address and port: \"*:25\", \"192.0.2.1:25\" or \"[::1]:25\"");
    return std::vector{*one};
  }
  auto port = to_number<std::uint16_t>(std::string_view(written).substr(2));
  if (!port) return expected("a port from 0 to 65535 after *:");
  return std::vector{net::Endpoint{*net::IpAddress::parse("0.0.0.0"), *port},
                     net::Endpoint{*net::IpAddress::parse("::"), *port}};
}

inline Result<std::vector<net::IpNetwork>> networks(const std::string& written) {
  auto one = net::IpNetwork::parse(written);
  if (!one) return expected("a network: \"192.0.2.0/24\" or \"2001:db8::/32\"");
  return std::vector{*one};
}

}  // namespace posta::app::kinds

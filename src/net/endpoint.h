// endpoint.h: IP addresses, networks and ports, as values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace posta::net {

// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (::ffff:192.0.2.1) becomes IPv4.
class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  static Result<IpAddress> parse(std::string_view text);
  static IpAddress v4(std::array<std::uint8_t, 4> octets);
  static IpAddress v6(std::array<std::uint8_t, 16> octets);

  bool is_v6() const { return v6_; }
  bool is_loopback() const;  // 127.0.0.0/8 or ::1
  bool is_any() const;
  std::string str() const;  // "192.0.2.1", "2001:db8::1"
  std::string literal()
      const;  // as in a Received field or HELO: "[192.0.2.1]", "[IPv6:2001:db8::1]"
  const std::array<std::uint8_t, 16>& octets() const { return octets_; }  // IPv4: the first 4

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  bool v6_ = false;
  std::array<std::uint8_t, 16> octets_{};
};

// "192.0.2.0/24", "2001:db8::/32", or a single address.
class IpNetwork {
 public:
  static Result<IpNetwork> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  std::string str() const;

 private:
  IpAddress base_;
  int bits_ = 0;
};

struct Endpoint {
  IpAddress ip;
  std::uint16_t port = 0;
  // "192.0.2.1:25", "[2001:db8::1]:25".
  static Result<Endpoint> parse(std::string_view text);
  std::string str() const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace posta::net

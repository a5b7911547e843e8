#include "net/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace posta::net {

namespace {

constexpr std::size_t kTextMax = INET6_ADDRSTRLEN - 1;  // octets of any textual address
constexpr std::size_t kMappedOctets = 12;               // the prefix ::ffff:0:0/96

// RFC 4291 §2.5.5.2: IPv4-Mapped IPv6 Address.
bool is_mapped(const std::array<std::uint8_t, 16>& octets) {
  return std::all_of(octets.begin(), octets.begin() + 10, [](auto o) { return o == 0; }) &&
         octets[10] == 0xFF && octets[11] == 0xFF;
}

Failure bad(std::string_view text, std::string_view what, std::size_t at = 0) {
  return fail(Error::Kind::syntax, fmt::format("{} is not {}", printable(text.substr(0, 80)), what),
              at);
}

// A decimal number without sign or leading zeros.
std::optional<unsigned> decimal(std::string_view text, unsigned max) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  auto value = to_number<unsigned>(text);
  if (!value || *value > max) return std::nullopt;
  return value;
}

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
  IpAddress address;
  std::copy(octets.begin(), octets.end(), address.octets_.begin());
  return address;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) {
  IpAddress address;
  if (is_mapped(octets)) {
    std::copy(octets.begin() + kMappedOctets, octets.end(), address.octets_.begin());
  } else {
    address.v6_ = true;
    address.octets_ = octets;
  }
  return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton(3) takes a C string: an octet 0 inside would hide what follows it.
  if (text.size() > kTextMax || text.find('\0') != text.npos) return bad(text, "an IP address");
  char terminated[kTextMax + 1] = {};
  std::copy(text.begin(), text.end(), terminated);
  if (text.find(':') != text.npos) {
    std::array<std::uint8_t, 16> octets;
    if (inet_pton(AF_INET6, terminated, octets.data()) != 1) return bad(text, "an IPv6 address");
    return v6(octets);
  }
  std::array<std::uint8_t, 4> octets;
  if (inet_pton(AF_INET, terminated, octets.data()) != 1) return bad(text, "an IP address");
  return v4(octets);
}

bool IpAddress::is_loopback() const {
  if (!v6_) return octets_[0] == 127;  // RFC 1122 §3.2.1.3
  return std::all_of(octets_.begin(), octets_.end() - 1, [](auto o) { return o == 0; }) &&
         octets_[15] == 1;  // RFC 4291 §2.5.3
}

bool IpAddress::is_any() const {
  return std::all_of(octets_.begin(), octets_.end(), [](auto o) { return o == 0; });
}

std::string IpAddress::str() const {  // IPv6 as RFC 5952 §4 recommends
  char text[kTextMax + 1];
  return inet_ntop(v6_ ? AF_INET6 : AF_INET, octets_.data(), text, sizeof text);
}

std::string IpAddress::literal() const {  // RFC 5321 §4.1.3
  return (v6_ ? "[IPv6:" : "[") + str() + "]";
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  std::size_t slash = text.find('/');
  std::string_view address = text.substr(0, slash);
  TRY(IpAddress base, IpAddress::parse(address));
  unsigned bits_max = base.is_v6() ? 128 : 32;
  unsigned bits = bits_max;
  if (slash != text.npos) {
    // Written as IPv6 but meaning IPv4 (::ffff:192.0.2.0/120): the length counts from the front.
    unsigned mapped = !base.is_v6() && address.find(':') != address.npos ? 8 * kMappedOctets : 0;
    auto length = decimal(text.substr(slash + 1), bits_max + mapped);
    if (!length || *length < mapped)
      return bad(text,
                 fmt::format("a network: expected a prefix length from {} to {}", mapped,
                             bits_max + mapped),
                 slash + 1);
    bits = *length - mapped;
  }
  std::array<std::uint8_t, 16> octets = base.octets();
  for (unsigned bit = bits; bit < bits_max; ++bit)
    octets[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> bit % 8));
  IpNetwork network;
  network.base_ = base.is_v6() ? IpAddress::v6(octets)
                               : IpAddress::v4({octets[0], octets[1], octets[2], octets[3]});
  network.bits_ = static_cast<int>(bits);
  if (network.base_ != base)
    return bad(text, fmt::format("a network: octets beyond the prefix are set; did you mean {}?",
                                 network.str()));
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
  if (address.is_v6() != base_.is_v6()) return false;
  std::size_t whole = static_cast<std::size_t>(bits_) / 8;
  if (std::memcmp(address.octets().data(), base_.octets().data(), whole) != 0) return false;
  int rest = bits_ % 8;
  if (rest == 0) return true;
  int differ = address.octets()[whole] ^ base_.octets()[whole];
  return (differ >> (8 - rest)) == 0;
}

std::string IpNetwork::str() const {
  if (bits_ == (base_.is_v6() ? 128 : 32)) return base_.str();
  return fmt::format("{}/{}", base_.str(), bits_);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  std::size_t colon = text.rfind(':');
  if (colon == text.npos) return bad(text, "an endpoint: expected ADDRESS:PORT", text.size());
  auto port = decimal(text.substr(colon + 1), 65535);
  if (!port) return bad(text, "an endpoint: expected a port from 0 to 65535", colon + 1);
  std::string_view host = text.substr(0, colon);
  bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  // Without brackets the last group of an IPv6 address would be taken for the port.
  if (bracketed != (host.find(':') != host.npos))
    return bad(text, "an endpoint: IPv6 addresses, and only they, stand in brackets");
  TRY(IpAddress ip, IpAddress::parse(host));
  return Endpoint{ip, static_cast<std::uint16_t>(*port)};
}

std::string Endpoint::str() const {
  return fmt::format(fmt::runtime(ip.is_v6() ? "[{}]:{}" : "{}:{}"), ip.str(), port);
}

}  // namespace posta::net

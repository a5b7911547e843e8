#include "net/dns_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"

namespace posta::net {

namespace {

constexpr std::size_t kLabelOctetsMax = 63;    // RFC 1035 §2.3.4
constexpr std::size_t kNameOctetsMax = 255;    // RFC 1035 §2.3.4, as octets of the wire
constexpr std::size_t kStringOctetsMax = 255;  // RFC 1035 §3.3: <character-string>

Failure cut() {
  return fail(Error::Kind::syntax, "a DNS record that is cut or too long");
}

bool plain(char c) {
  return c > 0x20 && c < 0x7F && c != '.' && c != '\\';
}

}  // namespace

Result<std::string> parse_dns_name(std::string_view data) {
  if (data.size() > kNameOctetsMax) return cut();
  std::string name;
  for (;;) {
    if (data.empty()) return cut();
    auto length = static_cast<unsigned char>(data.front());
    data.remove_prefix(1);
    if (length == 0) break;
    if (length > kLabelOctetsMax || data.size() < length) return cut();
    if (!name.empty()) name += '.';
    for (char c : data.substr(0, length)) {
      if (plain(c))
        name += ascii_lower(c);
      else
        name += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    }
    data.remove_prefix(length);
  }
  if (!data.empty()) return cut();
  return name;
}

Result<std::string> print_dns_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string out;
  if (!name.empty()) {
    for (std::string_view label : split(name, '.')) {
      if (label.empty() || label.size() > kLabelOctetsMax)
        return fail(Error::Kind::syntax, "not a DNS name: " + std::string(name));
      out += static_cast<char>(label.size());
      out += label;
    }
  }
  out += '\0';
  if (out.size() > kNameOctetsMax)
    return fail(Error::Kind::syntax, "a DNS name that is too long: " + std::string(name));
  return out;
}

Result<MxRecord> parse_mx(std::string_view data) {
  if (data.size() < 3) return cut();
  MxRecord record;
  record.preference = get_be16(data);
  TRY(record.host, parse_dns_name(data.substr(2)));
  return record;
}

Result<std::string> print_mx(const MxRecord& record) {
  std::string out;
  put_be16(out, record.preference);
  TRY(std::string host, print_dns_name(record.host));
  return out + host;
}

Result<IpAddress> parse_address(std::string_view data, DnsType type) {
  if (type == DnsType::a) {
    std::array<std::uint8_t, 4> octets{};
    if (data.size() != octets.size()) return cut();
    std::ranges::copy(data, octets.begin());
    return IpAddress::v4(octets);
  }
  std::array<std::uint8_t, 16> octets{};
  if (type != DnsType::aaaa || data.size() != octets.size()) return cut();
  std::ranges::copy(data, octets.begin());
  return IpAddress::v6(octets);
}

std::string print_address(const IpAddress& address) {
  const auto& octets = address.octets();
  return {octets.begin(), octets.begin() + (address.is_v6() ? 16 : 4)};
}

Result<std::string> parse_txt(std::string_view data) {
  std::string text;
  if (data.empty()) return cut();
  while (!data.empty()) {
    auto length = static_cast<unsigned char>(data.front());
    data.remove_prefix(1);
    if (data.size() < length) return cut();
    text += data.substr(0, length);
    data.remove_prefix(length);
  }
  return text;
}

std::string print_txt(std::string_view text) {
  std::string out;
  do {
    std::string_view part = text.substr(0, kStringOctetsMax);
    out += static_cast<char>(part.size());
    out += part;
    text.remove_prefix(part.size());
  } while (!text.empty());
  return out;
}

}  // namespace posta::net

#include "net/proxy.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/codec.h"
#include "base/text.h"

namespace posta::net {

namespace {

constexpr std::string_view kV1("PROXY ");
constexpr std::string_view kV2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kV2Fixed = 16;  // signature, version and command, family, length

// §2.2: version 2 in the high half, the command in the low one.
constexpr unsigned char kLocal = 0x20;
constexpr unsigned char kProxy = 0x21;

// §2.2: address family in the high half, transport protocol in the low one.
constexpr unsigned char kTcp4 = 0x11;
constexpr unsigned char kTcp6 = 0x21;

// §2.2: the types we look at.
enum Type : unsigned char { kAuthority = 0x02, kChecksum = 0x03, kSsl = 0x20 };
constexpr unsigned char kClientSsl = 0x01;  // §2.2.6
constexpr std::size_t kAuthorityMax = 255;  // octets; a host name is no longer (RFC 1035 §3.1)

Failure bad(std::string what, std::size_t at) {
  return fail(Error::Kind::syntax, "not a PROXY header: " + std::move(what), at);
}

// True if one is the beginning of the other.
bool agree(std::string_view input, std::string_view pattern) {
  std::size_t n = std::min(input.size(), pattern.size());
  return input.substr(0, n) == pattern.substr(0, n);
}

// --- version 1

std::optional<std::uint16_t> parse_port(std::string_view text) {  // no leading zeros, no sign
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return to_number<std::uint16_t>(text);
}

Result<ProxyEnds> parse_v1_ends(std::string_view family, const std::vector<std::string_view>& words,
                                std::size_t at) {
  bool v6 = family == "TCP6";
  ProxyEnds ends;
  for (int i : {0, 1}) {
    std::string_view text = words[std::size_t(i)];
    auto address = IpAddress::parse(text);
    // "The advertised protocol family dictates what format to use."
    if (!address || (text.find(':') != text.npos) != v6)
      return bad(fmt::format("expected an address of {}", family), at);
    auto port = parse_port(words[std::size_t(i) + 2]);
    if (!port) return bad("expected a port from 0 to 65535", at);
    (i == 0 ? ends.source : ends.destination) = Endpoint{*address, *port};
  }
  return ends;
}

Result<std::optional<ProxyHeader>> parse_v1(std::string_view input) {
  std::size_t end = input.find_first_of("\r\n");
  if (end == input.npos) {
    if (input.size() + 2 > kProxyV1OctetsMax) return bad("no CRLF in 107 octets", input.size());
    return std::nullopt;
  }
  if (end + 2 > kProxyV1OctetsMax) return bad("no CRLF in 107 octets", end);
  if (input[end] != '\r') return bad("a line feed without a carriage return", end);
  if (end + 1 == input.size()) return std::nullopt;
  if (input[end + 1] != '\n') return bad("a carriage return without a line feed", end);
  ProxyHeader header;
  header.octets = end + 2;
  std::string_view line = input.substr(kV1.size(), end - kV1.size());
  std::string_view family = line.substr(0, line.find(' '));
  if (family == "UNKNOWN") return header;  // "must ignore anything presented before the CRLF"
  if (family != "TCP4" && family != "TCP6")
    return bad("expected TCP4, TCP6 or UNKNOWN", kV1.size());
  auto words = split(line, ' ');
  if (words.size() != 5) return bad("expected two addresses and two ports", kV1.size());
  words.erase(words.begin());
  TRY(header.ends, parse_v1_ends(family, words, kV1.size() + family.size() + 1));
  return header;
}

// --- version 2

Endpoint get_endpoint(std::string_view address, std::string_view port) {
  Endpoint endpoint;
  endpoint.port = get_be16(port);
  if (address.size() == 4) {
    std::array<std::uint8_t, 4> octets;
    std::copy(address.begin(), address.end(), octets.begin());
    endpoint.ip = IpAddress::v4(octets);
  } else {
    std::array<std::uint8_t, 16> octets;
    std::copy(address.begin(), address.end(), octets.begin());
    endpoint.ip = IpAddress::v6(octets);
  }
  return endpoint;
}

// §2.2.3: the checksum of the whole header with zeros in its own place.
bool checksum_holds(std::string_view whole, std::size_t at) {
  std::uint32_t sum = crc32c(whole.substr(0, at));
  sum = crc32c(std::string_view("\0\0\0\0", 4), sum);
  sum = crc32c(whole.substr(at + 4), sum);
  return sum == get_be32(whole.substr(at));
}

// The vectors (type, length, value) from `at` to the end of the header.
Result<> parse_vectors(std::string_view whole, std::size_t at, ProxyHeader& header) {
  while (at < whole.size()) {
    if (whole.size() - at < 3) return bad("a vector without its length", at);
    auto type = static_cast<unsigned char>(whole[at]);
    std::size_t size = get_be16(whole.substr(at + 1));
    at += 3;
    if (whole.size() - at < size) return bad("a vector longer than the header", at - 2);
    std::string_view value = whole.substr(at, size);
    if (type == kAuthority) {
      if (size > kAuthorityMax) return bad("a host name of more than 255 octets", at);
      header.authority = value;
    } else if (type == kSsl) {
      if (size < 5) return bad("a TLS vector without its fields", at);
      header.tls = (static_cast<unsigned char>(value[0]) & kClientSsl) != 0;
    } else if (type == kChecksum) {
      if (size != 4 || !checksum_holds(whole, at)) return bad("the checksum is wrong", at);
    }
    at += size;
  }
  return {};
}

Result<std::optional<ProxyHeader>> parse_v2(std::string_view input) {
  if (input.size() <= kV2.size()) return std::nullopt;
  auto command = static_cast<unsigned char>(input[12]);
  if (command != kLocal && command != kProxy) return bad("an unknown version or command", 12);
  if (input.size() <= 13) return std::nullopt;
  auto family = static_cast<unsigned char>(input[13]);
  if (family >> 4 > 3 || (family & 0x0F) > 2) return bad("an unknown address family", 13);
  if (input.size() < kV2Fixed) return std::nullopt;
  std::size_t length = get_be16(input.substr(14));
  if (kV2Fixed + length > kProxyV2OctetsMax)
    return fail(Error::Kind::limit, fmt::format("a PROXY header of {} octets", kV2Fixed + length),
                14);
  std::size_t address = family == kTcp4 ? 4 : family == kTcp6 ? 16 : 0;
  std::size_t addresses = address > 0 ? 2 * address + 4 : 0;
  bool relayed = command == kProxy && address > 0;
  if (relayed && length < addresses) return bad("too short for its addresses", 14);
  if (input.size() < kV2Fixed + length) return std::nullopt;
  ProxyHeader header;
  header.octets = kV2Fixed + length;
  // LOCAL: "discard the protocol block". Families that are not TCP over IP are passed over whole.
  if (!relayed) return header;
  std::string_view whole = input.substr(0, header.octets);
  std::string_view block = whole.substr(kV2Fixed, addresses);
  header.ends = ProxyEnds{
      .source = get_endpoint(block.substr(0, address), block.substr(2 * address, 2)),
      .destination = get_endpoint(block.substr(address, address), block.substr(2 * address + 2, 2)),
  };
  TRY_VOID(parse_vectors(whole, kV2Fixed + addresses, header));
  return header;
}

void put_address(std::string& out, const IpAddress& ip, bool v6) {
  auto octets = ip.octets();
  const char* text = reinterpret_cast<const char*>(octets.data());
  if (v6 && !ip.is_v6()) {  // RFC 4291 §2.5.5.2
    out.append(10, '\0').append("\xFF\xFF").append(text, 4);
  } else {
    out.append(text, v6 ? 16 : 4);
  }
}

void put_vector(std::string& out, Type type, std::string_view value) {
  out += static_cast<char>(type);
  put_be16(out, static_cast<std::uint16_t>(value.size()));
  out += value;
}

}  // namespace

Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view input) {
  if (agree(input, kV2)) {
    if (input.size() < kV2.size()) return std::nullopt;
    return parse_v2(input);
  }
  if (!agree(input, kV1)) return bad("neither version 1 nor 2", 0);
  if (input.size() < kV1.size()) return std::nullopt;
  return parse_v1(input);
}

std::string print_proxy_v1(const std::optional<ProxyEnds>& ends) {
  if (!ends || ends->source.ip.is_v6() != ends->destination.ip.is_v6()) return "PROXY UNKNOWN\r\n";
  return fmt::format("PROXY {} {} {} {} {}\r\n", ends->source.ip.is_v6() ? "TCP6" : "TCP4",
                     ends->source.ip.str(), ends->destination.ip.str(), ends->source.port,
                     ends->destination.port);
}

std::string print_proxy_v2(const ProxyHeader& header) {
  std::string block;
  bool v6 = false;
  if (header.ends) {
    const auto& [source, destination] = *header.ends;
    v6 = source.ip.is_v6() || destination.ip.is_v6();
    put_address(block, source.ip, v6);
    put_address(block, destination.ip, v6);
    put_be16(block, source.port);
    put_be16(block, destination.port);
    if (!header.authority.empty()) put_vector(block, kAuthority, header.authority);
    if (header.tls) put_vector(block, kSsl, std::string_view("\1\0\0\0\1", 5));  // no certificate
    put_vector(block, kChecksum, std::string_view("\0\0\0\0", 4));
  }
  std::string out(kV2);
  out += static_cast<char>(header.ends ? kProxy : kLocal);
  out += static_cast<char>(!header.ends ? 0 : v6 ? kTcp6 : kTcp4);
  put_be16(out, static_cast<std::uint16_t>(block.size()));
  out += block;
  if (header.ends) {
    std::uint32_t sum = crc32c(out);
    out.resize(out.size() - 4);
    put_be32(out, sum);
  }
  return out;
}

}  // namespace posta::net

#include "mta/route/relay_host.h"

#include <optional>

#include "base/text.h"
#include "mail/address.h"
#include "net/endpoint.h"

namespace posta::mta {

namespace {

constexpr std::uint16_t kSubmissions = 465;  // RFC 8314 §7.3

Failure expected(std::string what) {
  return fail(Error::Kind::config, "expected " + std::move(what));
}

std::optional<TlsLevel> parse_level(std::string_view word) {
  for (TlsLevel level : {TlsLevel::none, TlsLevel::may, TlsLevel::encrypt, TlsLevel::verify})
    if (word == to_string(level)) return level;
  return std::nullopt;
}

Result<> take_place(std::string_view place, RelayHost& out) {
  std::string_view name;
  if (place.starts_with('[')) {
    auto end = place.find(']');
    if (end == std::string_view::npos)
      return expected("a ] after the host: [smtp.example.net]:587");
    name = place.substr(1, end - 1);
    place.remove_prefix(end + 1);
  } else {
    auto end = std::min(place.find(':'), place.size());
    name = place.substr(0, end);
    place.remove_prefix(end);
    out.look_up_mx = true;
  }
  if (!place.empty()) {
    auto port = place.starts_with(':') ? to_number<std::uint16_t>(place.substr(1)) : std::nullopt;
    if (!port || *port == 0) return expected("a port from 1 to 65535 after the host");
    out.port = *port;
  }
  std::string_view address = name;
  if (starts_with_ignore_case(address, "IPv6:")) address.remove_prefix(5);
  if (auto ip = net::IpAddress::parse(address); ip && !out.look_up_mx) {
    out.host = ip->str();
    return {};
  }
  auto domain = Domain::parse(name);
  if (!domain || domain->is_literal())
    return expected(
        "a host: \"[smtp.example.net]:587\", or a domain with MX records: "
        "\"example.net\"");
  out.host = domain->str();
  return {};
}

bool is_loopback(const RelayHost& relay) {
  auto ip = net::IpAddress::parse(relay.host);
  return ip && ip->is_loopback();
}

}  // namespace

const char* to_string(TlsLevel level) {
  switch (level) {
    case TlsLevel::none: return "none";
    case TlsLevel::may: return "may";
    case TlsLevel::encrypt: return "encrypt";
    case TlsLevel::verify: return "verify";
  }
  return "?";
}

Result<RelayHost> parse_relay_host(std::string_view line) {
  RelayHost out;
  std::optional<TlsLevel> level;
  bool first = true;
  for (std::string_view word : split(line, ' ')) {
    if (word.empty()) continue;
    if (std::exchange(first, false)) {
      TRY_VOID(take_place(word, out));
      continue;
    }
    auto equals = word.find('=');
    std::string_view name = word.substr(0, equals);
    std::string value(equals == std::string_view::npos ? "" : word.substr(equals + 1));
    if (word == "implicit") {
      out.implicit_tls = true;
    } else if (name == "tls") {
      level = parse_level(value);
      if (!level) return expected("tls=none, tls=may, tls=encrypt or tls=verify");
    } else if (name == "user" && !value.empty()) {
      out.user = std::move(value);
    } else if (name == "password" && !value.empty()) {
      out.password = std::move(value);
    } else if (name == "password_file" && !value.empty()) {
      out.password_file = std::move(value);
    } else {
      return expected("tls=, implicit, user=, password= or password_file= after the host");
    }
  }
  if (first) return expected("a host: \"[smtp.example.net]:587\"");
  if (!out.password.empty() && !out.password_file.empty())
    return expected("password= or password_file=, not both");
  bool password = !out.password.empty() || !out.password_file.empty();
  if (out.user.empty() == password) return expected("user= and a password together");
  if (out.port == kSubmissions) out.implicit_tls = true;
  out.tls = level.value_or(password           ? TlsLevel::verify
                           : out.implicit_tls ? TlsLevel::encrypt
                                              : TlsLevel::may);
  bool demanded = out.tls == TlsLevel::encrypt || out.tls == TlsLevel::verify;
  if (out.implicit_tls && !demanded) return expected("tls=encrypt or tls=verify with implicit TLS");
  if (password && !demanded && !is_loopback(out))
    return expected("tls=encrypt or tls=verify with a password: it must not travel in clear");
  return out;
}

std::string RelayHost::str() const {
  std::string out = look_up_mx ? host : "[" + host + "]";
  if (port != 25) out += ":" + std::to_string(port);
  out += std::string(" tls=") + to_string(tls);
  if (implicit_tls && port != kSubmissions) out += " implicit";
  if (!user.empty()) out += " user=" + user;
  if (!password_file.empty())
    out += " password_file=" + password_file;
  else if (!password.empty())
    out += " password=(not shown)";
  return out;
}

}  // namespace posta::mta

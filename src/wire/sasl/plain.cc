#include "wire/sasl/plain.h"

#include "base/text.h"

namespace posta::wire::sasl {

namespace {

Failure malformed(std::string what, std::size_t at) {
  return fail(Error::Kind::syntax, "a SASL response: " + std::move(what), at);
}

}  // namespace

Result<std::string> parse_login_name(std::string_view response) {
  if (response.empty()) return malformed("no name", 0);
  if (response.size() > kNameOctetsMax) return malformed("a name too long", kNameOctetsMax);
  if (auto nul = response.find('\0'); nul != std::string_view::npos)
    return malformed("a NUL in a name", nul);
  if (!is_utf8(response)) return malformed("a name that is not UTF-8", 0);
  return std::string(response);
}

Result<std::string> parse_login_password(std::string_view response) {
  if (response.empty()) return malformed("no password", 0);
  if (response.size() > kPasswordOctetsMax)
    return malformed("a password too long", kPasswordOctetsMax);
  if (auto nul = response.find('\0'); nul != std::string_view::npos)
    return malformed("a NUL in a password", nul);
  return std::string(response);
}

Result<Plain> parse_plain(std::string_view message) {
  std::size_t first = message.find('\0');
  if (first == std::string_view::npos) return malformed("no NUL", message.size());
  std::size_t second = message.find('\0', first + 1);
  if (second == std::string_view::npos) return malformed("only one NUL", message.size());
  Plain out;
  if (first > 0) {
    TRY(out.authzid, parse_login_name(message.substr(0, first)));
  }
  TRY(out.authcid, parse_login_name(message.substr(first + 1, second - first - 1)));
  TRY(out.password, parse_login_password(message.substr(second + 1)));
  return out;
}

std::string print(const Plain& message) {
  std::string out = message.authzid;
  out += '\0';
  out += message.authcid;
  out += '\0';
  out += message.password;
  return out;
}

}  // namespace posta::wire::sasl

#include "directory/credentials.h"

#include "base/text.h"

namespace posta::directory {

namespace {

struct ScopeName {
  Scope scope;
  std::string_view name;
};
constexpr ScopeName kScopes[] = {
    {Scope::imap, "imap"}, {Scope::pop3, "pop3"}, {Scope::smtp, "smtp"}};

}  // namespace

std::string to_string(Scopes scopes) {
  std::string out;
  for (const auto& [scope, name] : kScopes)
    if (scopes.has(scope)) out.append(out.empty() ? "" : ",").append(name);
  return out;
}

std::optional<Scope> parse_scope(std::string_view text) {
  for (const auto& [scope, name] : kScopes)
    if (equals_ignore_case(name, text)) return scope;
  return std::nullopt;
}

Result<Grant> parse_grant(std::string_view text) {
  if (!text.starts_with('@')) {
    TRY(Address address, Address::parse(text));
    return Grant{std::move(address)};
  }
  TRY(Domain domain, Domain::parse(text.substr(1)));
  return Grant{{std::string(), std::move(domain)}};
}

}  // namespace posta::directory

// address.h: domains and addresses (RFC 5321 §4.1.2, RFC 6531 §3.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace posta {

// Limits of RFC 5321 §4.5.3.1, in octets.
inline constexpr std::size_t kLocalPartOctetsMax = 64;
inline constexpr std::size_t kDomainOctetsMax = 255;
inline constexpr std::size_t kPathOctetsMax = 256;

// A host or mail domain, or an address literal. Canonical: ASCII lower case, international labels
// as A-labels (RFC 5890 §2.3.2.1), no final dot; literals keep their brackets: "[192.0.2.1]",
// "[IPv6:2001:db8::1]".
class Domain {
 public:
  Domain() = default;

  // Takes A-labels or U-labels. A syntax Error names the octet where it stops being a domain.
  static Result<Domain> parse(std::string_view text);

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool is_literal() const { return !text_.empty() && text_.front() == '['; }

  // For people: U-labels where they are valid, else as str().
  std::string display() const;

  friend auto operator<=>(const Domain&, const Domain&) = default;

 private:
  std::string text_;
};

// local-part@domain. RFC 5321 calls it Mailbox; here that word is the place where mail is kept.
struct Address {
  std::string local;  // unquoted; as written, case kept; UTF-8 if international
  Domain domain;      // empty only for the reserved <Postmaster> and trusted bare local parts

  // `local@domain`, quoted where the grammar needs it (RFC 5321 §4.1.2 Quoted-string).
  std::string str() const;

  bool empty() const { return local.empty(); }
  bool is_ascii() const;  // if not, it needs SMTPUTF8 (RFC 6531 §3.3)
  friend auto operator<=>(const Address&, const Address&) = default;

  // Parses `local@domain` whole, quoted or not. What SMTP's paths allow beyond that (source routes,
  // angle brackets) is wire/smtp's affair.
  static Result<Address> parse(std::string_view text);
};

// The local part at the start of `text`; consumes what it takes. For parsers of larger grammars.
Result<std::string> take_local_part(std::string_view& text);

// RFC 5321 §4.1.1.2: where failures are reported; null ("<>") for reports themselves.
using ReversePath = std::optional<Address>;

std::string to_string(const ReversePath& path);  // "<ann@example.org>" or "<>"

}  // namespace posta

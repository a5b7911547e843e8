// address_list.h: the addresses of From, To, Cc and their like (RFC 5322 §3.4, obsolete §4.4).
//
//   address-list = address *("," address)
//   address      = mailbox / group
//   mailbox      = [display-name] "<" [route] addr-spec ">" / addr-spec
//   group        = display-name ":" [mailbox-list] ";"
//
// Never fails: what does not parse becomes an address with the octets it has, and an unclosed
// quote, comment or group ends where the field ends. Octets are kept as they are, UTF-8
// (RFC 6532 §3.2) and encoded words included; quoting is removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace posta::wire::message {

struct Address {
  enum class Kind : std::uint8_t { mailbox, group_start, group_end };
  Kind kind = Kind::mailbox;
  std::string name;    // display name or group name, raw; a comment if there is no other name
  std::string route;   // "@a,@b" of an obsolete source route (§4.4)
  std::string local;   // without quotes
  std::string domain;  // empty: there was none

  bool operator==(const Address&) const = default;
};

// Appends the addresses of `body` (folded or not) until `out` has `addresses_max`. False: something
// of `body` is in none of them: more addresses, or words behind one ("<a@b.example> c@d.example").
bool parse_address_list(std::string_view body, std::vector<Address>& out,
                        std::size_t addresses_max = 2000);
std::vector<Address> parse_address_list(std::string_view body);

std::string display_name(const Address& address);  // decoded; the address itself if it has no name
std::string address_of(const Address& address);    // local@domain, the local part quoted if need be

// One mailbox as a field body shows it: ann@example.org, or Ann <ann@example.org>. `name` is UTF-8.
std::string print_mailbox(std::string_view name, std::string_view address);

}  // namespace posta::wire::message

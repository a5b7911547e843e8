// principal.h: somebody who has proved who they are.
#pragma once

#include <cstdint>
#include <string>

#include "mail/address.h"
#include "mail/ids.h"

namespace posta {

// With what they proved it. Set anew, or removed and made again, it has another mark.
struct Credential {
  std::uint32_t app_password = 0;  // its number; 0: the account's own password
  std::uint64_t mark = 0;
  friend bool operator==(const Credential&, const Credential&) = default;
};

struct Principal {
  AccountId account;
  Address address;  // the account's own address, in its canonical form
  Credential credential = {};
};

}  // namespace posta

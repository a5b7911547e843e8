// principal.h: somebody who has proved who they are.
#pragma once

#include <string>

#include "mail/address.h"
#include "mail/ids.h"

namespace posta {

struct Principal {
  AccountId account;
  Address address;  // the account's own address, in its canonical form
};

}  // namespace posta

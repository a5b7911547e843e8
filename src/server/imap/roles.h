// roles.h: what a mailbox is for, as IMAP says it (RFC 6154 §2).
#pragma once

#include <string_view>

#include "base/text.h"
#include "mailbox/mailbox.h"

namespace posta::server::imap {

struct RoleName {
  mailbox::Role role;
  std::string_view attribute;
};

inline constexpr RoleName kRoles[] = {
    {mailbox::Role::drafts, "\\Drafts"},   {mailbox::Role::sent, "\\Sent"},
    {mailbox::Role::junk, "\\Junk"},       {mailbox::Role::trash, "\\Trash"},
    {mailbox::Role::archive, "\\Archive"},
};

// Role::none: none that a mailbox here can have.
inline mailbox::Role role_of(std::string_view attribute) {
  for (const RoleName& name : kRoles)
    if (equals_ignore_case(name.attribute, attribute)) return name.role;
  return mailbox::Role::none;
}

// Empty: no special use.
inline std::string_view attribute_of(mailbox::Role role) {
  for (const RoleName& name : kRoles)
    if (name.role == role) return name.attribute;
  return {};
}

}  // namespace posta::server::imap

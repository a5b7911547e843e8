// path.h: the paths in MAIL and RCPT.
//
//   Reverse-path = Path / "<>"                                            RFC 5321 §4.1.2
//   Forward-path = Path
//   Path         = "<" [ A-d-l ":" ] Mailbox ">"
//   A-d-l        = At-domain *( "," At-domain )
//   At-domain    = "@" Domain
//   Mailbox      = Local-part "@" ( Domain / address-literal )
//
// Private to the room: command.h has what others want.
#pragma once

#include <expected>
#include <string_view>

#include "mail/address.h"
#include "wire/smtp/command.h"

namespace posta::wire::smtp {

struct Path {
  Address address;        // empty if null
  std::string_view text;  // less brackets and source route; points into the line
  bool null = false;      // "<>"
};

enum class PathKind { reverse, forward };

// Takes a path off the front of `rest`, which is a part of `line` (offsets are counted there).
std::expected<Path, Refused> take_path(std::string_view line, std::string_view& rest, PathKind kind,
                                       const Parse& options);

}  // namespace posta::wire::smtp

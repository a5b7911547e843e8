// print.h: what responses are made of (RFC 3501 §9), appended to the output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mail/flags.h"
#include "mail/time.h"

namespace posta::server::imap {

inline constexpr std::string_view kSystemFlags = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";

void append_number(std::string& out, std::uint64_t number);
// FLAGS (\Seen $Forwarded)
void append_flags(std::string& out, const std::vector<std::string>& keywords, Flags flags,
                  bool recent);
// " 5-Nov-2026 09:07:46 +0000": date-time, in quotes
void append_date_time(std::string& out, WallTime time);
// A mailbox's name in modified UTF-7 (RFC 3501 §5.1.3), as an astring.
void append_mailbox(std::string& out, std::string_view utf8);
// An astring: as it is if it may stand alone, else quoted or a literal.
void append_astring(std::string& out, std::string_view text);

}  // namespace posta::server::imap

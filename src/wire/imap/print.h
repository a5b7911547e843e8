// print.h: pieces of commands and responses, as text appended to a string.
#pragma once

#include <string>
#include <string_view>

#include "mail/query.h"
#include "wire/imap/command.h"

namespace posta::wire::imap {

// A string as a client sends it: quoted, or a non-synchronising literal (RFC 7888).
void append_client_string(std::string& out, std::string_view text);

// "BODY.PEEK[1.HEADER.FIELDS (Date)]<0.100>", as a client asks.
void append_fetch_item(std::string& out, const FetchItem& item);
// "[1.HEADER.FIELDS (Date)]": in questions and answers.
void append_section(std::string& out, const Section& section);

// One search-key.
void append_query(std::string& out, const Query& query);

}  // namespace posta::wire::imap

// config_text.h: what is asked of the text of posta.toml before it is parsed.
#pragma once

#include <string_view>

namespace posta::app {

// The line, from 1, of the first octet beyond ASCII that stands neither in quotes nor in a comment;
// 0: there is none. No key and no value of TOML begins or goes on with such a letter unquoted, and
// toml++ 3.3 asks about them in a way that the language leaves undefined.
unsigned line_beyond_ascii(std::string_view text);

}  // namespace posta::app

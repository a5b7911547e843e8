#include "app/config_text.h"

#include <cstddef>

namespace posta::app {

namespace {

// Behind the quote or the three quotes that close what begins at `at`; a text in one quote ends
// with its line, too.
std::size_t behind_quotes(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string_view three = text.substr(at, 3);
  const bool long_text = three.size() == 3 && three[1] == quote && three[2] == quote;
  at += long_text ? 3 : 1;
  for (; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (long_text && text.substr(at, 3) == three) {
      return at + 3;
    } else if (!long_text && (text[at] == quote || text[at] == '\n')) {
      return text[at] == quote ? at + 1 : at;
    }
  }
  return text.size();
}

}  // namespace

unsigned line_beyond_ascii(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";  // some editors begin files with it
  unsigned line = 1;
  std::size_t at = text.starts_with(kMark) ? kMark.size() : 0;
  while (at < text.size()) {
    std::size_t next = at + 1;
    if (text[at] == '"' || text[at] == '\'') next = behind_quotes(text, at);
    if (text[at] == '#') next = text.find('\n', at);
    if (next > text.size()) next = text.size();
    if (static_cast<unsigned char>(text[at]) >= 0x80) return line;
    for (; at < next; ++at)
      if (text[at] == '\n') ++line;
  }
  return 0;
}

}  // namespace posta::app

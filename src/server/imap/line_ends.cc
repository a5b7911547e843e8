#include "server/imap/line_ends.h"

#include <cstring>
#include <utility>

namespace posta::server::imap {

std::string_view LineEnds::take(std::string_view text, std::string& scratch) {
  if (text.empty()) return text;
  // A plain loop without branches, of which the compiler makes vectors: is all as it should be?
  unsigned char lone = (after_cr_ != (text.front() == '\n'));
  unsigned char nul = text.front() == 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    lone |= static_cast<unsigned char>((text[i - 1] == '\r') ^ (text[i] == '\n'));
    nul |= static_cast<unsigned char>(text[i] == 0);
  }
  nul_ |= nul != 0;
  if (lone == 0) {
    after_cr_ = text.back() == '\r';
    return text;
  }
  scratch.clear();
  for (char c : text) {
    if (after_cr_ && c != '\n') scratch += '\n';
    if (!after_cr_ && c == '\n') scratch += '\r';
    scratch += c;
    after_cr_ = c == '\r';
  }
  return scratch;
}

std::string_view LineEnds::finish() {
  return std::exchange(after_cr_, false) ? std::string_view("\n") : std::string_view();
}

}  // namespace posta::server::imap

#include "wire/smtp/content.h"

#include <cstring>

namespace posta::wire::smtp {

void ContentScanner::scan(std::string_view slice) {
  if (slice.empty()) return;
  content_.octets += slice.size();
  // Plain loops over octets without branches: the compiler makes vectors of them.
  const char* data = slice.data();
  const std::size_t size = slice.size();
  unsigned char high = static_cast<unsigned char>(data[0]);
  unsigned char nul = data[0] == 0;
  unsigned char lone_cr = last_ == '\r' && data[0] != '\n';
  unsigned char lone_lf = last_ != '\r' && data[0] == '\n';
  for (std::size_t i = 1; i < size; ++i) {
    auto c = static_cast<unsigned char>(data[i]);
    auto before = static_cast<unsigned char>(data[i - 1]);
    unsigned char cr_before = before == '\r';
    unsigned char lf = c == '\n';
    high |= c;
    nul |= static_cast<unsigned char>(c == 0);
    lone_cr |= static_cast<unsigned char>(cr_before & (lf ^ 1));
    lone_lf |= static_cast<unsigned char>((cr_before ^ 1) & lf);
  }
  content_.eight_bit |= high >= 0x80;
  content_.nul |= nul != 0;
  content_.bare_cr |= lone_cr != 0;
  content_.bare_lf |= lone_lf != 0;
  last_ = data[size - 1];
  if (!content_.long_line) scan_lines(slice);
}

// Leaps: if a LF lies within the next 1000 octets of a line's start, the last one there begins the
// next line to look at; what lies between are lines too short to matter.
void ContentScanner::scan_lines(std::string_view slice) {
  constexpr std::size_t kLineMax = 1000;  // 998 and CRLF, RFC 5321 §4.5.3.1.6
  while (!slice.empty()) {
    if (line_octets_ == kLineMax) {  // full and not ended: one octet more is too long
      content_.long_line = true;
      return;
    }
    std::string_view window = slice.substr(0, kLineMax - line_octets_);
    const void* lf = memrchr(window.data(), '\n', window.size());
    if (lf == nullptr) {
      line_octets_ += window.size();
      slice.remove_prefix(window.size());
    } else {
      line_octets_ = 0;
      slice.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(lf) - slice.data()) +
                          1);
    }
  }
}

void ContentScanner::finish() {
  if (last_ == '\r') content_.bare_cr = true;
  last_ = 0;
}

}  // namespace posta::wire::smtp

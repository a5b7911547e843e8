// multiline.h: a message as the multi-line reply of RETR and TOP.
//
// RFC 1939 §3: lines that begin with the termination octet are "byte-stuffed", the reply ends in
// CRLF "." CRLF. A message made of CRLF lines passes octet for octet (NUL, 8-bit octets and bare CR
// included); INTEROP: a bare LF, which the standard's lines do not know, becomes CRLF, since
// clients would take it for one, and then for the end if a dot followed. A message that does not
// end in CRLF gets one.
//
//   for (std::string_view part; !(part = encoder.take(chunk)).empty();) stream.write(part);
//   ... the next chunk, and so on, and at last
//   stream.write(encoder.finish());
//
// Slices point into the chunk or at constants and are as large as dots allow; cut-invariant;
// nothing is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace posta::wire::pop3 {

// Whether a line is empty, when its octets come in pieces.
class LineMeter {
 public:
  void add(std::string_view piece) {
    octets_ += piece.size();
    if (!piece.empty()) last_ = piece.back();
  }
  // The line has ended in LF: was it "" or "\r"? The next one begins.
  bool end_line() {
    bool empty = octets_ == 0 || (octets_ == 1 && last_ == '\r');
    octets_ = 0;
    return empty;
  }

 private:
  std::uint64_t octets_ = 0;
  char last_ = 0;
};

// For clients of long ago (Postfix/Dovecot administrators know them by these names).
struct Workarounds {
  bool no_nuls = false;        // outlook-no-nuls: NUL becomes 0x80
  bool end_of_header = false;  // oe-ns-eoh: a message that is all header gets its empty line
};

class MultilineEncoder {
 public:
  explicit MultilineEncoder(Workarounds workarounds = {}) : workarounds_(workarounds) {}

  std::string_view take(std::string_view& chunk);  // empty when the chunk is used up
  std::string_view finish();                       // the rest, and the end of the reply

 private:
  Workarounds workarounds_;
  std::string_view pending_;  // a constant to be given next
  LineMeter meter_;           // of the header
  bool line_start_ = true;
  bool last_cr_ = false;  // the last octet given was CR
  bool header_ended_ = false;
};

// What TOP shows of a message: the header, the empty line, and `lines` lines of the body (RFC 1939
// §7). A message without empty line is all header. Lines end in LF, with or without CR before it.
class TopFilter {
 public:
  explicit TopFilter(std::uint64_t lines) : left_(lines) {}

  // The part of `chunk` that is shown: a prefix. Empty once done().
  std::string_view take(std::string_view chunk);
  bool done() const { return done_; }  // the rest of the message need not be read

 private:
  std::uint64_t left_;  // lines of the body still to be shown
  LineMeter meter_;     // of the header
  bool in_header_ = true;
  bool done_ = false;
};

}  // namespace posta::wire::pop3

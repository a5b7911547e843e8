// multiline.h: a message as the multi-line reply of RETR and TOP.
//
// RFC 1939 §3: lines that begin with the termination octet are "byte-stuffed", the reply ends in
// CRLF "." CRLF. A message made of CRLF lines passes octet for octet (NUL, 8-bit octets and bare CR
// included); INTEROP: a bare LF, which the standard's lines do not know, becomes CRLF, since
// clients would take it for one, and then for the end if a dot followed. A message that does not
// end in CRLF gets one.
//
//   for (std::string_view part; !(part = encoder.take(chunk)).empty();) stream.write(part);
//   ... next chunk ...
//   while (!(part = encoder.finish()).empty()) stream.write(part);
//
// Slices point into the chunk or at constants and are as large as dots allow; cut-invariant;
// nothing is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace posta::wire::pop3 {

// For clients of long ago (Postfix/Dovecot administrators know them by these names).
struct Workarounds {
  bool no_nuls = false;        // outlook-no-nuls: NUL becomes 0x80
  bool end_of_header = false;  // oe-ns-eoh: a message that is all header gets its empty line
};

class MultilineEncoder {
 public:
  explicit MultilineEncoder(Workarounds workarounds = {}) : workarounds_(workarounds) {}

  std::string_view take(std::string_view& chunk);  // empty when the chunk is used up
  std::string_view finish();                       // the end, piece by piece; then empty

 private:
  enum class At { line_start, empty_line_cr, line };

  std::size_t run(std::string_view chunk);  // how much of it passes as it is
  void pass(std::string_view slice);        // updates the state

  Workarounds workarounds_;
  std::string_view pending_;
  std::uint64_t line_octets_ = 0;  // of the line so far
  bool last_cr_ = false;
  bool header_ended_ = false;
  bool stuffed_ = false;  // the dot of this line has been doubled
  bool finished_ = false;
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
  std::uint64_t left_;
  std::uint64_t line_octets_ = 0;  // of the header line so far, CR not counted
  bool in_header_ = true;
  bool done_ = false;
};

}  // namespace posta::wire::pop3

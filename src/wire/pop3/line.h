// line.h: the next command line in what a client has sent.
//
// A line ends in CRLF (RFC 1939 §3). INTEROP: a bare LF ends it too, as with the POP3 servers
// people know, so that a session can be typed into `nc`; nothing a client sends here is ever data,
// so there is no second reading of the stream.
//
// The reader keeps no octets: the caller shows it everything received and not yet consumed, as
// often as it likes. Not thread-safe; never waits.
#pragma once

#include <cstddef>
#include <string_view>

#include "wire/pop3/limits.h"

namespace posta::wire::pop3 {

struct Line {
  enum class Kind {
    need_more,  // no whole line yet: consume, read on, ask again
    line,       // `text` is a command line
    bad_octet,  // a bare CR or a NUL inside the line: answer -ERR, do not obey
    too_long,   // the line passed the limit and has now ended: answer -ERR
    endless,    // a line that does not end: answer -ERR and end the session
  };
  Kind kind = Kind::need_more;
  std::string_view text;     // Kind::line: without its line end; points into the buffer shown
  std::size_t consumed = 0;  // octets to drop from the front of the buffer; also with need_more
};

class LineReader {
 public:
  explicit LineReader(const Limits& limits)
      : limits_(limits), line_octets_max_(limits.command_line_octets_max) {}

  // Finds the next line at the front of `buffered`. What belongs to a line already too long is
  // consumed at once, so no more than line_octets_max need ever be buffered.
  Line next(std::string_view buffered);

  // While AUTH goes on its lines may be longer.
  void set_line_octets_max(std::size_t octets) { line_octets_max_ = octets; }

 private:
  Line skip(std::string_view buffered);

  Limits limits_;
  std::size_t line_octets_max_;
  std::size_t skipped_ = 0;  // octets of the line being skipped
  bool skipping_ = false;
};

}  // namespace posta::wire::pop3

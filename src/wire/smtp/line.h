// line.h: the next command line in what a client has sent.
//
// A line ends in CRLF (RFC 5321 §2.3.8). There is one exception, for people with `nc`: if the
// server permits it (loopback, trusted network) and the *first* line of the session ends in a bare
// LF, the session is in *hand mode*, and all its lines end in bare LF. The first line decides:
//
//                    first line ends in CRLF
//   undecided ---------------------------------> crlf     (a bare LF: Kind::bare_lf)
//       |                                         ^
//       |---- in bare LF, hand mode forbidden ----'
//       |
//       '---- in bare LF, hand mode permitted ---> bare_lf  (a CRLF: Kind::mixed)
//
// So nothing that ends in a bare LF is obeyed in a session that speaks CRLF, and the other way
// round: no two readings of one stream (SMTP smuggling).
//
// The reader keeps no octets. The caller shows it everything received and not yet consumed, as
// often as it likes; limits hold whatever the cuts. Not thread-safe; never waits.
#pragma once

#include <cstddef>
#include <string_view>

#include "wire/smtp/limits.h"

namespace posta::wire::smtp {

enum class LineEnds { undecided, crlf, bare_lf };

struct Line {
  enum class Kind {
    need_more,  // no whole line yet: consume, read on, ask again
    line,       // `text` is a command line
    bare_lf,    // a bare LF in a CRLF session: answer reply::bare_lf_command, do not obey
    bad_octet,  // a bare CR or a NUL inside the line: answer reply::bad_octet, do not obey
    too_long,   // the line passed the limit and has now ended: answer reply::line_too_long
    mixed,      // CRLF in hand mode: answer reply::mixed_line_ends and end the session
    endless,    // a line that does not end: answer reply::endless_line and end the session
  };
  Kind kind = Kind::need_more;
  std::string_view text;     // Kind::line: without its line end; points into the buffer shown
  std::size_t consumed = 0;  // octets to drop from the front of the buffer; also with need_more
};

class LineReader {
 public:
  // `hand_mode_permitted`: the peer is on loopback or a trusted network, and no PROXY header came.
  explicit LineReader(const Limits& limits, bool hand_mode_permitted = false)
      : limits_(limits),
        line_octets_max_(limits.command_line_octets_max),
        hand_mode_permitted_(hand_mode_permitted) {}

  // Finds the next line at the front of `buffered`. At most command_line_octets_max octets need
  // ever be buffered: what belongs to a line already too long is consumed at once.
  Line next(std::string_view buffered);

  // After STARTTLS, AUTH or PROXY hand mode is not to be had; a session already in it keeps it, so
  // the server refuses these verbs there (reply::not_by_hand).
  void forbid_hand_mode() { hand_mode_permitted_ = false; }

  // While AUTH goes on its lines may be longer (RFC 4954 §4); and for the AUTH command itself.
  void set_line_octets_max(std::size_t octets) { line_octets_max_ = octets; }

  LineEnds ends() const { return ends_; }

  // Octets of a line that fills the buffer without an end: how much a server must be able to hold.
  std::size_t buffer_octets_max() const { return line_octets_max_; }

 private:
  Line skip(std::string_view buffered);
  Line end_line(Line line, bool crlf);

  Limits limits_;
  std::size_t line_octets_max_;
  std::size_t skipped_ = 0;  // octets of the line being skipped
  bool skipping_ = false;
  bool skipped_cr_ = false;  // the last octet skipped was CR
  bool hand_mode_permitted_;
  LineEnds ends_ = LineEnds::undecided;
};

}  // namespace posta::wire::smtp

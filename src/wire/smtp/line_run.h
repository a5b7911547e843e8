// line_run.h: how far a text needs no change to be made of CRLF lines.
//
// Private to the room.
#pragma once

#include <cstddef>
#include <string_view>

namespace posta::wire::smtp {

struct LineRun {
  enum class Stop {
    end,       // of the text, within a line
    line_end,  // after a CRLF that a dot, or the end of the text, follows
    cr,        // before a CR that is bare, or whose next octet is not here yet
    lf,        // before a bare LF
  };
  std::size_t octets = 0;
  Stop stop = Stop::end;
};

// The octet before `text` is not a CR.
LineRun line_run(std::string_view text);

inline constexpr std::string_view kCrlf = "\r\n";

}  // namespace posta::wire::smtp

// reader.h: frames commands: line ends and literals, nothing else (RFC 3501 §4.3, RFC 7888).
//
//   octets --> need_more            wait for more input
//              go_ahead             a synchronising literal is announced: say "+ …", go on reading
//              command              one whole command, ready for parse_command
//              message              APPEND's own literal is announced: `octets()` ends with it; its
//                                   octets follow in the input and are the caller's to take, then
//                                   message_taken(); the command ends with a CRLF of its own
//              refused              a limit or a framing error: say it; `fatal`: and end the
//              session,
//                                   since what follows cannot be told from commands
//
// Cut invariant: however the network cuts the octets, the events are the same. Keeps only the
// command in hand; an idle reader keeps nothing. Lines end in CRLF; a bare LF is taken too
// (INTEROP: sessions typed by hand), a bare CR is not.
#pragma once

#include <string>
#include <string_view>

#include "wire/imap/limits.h"

namespace posta::wire::imap {

class CommandReader {
 public:
  explicit CommandReader(const Limits& limits) : limits_(limits) {}

  enum class Kind { need_more, go_ahead, command, message, refused };
  struct Event {
    Kind kind = Kind::need_more;
    std::size_t consumed = 0;          // octets of the input that are done with
    std::uint64_t message_octets = 0;  // kind message: the literal's size
    bool synchronising = false;        // kind message: say "+ …" before reading it
    std::string_view tag;              // kind refused: of the command, if it was read; else empty
    std::string_view text;             // kind refused
    bool too_big = false;              // kind refused: NO [TOOBIG] rather than BAD
    bool fatal = false;
  };
  // Looks at the input from its beginning; the caller consumes `consumed` and calls again.
  Event next(std::string_view input);

  // The command in hand (kinds command, message): valid until the next call.
  std::string_view octets() const { return command_; }
  // After a `message` whose octets have been taken (or refused and passed over).
  void message_taken();
  // After login larger literals are allowed.
  void set_logged_in() { logged_in_ = true; }

  // One line of a client that is not a command: IDLE's DONE, a SASL response. The same rules of
  // line ends; need_more, command (the line is octets()) or refused.
  Event next_line(std::string_view input, std::size_t octets_max);

 private:
  const Limits limits_;
  std::string command_;
  bool logged_in_ = false;
  // the implementation's further state follows here
};

}  // namespace posta::wire::imap

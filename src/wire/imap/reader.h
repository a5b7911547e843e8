// reader.h: frames commands: line ends and literals, nothing else (RFC 3501 §4.3, RFC 7888).
//
//   octets --> need_more            wait for more input
//              go_ahead             a synchronising literal is announced: say "+ …", go on reading
//              command              one whole command, ready for parse_command
//              message              APPEND's own literal is announced: `octets()` ends with it; its
//                                   octets follow in the input and are the caller's to take, then
//                                   message_taken(); the command ends with a CRLF of its own, and
//                                   `command` says so: octets() is what it was
//              refused              a limit or a framing error: say it; `fatal`: and end the
//                                   session, since what follows cannot be told from commands
//
//                      CRLF                        message_taken()              CRLF
//     line --------------------> (command)   message -----------------> tail ----------> (command)
//      |  ^                                     ^ |
//      |  | its octets                          | | message_refused(): never sent
//      v  |                                     | v
//     literal           line ------ APPEND … {n}  line (a new command)
//
// Cut invariant: however the network cuts the octets, the events are the same. Keeps only the
// command in hand; an idle reader keeps nothing. Lines end in CRLF; a bare LF is taken too
// (INTEROP: sessions typed by hand), a bare CR is not.
#pragma once

#include <optional>
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
  // After a `message` whose octets have been taken (or passed over).
  void message_taken();
  // After a synchronising `message` that was answered NO or BAD instead of "+": the client sends
  // neither it nor the end of the line (RFC 3501 §7.5).
  void message_refused();
  // After login larger literals are allowed.
  void set_logged_in() { logged_in_ = true; }

  // One line of a client that is not a command: IDLE's DONE, a SASL response. The same rules of
  // line ends; need_more, command (the line is octets()) or refused.
  Event next_line(std::string_view input, std::size_t octets_max);

 private:
  enum class State { line, literal, message, tail };
  struct Announced {
    std::optional<std::uint64_t> octets;  // nothing: there is no such number
    bool synchronising = true;
    std::size_t octets_of_itself = 0;  // "{3+}": 4
  };

  void begin();
  bool take_line(std::string_view input, std::size_t octets_max, Event& event);
  bool take_literal(std::string_view input, Event& event);
  std::string_view fault(std::size_t octets_max) const;
  std::optional<Event> end_of_line(Event event);
  std::optional<Event> begin_literal(const Announced& announced, Event event);
  Event refuse(Event event, std::string_view text, bool too_big, bool fatal);
  std::string_view line() const;
  std::optional<Announced> announced() const;
  bool announces_message(std::size_t brace) const;

  const Limits limits_;
  State state_ = State::line;
  bool logged_in_ = false;
  bool done_ = false;               // the command in hand was handed out: the next call drops it
  std::string command_;             // less what is beyond a limit
  std::size_t line_start_ = 0;      // of the line being read, in command_
  std::size_t line_octets_ = 0;     // of all lines of the command
  std::size_t over_ = 0;            // octets of this line that were not kept
  std::string end_;                 // of a line with such octets: its last ones
  std::uint64_t literal_left_ = 0;  // octets still to come
  std::size_t literals_ = 0;
};

}  // namespace posta::wire::imap

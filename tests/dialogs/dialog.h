// dialog.h: a transcript that anyone can read and a newcomer can write, as a value.
//
//   # what the file claims, and the section that says so
//   @server mx            @peer 192.0.2.7      directives: one line may hold several
//   < 220 *                                    expect a reply that matches this glob
//   > EHLO relay.example.net      < 250*       send a line (with CRLF), then expect
//   <+ 250?SIZE *                              ... the reply just read has such a line
//   <! *AUTH*                                  ... and has no such line
//   <~ a OK*                                   lines up to one that matches (IMAP); then <+ and <!
//   ! "a\r\n" "x" * 900 "\0"                   send these octets: strings, repeated at will
//   < EOF                                      expect that the server ends the connection
//
// In a glob `*` is any octets and `?` is one; the rest stands for itself. A reply of SMTP is all
// its lines, joined by LF; other servers answer line by line, and `<.` reads the lines up to one
// that is a dot (POP3), which `<+` and `<!` then look at.
//
// Directives:
//   @server NAME          mx, pop3, imap, submission, and with TLS from the first octet mxs, pop3s,
//   imaps, submissions: whom the next connection goes to (and the first is made at once)
//   @peer ADDRESS         where this client is; without it: anywhere, so the claim holds for all
//   @connect NAME         goes on in the connection NAME, which is made if there is none
//   @tls                  the TLS handshake begins here, and must succeed
//   @auth MECHANISM GLOB USER PASSWORD   a whole AUTH exchange, whose last reply matches GLOB
//   @no-tls               the server hears no TLS where it should: it ends, with at most an alert
//   @close                this client ends its connection
//   @ends lf | crlf       what ends the lines of `>`
//   @clock TIME           2026-01-01T00:00Z: the wall clock from here on
//   @wait DURATION        90s, 5m, 2h of virtual time pass
//   @setup WHAT ...       see tests/dialogs/README.md; before the first connection
//   @shutdown             the server is asked to end, with thirty seconds of grace
//   @restart              the server ends and starts again
//   @letter ADDRESS N     a letter with a body of N lines comes in by SMTP
//   @unseen ADDRESS N     messages without \Seen in the INBOX
//   @mailbox ADDRESS N    N messages have come into the INBOX since the dialogue began
//   @message ADDRESS N GLOB   the N-th of them matches
//   @queue empty | N      letters owed
//   @password ADDRESS     its password is set anew, to the same
//   @app-password-removed ADDRESS   the one that @setup gave it
//   @event NAME           such an event was emitted
//   @disk full | low | free   the disk has no room from here on, or only the reserve; or it has
//                         again
//
// A real server can play dialogues that need none of @clock @wait @setup @shutdown @event @disk
// @restart @unseen and no other @peer than 127.0.0.1; there @queue is not looked at.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace posta::dialogs {

struct Step {
  enum class Kind {
    send,
    expect,
    expect_dot,
    expect_line,
    line_of,
    no_line_of,
    expect_end,
    directive
  };
  Kind kind;
  std::string text;                    // octets to send, glob, or the directive's name
  std::vector<std::string> arguments;  // of a directive
  int line = 0;
};

struct Dialog {
  std::string name;  // "smtp/bare-lf-does-not-end-data"
  std::vector<Step> steps;

  // The first directive of that name.
  const Step* directive(std::string_view name) const;
  // It needs virtual time, another peer than loopback, or a setup: a real server will not do.
  bool needs_simulation() const;
};

Result<Dialog> parse_dialog(std::string name, std::string_view text);

bool matches(std::string_view glob, std::string_view text);

// "90s", "5m", "2h", "250ms"
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace posta::dialogs

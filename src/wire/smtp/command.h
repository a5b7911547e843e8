// command.h: what a client may ask, from a line and back to one.
//
//   helo      = "HELO" SP Domain CRLF                                     RFC 5321 §4.1.1.1
//   ehlo      = "EHLO" SP ( Domain / address-literal ) CRLF
//   mail      = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF       §4.1.1.2
//   rcpt      = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" /
//               Forward-path ) [SP Rcpt-parameters] CRLF                  §4.1.1.3
//   data      = "DATA" CRLF                                               §4.1.1.4
//   rset      = "RSET" CRLF                                               §4.1.1.5
//   vrfy      = "VRFY" SP String [SP "SMTPUTF8"] CRLF                     §4.1.1.6, RFC 6531
//   §3.7.4.2 expn      = "EXPN" SP String [SP "SMTPUTF8"] CRLF                     §4.1.1.7 help =
//   "HELP" [SP String] CRLF                                   §4.1.1.8 noop      = "NOOP" [SP
//   String] CRLF                                   §4.1.1.9 quit      = "QUIT" CRLF §4.1.1.10
//   starttls  = "STARTTLS" CRLF                                           RFC 3207 §4
//   auth      = "AUTH" SP sasl-mech [SP initial-response] *(CRLF [base64]) [CRLF cancel-response]
//                                                                         RFC 4954 §8
//   bdat      = "BDAT" SP chunk-size [SP end-marker] CRLF                 RFC 3030 §2
//
//   Reverse-path     = Path / "<>"                                        RFC 5321 §4.1.2
//   Path             = "<" [ A-d-l ":" ] Mailbox ">"
//   A-d-l            = At-domain *( "," At-domain )      accepted and ignored, §4.1.1.3, App. C
//   Mail-parameters  = esmtp-param *(SP esmtp-param)
//   esmtp-param      = esmtp-keyword ["=" esmtp-value]
//   esmtp-keyword    = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
//   esmtp-value      = 1*(%d33-60 / %d62-126)            / UTF8-non-ascii (RFC 6531 §3.3)
//
// Tolerated unless Parse::strict (people and old programs write so; none is ambiguous):
//   MAIL FROM: <a@b>        blanks after the colon and before it, in any letter case
//   MAIL FROM:a@b SIZE=9    no angle brackets
//   RCPT TO:<ann>           no domain; `to.domain` is then empty, and the server decides
//   QUIT<blanks>            blanks at the end of the line
// A comma list in RCPT gets 501 5.5.4 with a hint; it never means one recipient of several.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/limits.h"
#include "mail/address.h"
#include "mail/reply.h"
#include "wire/smtp/limits.h"

namespace posta::wire::smtp {

struct Helo {
  // As the client wrote it: a domain or an address literal, leniently (INTEROP: underscores, bare
  // numbers, odd names), printable ASCII or UTF-8 without blanks, at most kHeloOctetsMax.
  std::string domain;
  friend bool operator==(const Helo&, const Helo&) = default;
};

struct Ehlo {
  std::string domain;  // as in Helo
  friend bool operator==(const Ehlo&, const Ehlo&) = default;
};

struct Mail {
  enum class Body { unsaid, seven_bit, eight_bit_mime };  // RFC 6152 §2
  ReversePath from;                 // none: "<>"; a domain may be absent (see Rcpt::to)
  std::optional<Octets> size;       // SIZE=, RFC 1870 §6; beyond 64 bits it is the greatest number
  Body body = Body::unsaid;         // BODY=
  bool smtputf8 = false;            // RFC 6531 §3.4
  std::optional<std::string> auth;  // AUTH=, RFC 4954 §5, xtext undone; "<>" is nobody
  friend bool operator==(const Mail&, const Mail&) = default;
};

struct Rcpt {
  Address to;            // `to.domain` is empty for <Postmaster> and for a bare local part
  std::string original;  // as the client wrote it, less brackets and source route
  // The path has octets outside ASCII (a local part or a U-label): only in a transaction begun with
  // SMTPUTF8, else reply::needs_smtputf8_rcpt (RFC 6531 §3.5).
  bool international = false;
  friend bool operator==(const Rcpt&, const Rcpt&) = default;
};

struct Data {
  friend bool operator==(const Data&, const Data&) = default;
};

struct Bdat {
  Octets octets = 0;  // how many follow the line's CRLF, whatever the reply will be
  bool last = false;
  friend bool operator==(const Bdat&, const Bdat&) = default;
};

struct Rset {
  friend bool operator==(const Rset&, const Rset&) = default;
};
struct Noop {
  friend bool operator==(const Noop&, const Noop&) = default;
};
struct Quit {
  friend bool operator==(const Quit&, const Quit&) = default;
};
struct StartTls {
  friend bool operator==(const StartTls&, const StartTls&) = default;
};

struct Help {
  std::string topic;  // may be empty
  friend bool operator==(const Help&, const Help&) = default;
};

struct Vrfy {
  std::string who;
  bool smtputf8 = false;
  friend bool operator==(const Vrfy&, const Vrfy&) = default;
};

struct Expn {
  std::string list;
  bool smtputf8 = false;
  friend bool operator==(const Expn&, const Expn&) = default;
};

struct Auth {
  std::string mechanism;  // upper case, [A-Z0-9-_]{1,20} (RFC 4422 §3.1)
  // The initial response, base64 undone; "=" is an empty one (RFC 4954 §4).
  std::optional<std::string> initial;
  // It is not base64: reply::bad_base64, unless the command is out of order anyway.
  bool malformed = false;
  friend bool operator==(const Auth&, const Auth&) = default;
};

// ETRN, TURN, ATRN, SEND, SOML, SAML: known, not spoken. The answer is reply::not_implemented.
struct NotSpoken {
  std::string verb;  // upper case
  friend bool operator==(const NotSpoken&, const NotSpoken&) = default;
};

// A request line of HTTP: some program has been made to send us what is meant for others.
// The answer is reply::wrong_protocol and the end of the session, before the rest is read.
struct WrongProtocol {
  std::string verb;
  friend bool operator==(const WrongProtocol&, const WrongProtocol&) = default;
};

// Anything else, an empty line included. The answer is reply::unrecognised.
struct Unknown {
  std::string verb;  // the first word, at most 32 octets of it, control octets as \xNN
  friend bool operator==(const Unknown&, const Unknown&) = default;
};

using Command = std::variant<Helo, Ehlo, Mail, Rcpt, Data, Bdat, Rset, Noop, Quit, Help, Vrfy, Expn,
                             Auth, StartTls, NotSpoken, WrongProtocol, Unknown>;

// What the session has announced decides which parameters are known; others get 555 5.5.4.
struct Parse {
  bool strict = false;    // no tolerances: RFC 5321 to the letter
  bool size = true;       // SIZE=
  bool eight_bit = true;  // BODY=
  bool smtputf8 = true;   // SMTPUTF8, and UTF-8 in addresses
  bool auth = false;      // AUTH= (announced where AUTH is)
};

// Why a line is no command, with the reply that it deserves.
struct Refused {
  Reply reply;
  std::size_t at = 0;  // offset into the line
  // A malformed BDAT: how many octets follow is not known, so they cannot be told from commands.
  // Say the reply and end the session.
  bool desynchronised = false;
};

// `line` is without its line end, and has neither bare CR, LF nor NUL (LineReader sees to that; if
// it has them, it is refused). Never more memory than a small multiple of the line.
std::expected<Command, Refused> parse_command(std::string_view line, const Parse& options = {});

// "MAIL FROM:<ann@example.org> SIZE=42": without line end; parses back to the same command.
std::string to_string(const Command& command);

// "MAIL": for logs and tables; NotSpoken and Unknown give the word that came.
std::string_view verb_of(const Command& command);

}  // namespace posta::wire::smtp

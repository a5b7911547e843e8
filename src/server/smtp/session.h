// session.h: one SMTP session: lines in, replies out, and the state between them.
//
//              220                HELO EHLO              MAIL                  BDAT
//   (connect) ----> begun ----------------> ready ----------------> letter ----------> chunks
//       |                                  ^  ^  |  ^                |    |               |
//       | 5yz greeting                     |  |  +--+ HELO EHLO RSET |    | DATA ... end  | BDAT
//       LAST v                                  |  +----------------------+    |               |
//       BDAT failed
//   refused (503 to all but QUIT)          +------------------------------+---------------+ RSET
//   EHLO
//
//   letter: MAIL was accepted, RCPT adds recipients. DATA and its message are one step: either 354,
//           the message, and one reply for all of it; or no 354, and the letter stays.
//   chunks: the message has begun by BDAT; only BDAT, RSET, EHLO, HELO, NOOP, QUIT and the
//   questions
//           go on.
//   AUTH proves who the client is, in state `ready`, once; it stays in that state.
//   STARTTLS leads back to `begun` from any state, and all that was said before is forgotten.
//   QUIT, 421, the end of the connection and the end of the server end every state; what was not
//   answered 250 after its end is forgotten.
//
// The table of verbs (verbs.cc) says what each needs; one verb is one cmd_*.cc file.
//
// Two readings of one stream are what smuggling lives on, so:
//   - lines end in CRLF or, typed by hand from a trusted network, all in LF (wire/smtp/line.h)
//   - what follows a refused DATA must begin with a known command; if it does not, a client is
//     sending us a message that it was told not to send, and the session ends before a line of that
//     message can be taken for a command (RFC 2920 §3.1 forbids clients to do so)
//   - a BDAT whose count cannot be read ends the session; the octets of a refused one are passed
//   over
//
// A client that talks before our greeting (RFC 5321 §4.3.1: "SHOULD wait") is heard: without a
// pause before the greeting its haste cannot be told from the network's, and nothing is won by
// haste.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mail/letter.h"
#include "mta/intake/intake.h"
#include "net/stream.h"
#include "server/smtp/smtp.h"
#include "wire/smtp/command.h"
#include "wire/smtp/data_decoder.h"
#include "wire/smtp/line.h"
#include "wire/smtp/replies.h"

namespace posta::server::smtp {

namespace reply = wire::smtp::reply;
using wire::smtp::Command;

struct Verb;

class Session {
 public:
  // Server and stream outlive the session. `id` names it in events.
  Session(SmtpServer& server, net::Stream& stream, std::string id, Typing typing);

  // Says the greeting, then serves until one side ends it.
  Task<> run();

  enum class State { begun, refused, ready, letter, chunks };

  // How it ended; `open` until then.
  enum class End { open, quit, closed, timeout, stopped, limit, protocol, tls, turned_away };

  static const Verb kVerbs[];  // verbs.cc; in the order of wire::smtp::Command's alternatives

 private:
  // --- the loop (session.cc)
  Task<> greet();
  Task<> enter_tls();
  void allow_long_lines();
  Task<> await_line();
  Task<> take_line(const wire::smtp::Line& line);
  Task<> obey(Command& command);
  void bad_line(wire::smtp::Line::Kind kind);
  std::optional<Reply> out_of_order(const Verb& verb) const;
  std::optional<Reply> over_limit(const Reply& said) const;
  void conclude(const Reply& said, std::string_view about);
  void say(const Reply& said);
  void last_word(const Reply& said, End why);
  void interrupted_by(const Error& error);
  Task<> flush();

  // --- verbs (cmd_*.cc)
  Task<Reply> helo(wire::smtp::Helo& command);
  Task<Reply> ehlo(wire::smtp::Ehlo& command);
  Task<Reply> mail(wire::smtp::Mail& command);
  Task<Reply> rcpt(wire::smtp::Rcpt& command);
  Task<Reply> data(wire::smtp::Data& command);
  Task<Reply> bdat(wire::smtp::Bdat& command);
  Task<Reply> rset(wire::smtp::Rset& command);
  Task<Reply> noop(wire::smtp::Noop& command);
  Task<Reply> quit(wire::smtp::Quit& command);
  Task<Reply> help(wire::smtp::Help& command);
  Reply status() const;
  Task<Reply> vrfy(wire::smtp::Vrfy& command);
  Task<Reply> expn(wire::smtp::Expn& command);
  Task<Reply> auth(wire::smtp::Auth& command);
  Task<std::optional<std::string>> sasl_response(std::string challenge, Reply& why_not);
  Reply logged_in(LoginOutcome outcome);
  LoginPlace place() const;
  std::vector<std::string_view> mechanisms() const;
  Task<Reply> starttls(wire::smtp::StartTls& command);
  Task<Reply> not_spoken(wire::smtp::NotSpoken& command);
  Task<Reply> wrong_protocol(wire::smtp::WrongProtocol& command);
  Task<Reply> unknown(wire::smtp::Unknown& command);

  // --- the message (message.cc)
  template <class Decoder>
  Task<bool> take_message(Decoder& decoder);
  Task<bool> pass_over(Octets octets);
  Task<Result<>> fill_message(Octets octets_so_far);
  Task<> hand_over();
  Task<Reply> end_of_message(wire::smtp::Content content, bool too_big);
  wire::smtp::DecoderOptions decoder_options() const;

  std::optional<Reply> no_recipients() const;
  void forget_letter();
  void begin_hello(std::string name, bool extended);
  Origin origin() const;
  std::string protocol(bool utf8) const;
  // Passwords in clear may come here: nobody can listen, or somebody has decided so.
  bool secure() const { return tls_ || config().reception.cleartext.contain(stream_.peer().ip); }
  bool begun_by_hand() const;
  const SmtpServer::Config& config() const { return *config_; }
  const Limits& limits() const { return config_->limits; }

  SmtpServer& server_;
  const std::shared_ptr<const SmtpServer::Config> config_;  // as it was when the session began
  net::Stream& stream_;
  const std::string id_;
  const bool trusted_;
  wire::smtp::LineReader lines_;
  State state_ = State::begun;
  End end_ = End::open;

  std::unique_ptr<net::TlsInfo> tls_;  // null: in clear

  std::unique_ptr<Principal> principal_;  // who it is, after AUTH
  unsigned failed_logins_ = 0;

  // What the client said of itself.
  std::string helo_;
  bool extended_ = false;  // by EHLO

  // The letter being written: in states `letter` and `chunks`.
  std::unique_ptr<mta::Transaction> transaction_;
  std::optional<wire::smtp::BdatDecoder> chunks_;  // state `chunks`
  bool rcpt_tried_ = false;                        // some RCPT came for it, accepted or not
  std::string pending_;                            // decoded octets not yet handed over
  bool write_failed_ = false;                      // handing over has failed; finish() says why
  Instant message_began_{};

  // What has been going on.
  Instant life_end_{};
  std::optional<Instant> line_deadline_;
  bool data_was_refused_ = false;  // the command before this one was a DATA without 354
  bool utf8_reply_ = false;        // the client allows UTF-8 in the reply to this command
  std::size_t commands_ = 0;
  std::size_t idle_commands_ = 0;  // since the last accepted letter or recipient
  std::size_t errors_ = 0;
  std::size_t unrecognised_ = 0;
  std::size_t recipients_refused_ = 0;
  std::size_t mails_ = 0;    // MAIL commands
  std::size_t letters_ = 0;  // accepted
  unsigned since_yield_ = 0;
};

std::string_view to_string(Session::End end);

// --- the table of verbs (verbs.cc)

enum class Needs {
  nothing,    // at any time (RFC 5321 §4.1.4)
  no_letter,  // HELO or EHLO said, and no letter begun
  letter,     // MAIL accepted
};
// What becomes of the input behind a command, and so of the replies before it.
enum class Flush {
  no,       // may stand anywhere in a pipeline: its reply waits for the next flush
  yes,      // ends a pipeline: its reply leaves at once (RFC 2920 §3.2)
  discard,  // what was read behind it must not be obeyed (RFC 3207 §4.2)
};
// Whether it may be used before TLS where TLS is required.
enum class PreTls { yes, no };
// Whether it may be used before AUTH where AUTH is required.
enum class PreAuth { yes, no };

struct Verb {
  std::string_view name;
  Task<Reply> (*handler)(Session& session, Command& command);
  Needs needs;
  Flush flush;
  PreTls pre_tls;
  PreAuth pre_auth;

  // Calls a method of the session with the alternative of the command that it takes.
  template <auto method>
  static Task<Reply> call(Session& session, Command& command) {
    return (session.*method)(std::get<decltype(taken_by(method))>(command));
  }

 private:
  template <class C>
  static C taken_by(Task<Reply> (Session::*method)(C&));
};

const Verb& verb_for(const Command& command);
std::span<const Verb> all_verbs();

}  // namespace posta::server::smtp

// session.h: one POP3 session (RFC 1939 §3).
//
//             USER PASS, AUTH              QUIT
//   authorization ---------> transaction ---------> update ---> (end)
//        |    ^                   |                   removes what was marked, in one commit
//        |    | wrong             | anything else that ends it: nothing is removed
//        v    |                   v
//       QUIT: (end)             (end)
//
// The maildrop is the account's INBOX as it was at login: messages are numbered from 1 and keep
// their numbers; mail that comes meanwhile is for the next session. An idle session holds no
// buffers, and before login no maildrop.
//
// verbs.cc says in which state each verb may stand; one group of verbs is one cmd_*.cc file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mail/principal.h"
#include "mailbox/mailbox.h"
#include "net/stream.h"
#include "server/pop3/pop3.h"
#include "wire/message/surrogate.h"
#include "wire/pop3/command.h"
#include "wire/pop3/line.h"
#include "wire/pop3/reply.h"

namespace posta::server::pop3 {

using wire::pop3::Code;
using wire::pop3::Command;
using wire::pop3::Number;
using wire::pop3::Reply;

struct Verb;

class Session {
 public:
  // Server and stream outlive the session. `id` names it in events.
  Session(Pop3Server& server, net::Stream& stream, std::string id);

  // Says the greeting, then serves until one side ends it.
  Task<> run();

  enum class State : std::uint8_t { authorization, transaction };
  // How it ended; `open` until then.
  enum class End : std::uint8_t { open, quit, closed, timeout, stopped, limit, tls };

  static const Verb kVerbs[];  // verbs.cc; in the order of wire::pop3::Command's alternatives

 private:
  // --- the loop (session.cc)
  Task<> await_line();
  Task<> take_line(const wire::pop3::Line& line);
  Task<> obey(Command& command);
  void say(const Reply& reply);
  void last_word(const Reply& reply, End why);
  Task<> flush();
  Task<bool> may_go_on();
  Task<bool> send(std::string_view octets);
  void trouble(std::string_view what, const Error& error);
  Task<> enter_tls();

  // --- authorization (cmd_stls.cc, cmd_login.cc)
  Task<> stls(wire::pop3::Stls& command);
  Task<> user(wire::pop3::User& command);
  Task<> pass(wire::pop3::Pass& command);
  Task<> auth(wire::pop3::Auth& command);
  Task<std::optional<std::string>> sasl_response(std::string challenge);
  LoginPlace place() const;
  Task<> logged_in(LoginOutcome outcome);
  Task<> open_maildrop(Principal principal);
  void refuse_login(Reply reply);
  void allow_long_lines();

  // --- languages (cmd_utf8.cc)
  Task<> utf8(wire::pop3::Utf8& command);
  Task<Result<std::vector<wire::message::Edit>>> surrogate(mailbox::Email& email,
                                                           std::string_view begin);

  // --- transaction (cmd_list.cc, cmd_message.cc)
  Task<> stat(wire::pop3::Stat& command);
  Task<> list(wire::pop3::List& command);
  Task<> uidl(wire::pop3::Uidl& command);
  Task<> retr(wire::pop3::Retr& command);
  Task<> top(wire::pop3::Top& command);
  Task<> dele(wire::pop3::Dele& command);
  Task<> rset(wire::pop3::Rset& command);
  Task<> last(wire::pop3::Last& command);
  Task<> send_message(Number number, std::optional<std::uint64_t> lines);

  // --- any state (cmd_plain.cc, cmd_quit.cc)
  Task<> noop(wire::pop3::Noop& command);
  Task<> capa(wire::pop3::Capa& command);
  Task<> quit(wire::pop3::Quit& command);
  Task<> lang(wire::pop3::Lang& command);
  template <class C>
  Task<> not_offered(C& command);
  Task<Result<>> update();

  // What the session knows of its maildrop. Made at login.
  struct Maildrop {
    Principal principal;
    std::optional<Maildrops::Hold> hold;
    std::shared_ptr<const mailbox::View> view;
    std::vector<bool> deleted;    // by number - 1; empty until the first DELE
    std::vector<bool> retrieved;  // by number - 1; empty until the first RETR
    std::uint32_t deleted_count = 0;
    Octets deleted_octets = 0;
    Number last = 0;  // the highest number accessed

    bool is_deleted(Number n) const { return !deleted.empty() && deleted[n - 1]; }
  };
  // The message with this number, unless there is none or it is marked: then the reply is said.
  std::optional<mailbox::MessageState> message(Number number);

  // Passwords in clear may come here: nobody can listen, or somebody has decided so.
  bool secure() const { return tls_ || config().reception.cleartext.contain(stream_.peer().ip); }
  const Pop3Server::Config& config() const { return *config_; }
  const Limits& limits() const { return config_->limits; }

  Pop3Server& server_;
  const std::shared_ptr<const Pop3Server::Config> config_;  // as it was when the session began
  net::Stream& stream_;
  const std::string id_;
  std::unique_ptr<net::TlsInfo> tls_;  // null: in clear
  State state_ = State::authorization;
  End end_ = End::open;
  wire::pop3::LineReader lines_;
  Instant login_by_;
  std::string user_;
  std::unique_ptr<Maildrop> maildrop_;
  bool utf8_ = false;  // the client has said UTF8
  unsigned errors_ = 0;
  unsigned commands_before_login_ = 0;
  unsigned failed_logins_ = 0;
  unsigned since_yield_ = 0;
  std::uint32_t retrieved_ = 0;
  std::uint32_t removed_ = 0;
};

std::string_view to_string(Session::End end);

// --- the table of verbs (verbs.cc)

// In which state a verb may be used (RFC 1939 §4, §5).
enum class When { authorization, transaction, always };

struct Verb {
  std::string_view name;
  Task<> (*handler)(Session& session, Command& command);
  When when;

  template <class C, auto method>
  static Task<> call(Session& session, Command& command) {
    return (session.*method)(std::get<C>(command));
  }
};

}  // namespace posta::server::pop3

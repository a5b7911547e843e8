// session.h: one IMAP session (RFC 3501 §3).
//
//   not authenticated --LOGIN, AUTHENTICATE--> authenticated <--CLOSE, UNSELECT, failed SELECT--+
//         |                                       |    |                                      |
//         |                                       |    +------SELECT, EXAMINE----------> selected
//         |                 LOGOUT, BYE           v                                          |
//         +-------------------------------------> (logout) <---------------------------------+
//
// A command is parsed whole and obeyed by its cmd_*.cc; what it says untagged goes to the stream;
// its Reply is said after the mailbox's news, as far as the verb allows them (verbs.cc). IDLE is no
// command that runs but a mode of the loop, so that an idle session is one that waits for a line:
// it holds no buffers, and no coroutine but serve, run and the wait.
//
// What the news are is found by comparing views (announce.cc): EXPUNGE first, then EXISTS and
// RECENT, then FETCH with flags.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mail/principal.h"
#include "net/stream.h"
#include "server/imap/imap.h"
#include "server/imap/reply.h"
#include "server/imap/selected.h"
#include "wire/imap/command.h"
#include "wire/imap/reader.h"
#include "wire/message/digest.h"

namespace posta::server::imap {

namespace wi = wire::imap;

struct Verb;
class FetchPlan;
struct Facts;
enum class Verdict : std::uint8_t;

class Session {
 public:
  // Server and stream outlive the session. `id` names it in events.
  Session(ImapServer& server, net::Stream& stream, std::string id);
  ~Session();

  // Says the greeting, then serves until one side ends it.
  Task<> run();

  enum class State : std::uint8_t { not_authenticated, authenticated, selected };
  // How it ended; `open` until then.
  enum class End : std::uint8_t { open, logout, closed, timeout, stopped, limit, tls };
  // What of the mailbox's news may be told.
  enum class News : std::uint8_t { none, no_expunge, all };

  static const Verb kVerbs[];  // verbs.cc; in the order of wire::imap::Body's alternatives

 private:
  // --- the loop (session.cc)
  Task<> step();
  Task<> await_input();
  Task<> obey_octets();
  bool too_many_before_login();  // and then that is said
  Task<bool> may_go_on();
  Task<> obey(wi::Command command);
  Task<> take_message(std::uint64_t octets, bool synchronising);
  void refuse(const wi::CommandReader::Event& event);
  void say(std::string_view tag, const Reply& reply);
  void untagged(std::string_view text);
  void bye(std::string_view text, End why);
  void ended_by(const Error& error);
  Task<> flush();
  void trouble(std::string_view what, const Error& error);
  Reply unavailable(std::string_view what, const Error& error);
  // Long answers: true when it is time to send what was printed, or to let others run.
  bool due();
  // Sends and yields. False: the client is gone.
  Task<bool> breathe();

  // --- news (announce.cc)
  Task<> announce(News news);
  Task<> announce_between(std::shared_ptr<const View> now, News news);
  Task<> announce_expunged(const mailbox::Difference& difference);
  Task<> announce_flags(const View& before, std::shared_ptr<const View> now,
                        std::vector<std::uint32_t> flagged);
  void print_news(std::uint32_t n, const MessageState& state,
                  const std::vector<std::string>& keywords);
  Task<> announce_added();
  void announce_keywords(const mailbox::MailboxRecord& record);
  void print_flags_list(const mailbox::MailboxRecord& record);
  void deselect();
  void enable_condstore();

  // --- any state (cmd_plain.cc, cmd_id.cc)
  Task<Reply> capability(wi::Capability& command);
  Task<Reply> noop(wi::Noop& command);
  Task<Reply> logout(wi::Logout& command);
  Task<Reply> id(wi::Id& command);
  Task<Reply> unknown(wi::Unknown& command);
  std::string capabilities() const;

  // --- not authenticated (cmd_login.cc, cmd_starttls.cc)
  Task<Reply> starttls(wi::StartTls& command);
  Task<Reply> authenticate(wi::Authenticate& command);
  Task<Reply> login(wi::Login& command);
  Task<Reply> logged_in(LoginOutcome outcome);
  Task<bool> begin_tls();
  Task<std::optional<std::string>> sasl_response(std::string challenge);
  LoginPlace place() const;

  // --- authenticated
  Task<Reply> enable(wi::Enable& command);
  Task<Reply> select(wi::Select& command);
  void print_selected(const mailbox::Status& status, std::uint32_t recent);
  struct Opening;
  void open_in_the_background(std::shared_ptr<mailbox::Mailboxes::Opening> opening,
                              mailbox::Status status);
  Task<> read_opening(std::shared_ptr<mailbox::Mailboxes::Opening> opening);
  Task<> opened();
  Task<Reply> create(wi::Create& command);
  Task<Reply> remove(wi::Delete& command);
  Task<Reply> rename(wi::Rename& command);
  Task<Reply> subscribe(wi::Subscribe& command);
  Task<Reply> list(wi::List& command);
  Task<Reply> name_space(wi::Namespace& command);
  Task<Reply> status(wi::Status& command);
  Task<Reply> append(wi::Append& command);
  Task<Reply> idle(wi::Idle& command);
  Task<Reply> get_quota(wi::GetQuota& command);
  Task<Reply> get_quota_root(wi::GetQuotaRoot& command);
  Task<Reply> set_quota(wi::SetQuota& command);
  void print_status(std::string_view name, const wi::StatusItems& items,
                    const mailbox::MailboxRecord& record, std::uint32_t recent,
                    std::uint64_t deleted);
  Task<Result<>> print_status_of(std::string name, wi::StatusItems items,
                                 mailbox::MailboxRecord record);
  Task<Result<directory::Quota>> quota();
  Task<Result<>> print_quota(directory::Quota limit);
  struct Incoming;
  Task<Reply> append_to(wi::Append& command, MailboxId target, Incoming& incoming);
  Task<bool> receive(Incoming* into);
  Task<bool> end_of_append();
  Task<> idle_step();

  // --- selected
  Task<Reply> check(wi::Check& command);
  Task<Reply> close(wi::Close& command);
  Task<Reply> unselect(wi::Unselect& command);
  Task<Reply> expunge(wi::Expunge& command);
  Task<Reply> fetch(wi::Fetch& command);
  Task<Reply> store(wi::Store& command);
  Task<Reply> copy(wi::Copy& command);
  Task<Reply> search(wi::Search& command);
  Task<Result<>> expunge_deleted(std::optional<SequenceSet> uids);
  // FETCH (cmd_fetch.cc, fetch_body.cc)
  struct Fetching;
  Task<Result<>> set_seen(Fetching& run);
  Task<bool> fetch_states(Fetching& run);
  Task<Result<>> fetch_emails(Fetching& run);
  struct Piece;  // of the messages of a FETCH
  Task<> read_emails(Piece& piece);
  Task<Result<>> print_emails(Fetching& run, Piece& piece);
  Task<Result<>> fetch_one(Fetching& run, std::uint32_t n, MessageState state,
                           mailbox::Email& email);
  Task<Result<>> fetch_section(Fetching& run, std::size_t item, const mailbox::Email& email,
                               const wire::message::Digest& digest);
  bool print_email(Fetching& run, std::uint32_t n, const MessageState& state,
                   const mailbox::Email& email);
  bool print_item(Fetching& run, std::size_t item, const MessageState& state,
                  const mailbox::Email& email, const wire::message::DigestView& view);
  void begin_response(std::uint32_t n);
  void end_response(const Fetching& run, const MessageState& state);
  Task<Result<>> send_octets(const mailbox::Email& email, std::uint64_t offset,
                             std::uint64_t length);
  Task<Result<std::string>> digest_again(const mailbox::Email& email);
  // The digest as it was stored, or made anew if it cannot be read.
  Task<Result<>> have_digest(mailbox::Email& email);
  void print_flags_of(const MessageState& state, const std::vector<std::string>& keywords);
  // STORE (cmd_store.cc)
  Task<> print_stored(const wi::Store& command, Selected::Ranges ranges,
                      std::shared_ptr<const View> now, std::vector<Uid> modified);
  // SEARCH (cmd_search.cc)
  struct Searching;
  Task<Result<>> search_emails(Searching& run);
  Task<Result<>> search_email(Searching& run, std::size_t candidate, mailbox::Email& email);
  Task<std::optional<Verdict>> judge(const Searching& run, const Facts& facts);
  Task<Result<std::vector<std::string>>> texts_of(const mailbox::Email& email);
  void print_found(const wi::Search& command, const Searching& run);

  const ImapServer::Config& config() const { return *config_; }
  const Limits& limits() const { return config_->limits; }
  mailbox::Mailboxes& mailboxes() { return server_.deps().mailboxes; }
  AccountId account() const { return user_->principal.account; }
  bool secure() const;

  // Who has logged in.
  struct User {
    Principal principal;
    std::optional<AccountSeats::Seat> seat;
    bool condstore = false;  // RFC 7162 §3.1: MODSEQ from now on
  };

  ImapServer& server_;
  const std::shared_ptr<const ImapServer::Config> config_;
  net::Stream& stream_;
  const std::string id_;
  State state_ = State::not_authenticated;
  End end_ = End::open;
  std::string tag_;  // of the running command
  wi::CommandReader reader_;
  std::unique_ptr<net::TlsInfo> tls_;
  std::unique_ptr<User> user_;
  std::unique_ptr<Selected> selected_;
  std::unique_ptr<Opening> opening_;  // what was selected, until the next command
  struct Pending {
    std::uint64_t octets = 0;
    bool synchronising = false;  // nothing comes before we say "+"
  };
  std::optional<Pending> pending_;                  // APPEND's message, not read yet
  std::unique_ptr<NewsDesk::Subscription> idling_;  // in IDLE, with a mailbox selected
  bool idle_ = false;                               // in IDLE: DONE is awaited
  Instant login_by_;
  Instant turn_began_{};  // when others ran last
  unsigned errors_ = 0;   // BAD since the last OK
  unsigned commands_before_login_ = 0;
  unsigned failed_logins_ = 0;
  unsigned since_yield_ = 0;
  std::uint32_t flushes_ = 0;   // what was printed before the last has left
  std::uint32_t fetched_ = 0;   // bodies
  std::uint32_t appended_ = 0;  // messages
};

std::string_view to_string(Session::End end);

// --- the table of verbs (verbs.cc)

struct Verb {
  enum class When { always, not_authenticated, authenticated, selected };

  Task<Reply> (*handler)(Session& session, wi::Body& body);
  When when;
  Session::News news;  // RFC 3501 §7.4.1: what may be told before the command has ended

  template <class C, auto method>
  static Task<Reply> call(Session& session, wi::Body& body) {
    return (session.*method)(std::get<C>(body));
  }
};

}  // namespace posta::server::imap

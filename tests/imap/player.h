// player.h: one user of shared mailboxes: session after session, command after command, as chance
// has it; and what each answer must be.
//
// Each player owns a keyword, $P<n>, that nobody else sets: after OK it stands on a message exactly
// as its owner set it last, whatever the others do (no lost update).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "imap/client.h"
#include "imap/truth.h"
#include "imap/view.h"
#include "runtime/sim/sim_executor.h"
#include "runtime/stop.h"

namespace posta::imap {

using runtime::Stop;
using runtime::sim::Random;

// Where the server is.
class Venue {
 public:
  virtual ~Venue() = default;
  virtual Task<Result<std::unique_ptr<net::Transport>>> dial_imap() = 0;
  virtual Task<Result<std::unique_ptr<net::Transport>>> dial_smtp() = 0;
  virtual std::string user() const = 0;
  virtual std::string password() const = 0;
};

inline constexpr std::string_view kSubject = "BODY.PEEK[HEADER.FIELDS (Subject)]";
inline const std::string kMailboxes[] = {"INBOX", "Box", "Other box"};

struct Story {
  std::map<std::string, unsigned> told;  // how often something happened
  unsigned tokens = 0;                   // of messages, given out
  std::string new_token() { return std::to_string(++tokens); }
};

class Player {
 public:
  Player(Venue& venue, Truth& truth, Story& story, unsigned number, std::uint64_t seed);

  // Until `stop`, or for ever. A broken connection is followed by the next.
  Task<> play(Stop& stop);
  // When all are quiet: what this session knows must be what is there. Leaves its view behind.
  Task<> settle();
  // A session that only looks: the mailbox as it is.
  Task<Result<>> look(std::string mailbox);
  Task<Result<>> create_mailboxes();

  const View* view() const { return view_.get(); }
  const std::string& name() const { return name_; }

 private:
  struct Ask {
    std::string text;         // without tag and CRLF
    bool may_expunge = true;  // RFC 3501 §7.4.1
  };
  struct Said {
    Response tagged;
    std::vector<Response> data;          // untagged, and not about the view
    std::vector<View::Fetched> fetched;  // FETCH responses in order
  };
  struct Chosen {
    bool by_uid = false;
    std::vector<Number> uids;  // ascending
    std::string set;           // numbers or uids
    std::string prefix() const { return by_uid ? "UID " : ""; }
  };

  // --- talking
  Task<Result<>> connect();
  Task<Result<Said>> ask(Ask ask);
  Task<Result<std::vector<Said>>> ask_all(std::vector<Ask> asks);
  Task<Result<Said>> hear_to(std::string tag, bool may_expunge);
  Result<> hear(const Response& response, bool may_expunge, Said& said);
  void check_own_flag(const View::Fetched& fetched);
  bool expect_ok(const Said& said, const std::string& what);

  // --- commands (player_commands.cc)
  Task<Result<>> something();
  Task<Result<>> open_mailbox();
  Task<Result<>> fetch_all();
  Task<Result<>> fetch_content();
  Task<Result<>> fetch_changed();
  Task<Result<>> store();
  Task<Result<>> remove();
  Task<Result<>> expunge();
  Task<Result<>> copy(bool move);
  Task<Result<>> append();
  Task<Result<>> search();
  Task<Result<>> status();
  Task<Result<>> idle();
  Task<Result<>> noop();
  Task<Result<>> pipeline();
  Task<Result<>> leave();

  Ask store_of(const Chosen& chosen, bool& add);
  void stored(const Chosen& chosen, bool add, const Said& said);
  void learn_copies(std::string_view code, const std::string& to, Number floor, bool move);
  void check_answered(const Chosen& chosen, const Said& said, std::string_view command);
  Chosen choose(std::size_t most);
  std::string any_mailbox() { return kMailboxes[random_.below(std::size(kMailboxes))]; }
  bool chance(unsigned percent) { return random_.chance(percent); }
  void complain(std::string what);
  void told(const std::string& what) { ++story_.told[what]; }

  Venue& venue_;
  Truth& truth_;
  Story& story_;
  const std::string name_, keyword_;
  Random random_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<View> view_;
  bool condstore_ = false;
  bool fetching_ = false;  // what is heard may be what was asked for
  unsigned sessions_ = 0;
  std::map<std::pair<std::string, Number>, bool> own_;  // by mailbox and uid: the keyword is set
  std::set<Number> changing_;  // uids of which the keyword is being changed
};

}  // namespace posta::imap

// checkers.h: the laws of the house (D7), held against what the store has.
//
//   1  a letter answered with 250 is, for each recipient, delivered, owed, or failed with a DSN
//   2  a local recipient receives each queue id exactly once, over any crash
//   3  uids and modseqs only grow; replaying Changes gives what a fresh look sees; accounts are
//      what their documents say (mailbox/check.h)
//   4  nothing smuggled is obeyed; no password is asked for or taken in clear from
//      outside (guessers.cc), and none crosses the wire in clear (wire_watch.h)
//   5  a session's buffers stay within their limit
//   6  when the faults stop, the queue drains
//
// Copies are counted in the e-mail records of an account: those of removed messages stay for the
// retention, so that a copy cannot hide by being read and removed.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/ledger.h"
#include "world/world.h"

namespace posta::sim {

using runtime::Task;
using world::World;

// What the buffers of one session may hold, all told: input and replies of 64 KiB each, a piece of
// a message stuffed with dots, and the slack of strings that double.
inline constexpr Octets kSessionOctetsMax = 512_KiB;

class Checkers {
 public:
  Checkers(World& world, Ledger& ledger) : world_(world), ledger_(ledger) {}

  // After each start of the house: follows the INBOXes from here.
  Task<> begin();
  // Law 1 to 4 for everything until now. `settled`: law 6 too, nothing may be owed any more.
  Task<> look(bool settled);
  // Law 5, at any moment.
  void look_at_sessions();

  Octets session_octets_seen() const { return session_octets_; }

 private:
  using State = std::map<Uid, mailbox::MessageState>;
  // One INBOX, followed by its Changes.
  struct Followed {
    std::shared_ptr<void> watch;
    std::vector<std::shared_ptr<const mailbox::Change>> news;
    State state;
    Uid uid_max;     // ever, over restarts
    ModSeq mod_seq;  // ever, over restarts
    bool begun = false;
  };
  struct Copy {
    enum class What { letter, report, notice, evil, unknown } what = What::unknown;
    unsigned letter = 0;
    std::string about;  // report: the final recipient
  };

  void complain(std::string what) { ledger_.complaints.push_back(std::move(what)); }
  Task<Result<>> follow(std::string account);
  void replay(const std::string& account, Followed& followed);
  Task<Result<>> look_at_account(std::string account);
  Task<Result<>> count_copies(std::string account, AccountId id);
  Copy identify(const std::string& account, const std::string& message);
  Task<Result<>> read_queue();
  void judge(const Letter& letter, bool promised, bool settled);

  World& world_;
  Ledger& ledger_;
  std::map<std::string, Followed> followed_;
  std::map<std::string, std::map<EmailId, Copy>> copies_;  // by account; a record never changes
  std::map<std::string, std::set<std::string>> owed_;      // by queue id: where to
  // What the sender of a letter (its number) will learn: whom it did not reach.
  std::set<std::pair<unsigned, std::string>> reports_owed_;
  Octets session_octets_ = 0;
};

}  // namespace posta::sim

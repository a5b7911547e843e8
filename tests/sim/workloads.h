// workloads.h: who uses the server: senders, readers, guessers, administrators.
//
// They live through everything the world does to them: a broken connection ends a piece of work,
// the next begins with a new one. What they were told goes into the ledger.
#pragma once

#include "net/sim/peer.h"
#include "sim/ledger.h"
#include "world/world.h"

namespace posta::sim {

using net::sim::Peer;
using runtime::Stop;
using runtime::Task;
using runtime::sim::Random;
using world::World;

// Addresses that letters are sent to. `carl` has little room, `dora` is switched off at times,
// `new` exists once an administrator has added it, `nobody` never.
inline constexpr const char* kAddresses[] = {
    "ann@example.org",     "bob@example.org",   "carl@example.org",
    "dora@example.org",    "staff@example.org", "crew@example.org",
    "ann+box@example.org", "new@example.org",   "nobody@example.org"};
// Accounts, and where the aliases lead.
inline constexpr const char* kAccounts[] = {"ann@example.org", "bob@example.org",
                                            "carl@example.org", "dora@example.org",
                                            "new@example.org"};
// Where guesses come from: in clear, which nobody else does from outside.
inline constexpr const char* kStranger = "192.0.2.66";
std::vector<std::string> places_of(const std::string& address);

class Workloads {
 public:
  Workloads(World& world, Ledger& ledger, Random& random)
      : world_(world), ledger_(ledger), random_(random) {}

  // Each until `stop`.
  Task<> send_letters(Stop& stop);
  Task<> read_mail(Stop& stop);
  Task<> read_by_imap(Stop& stop);     // imap_readers.cc
  Task<> guess_passwords(Stop& stop);  // from outside, in clear: must never get in

  // One thing at a time; ends with the house.
  Task<> administer();
  // Room and life for everybody: after it nothing stands in the way of any letter.
  Task<> make_room();

 private:
  enum class Style { plain, pipelined, chunks, by_hand, smuggling, cut_short };
  Task<Result<>> deliver(Peer& peer, Letter& letter, Style style);
  Task<Result<bool>> envelope(Peer& peer, Letter& letter, Style style,
                              const std::vector<std::string>& to);
  Task<Result<>> content(Peer& peer, Letter& letter, Style style);
  Task<Result<>> chunks(Peer& peer, Letter& letter, bool whole);
  Task<Result<>> begin_tls(Peer& peer);
  Task<Result<>> secure_sender(Peer& peer);
  Task<Result<>> sender_session();
  Task<Result<>> reader_session(std::string account);
  Task<Result<>> imap_session(std::string account);
  Task<Result<bool>> retrieve(Peer& peer, std::string account, unsigned number, std::string uid);
  Task<Result<bool>> change(std::string account, directory::AccountChange change);
  void write_message(Letter& letter, Style style);
  Task<> pause(Stop& stop);
  bool chance(unsigned percent) { return random_.chance(percent); }
  void told(std::string what) { ++ledger_.story[std::move(what)]; }
  void complain(std::string what) { ledger_.complaints.push_back(std::move(what)); }

  World& world_;
  Ledger& ledger_;
  Random& random_;
};

}  // namespace posta::sim

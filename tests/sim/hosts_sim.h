// hosts_sim.h: two hosts that mail each other, with a DNS between them, from one seed (house D7).
//
// North and south have users each; aliases lead from one to the other, to a host that is always
// down, and to names that the DNS denies. Hosts lose power, the DNS and the wires fail. Laws:
//
//   1  a letter answered with 250 is, for each recipient, delivered (wherever it lives), owed (at
//      either host), or failed with a DSN in the sender's mailbox; never nothing
//   2  the copy that stays at home exists exactly once; abroad at least once, and only as often as
//      a host that had it already was asked again: a DSN and a copy of one letter exclude each
//      other
//   6  when the faults stop, both queues drain
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/sim/peer.h"
#include "world/world.h"

namespace posta::sim {

using runtime::Stop;
using runtime::Task;
using runtime::sim::Random;
using world::World;

class HostsSim {
 public:
  struct Plan {
    std::uint64_t seed = 1;
    unsigned rounds = 4;
    bool faults = true;
  };
  explicit HostsSim(Plan plan);
  ~HostsSim();
  void run();

  const std::vector<std::string>& complaints() const { return complaints_; }
  const std::map<std::string, unsigned>& story() const { return story_; }
  std::uint64_t trace_hash() const { return ground_->executor.trace_hash(); }

  // A promise that nobody made: for the control.
  void promise_nothing();
  void look(bool settled);

 private:
  enum class Side { north, south };
  struct Letter {
    Side from = Side::north;
    std::string to;  // the local part that was named
    bool accepted = false;
    std::string queue_id;
  };
  struct Found {  // of one letter
    unsigned at_home = 0, abroad = 0, reports = 0, notices = 0;
    bool owed = false;
  };

  world::Config world_config(Side side) const;
  World& world(Side side) { return side == Side::north ? *north_ : *south_; }
  Task<> send_letters(Side side, Stop& stop);
  Task<Result<>> session(Side side);
  void round();
  void end_faults();
  void settle();
  Task<> read(Side side, std::vector<Found>& found);
  void judge(std::size_t number, const Found& found, bool settled);
  void complain(std::string what) { complaints_.push_back(std::move(what)); }

  const Plan plan_;
  Random random_;
  std::unique_ptr<world::Ground> ground_;
  std::unique_ptr<World> north_, south_;
  std::unique_ptr<runtime::Nursery> at_work_;
  std::vector<Letter> letters_;
  std::vector<std::string> complaints_;
  std::map<std::string, unsigned> story_;
};

}  // namespace posta::sim

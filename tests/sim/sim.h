// sim.h: one world, its users, its disasters, from one seed (house D7).
//
//   Sim sim({.seed = 7});
//   sim.run();
//   sim.ledger().complaints      what no law allows; nothing if all is well
//
// A run is some rounds of faults with restarts between them, then the faults stop, the users go
// home, and whatever is owed must be settled.
#pragma once

#include "sim/checkers.h"
#include "sim/wire_watch.h"
#include "sim/workloads.h"

namespace posta::sim {

struct Plan {
  std::uint64_t seed = 1;
  unsigned rounds = 5;     // each ends in a restart: a power cut, or a graceful one
  bool disk_lies = false;  // a control: syncs that are none
  bool faults = true;      // without: a world where nothing breaks
};

class Sim {
 public:
  explicit Sim(Plan plan);
  void run();

  Ledger& ledger() { return ledger_; }
  World& world() { return *world_; }
  std::uint64_t trace_hash() const { return world_->trace_hash(); }
  Octets session_octets_seen() const { return checkers_->session_octets_seen(); }

  // Looks once more; for controls that break something first.
  void look(bool settled);

 private:
  enum class Fault { resets, black_holes, isolation, disk_full, disk_low, operation, clock, none };
  world::Config world_config();
  void round();
  void go(Duration duration);
  void begin(Fault fault);
  void end_faults();
  void restart(bool power_cut);
  void recover();  // from a store that could not write: the process has ended
  void settle();
  void told(std::string what) { ++ledger_.story[std::move(what)]; }

  const Plan plan_;
  Random random_;
  Ledger ledger_;
  bool broken_ = false;  // the store said that it cannot go on
  std::unique_ptr<World> world_;
  WireWatch wire_;
  std::unique_ptr<Workloads> users_;
  std::unique_ptr<Checkers> checkers_;
  std::unique_ptr<runtime::Nursery> at_work_;
};

}  // namespace posta::sim

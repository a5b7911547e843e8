// wire_watch.h: law 4 (house D7.4) held against the wire: no password crosses in clear. Not from a
// client, unless its connection never leaves the machine; not from the server, to anybody.
//
// A password is found as it is and inside base64, wherever in the encoded text it begins.
#pragma once

#include <map>
#include <set>
#include <string>

#include "net/sim/sim_network.h"
#include "sim/ledger.h"

namespace posta::sim {

class WireWatch {
 public:
  // Looks for the ledger's passwords (of at least 9 octets) and complains there. `stranger` is
  // known to say passwords in clear; what is said to him is watched like all else.
  WireWatch(net::sim::SimNetwork& network, Ledger& ledger, net::IpAddress stranger);
  ~WireWatch() { network_.watch({}); }
  WireWatch(const WireWatch&) = delete;
  WireWatch& operator=(const WireWatch&) = delete;

 private:
  void see(const net::sim::SimNetwork::Crossing& crossing);
  void learn_new_passwords();

  net::sim::SimNetwork& network_;
  Ledger& ledger_;
  const net::IpAddress stranger_;
  std::size_t known_ = 0;          // passwords whose looks are in needles_
  std::set<std::string> needles_;  // what betrays a password
  std::size_t longest_ = 0;
  // The end of what crossed, by connection and direction: a password may come in pieces.
  std::map<std::pair<std::uint64_t, bool>, std::string> tails_;
};

}  // namespace posta::sim

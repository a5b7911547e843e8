// imap_model.h: an IMAP client that believes every untagged response, and nothing else.
//
// What it believes must be what a client sees that looks afresh (house D7.3): so sequence numbers,
// EXISTS, EXPUNGE and flags were told completely and in the right order. It notices at once what no
// server may say: an EXPUNGE in answer to FETCH, STORE or SEARCH by number, a number that does not
// exist, a uid that does not grow, a fetch of one message that shows another.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/sim/peer.h"

namespace posta::sim {

using net::sim::Peer;
using runtime::Task;

struct ImapMessage {
  std::uint32_t uid = 0;        // 0: not told yet
  std::set<std::string> flags;  // without \Recent
  bool flags_known = false;
  friend bool operator==(const ImapMessage&, const ImapMessage&) = default;
};

class ImapModel {
 public:
  explicit ImapModel(std::unique_ptr<Peer> peer) : peer_(std::move(peer)) {}

  // Greeting, LOGIN and SELECT (or EXAMINE). False: refused.
  Task<Result<bool>> open(std::string account, std::string password, std::string select);
  // The tagged response to a command, after everything before it.
  Task<Result<std::string>> ask(std::string command);
  // IDLE until something is told or the peer's patience ends, then DONE.
  Task<Result<>> idle(Duration patience);
  // Asks for uid and flags of what has not been told yet.
  Task<Result<>> learn();

  const std::vector<ImapMessage>& messages() const { return messages_; }
  std::size_t news() const { return news_; }  // untagged responses that changed something
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  Task<Result<std::string>> response();  // one, its literals in place
  void hear(const std::string& response);
  void hear_fetch(std::size_t number, const std::string& data);

  std::unique_ptr<Peer> peer_;
  std::vector<ImapMessage> messages_;
  std::vector<std::string> wrong_;
  std::size_t news_ = 0;
  unsigned tags_ = 0;
  bool by_number_ = false;  // the command in hand must not be answered with an EXPUNGE
};

}  // namespace posta::sim

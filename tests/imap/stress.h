// stress.h: players on shared mailboxes, letters coming in meanwhile, and the last look.
//
//   Stress stress(executor, venue, {.seed = 7});
//   co_await stress.run();
//   stress.truth().complaints()        what no law allows; nothing if all is well
//
// At the end all are quiet: every session's view must be what a new one sees, every letter that was
// answered 250 must be somewhere once, and nothing may be gone that nobody removed.
#pragma once

#include <memory>
#include <vector>

#include "imap/player.h"
#include "runtime/nursery.h"

namespace posta::imap {

struct Plan {
  std::uint64_t seed = 1;
  unsigned players = 4;
  unsigned senders = 1;
  std::chrono::milliseconds duration = std::chrono::seconds(20);
};

class Stress {
 public:
  Stress(runtime::Executor& executor, Venue& venue, Plan plan);

  // The first run makes the mailboxes; a later one goes on with what is there, as after a crash.
  Task<> run();

  Truth& truth() { return truth_; }
  Story& story() { return story_; }

 private:
  Task<> send_letters(Stop& stop, std::uint64_t seed);
  Task<Result<>> send_some(Stop& stop, Random& random);
  Task<> last_look();
  void compare(const Player& player, const View& fresh);
  void count_letters();

  runtime::Executor& executor_;
  Venue& venue_;
  const Plan plan_;
  Truth truth_;
  Story story_;
  bool made_ = false;
  unsigned runs_ = 0;
  std::vector<std::unique_ptr<Player>> players_;
  std::set<std::string> accepted_;  // tokens of letters answered 250
};

}  // namespace posta::imap

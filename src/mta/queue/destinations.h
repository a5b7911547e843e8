// destinations.h: how much may go to each destination now: how many at a time, and whether it
// answers at all. In memory only; after a restart every destination is new.
//
//            reachable                         unreachable
//    alive <----------- probing <--+      alive ---------> dead
//      |                   ^       |                        |
//      |  at most `limit`  +-------|-- the time has come ---+   letters meanwhile: put off until
//      then, |  sessions, which          |                            with the reply that said so
//      |  grows with success       +-- one letter; others wait for what comes of it
//
// RFC 5321 §4.5.4.1: "In general, the retry interval SHOULD be at least 30 minutes; however, more
// sophisticated and variable strategies will be beneficial". Pauses are for each letter; that a
// destination is back is found sooner, by any of them. Each letter that it takes then wakes some of
// those that were put off or found it dead.
//
// A letter that must wait is woken when a place is free, which is then kept for it. It stays owed,
// and due, meanwhile.
//
// A destination that takes letters quickly, and for which letters wait all the same, shows that
// mail comes in faster than we can bring it out: whoever brings more of it is held back, one for
// each letter that leaves. A slow or dead destination holds back nobody. Any thread.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "mta/queue/queue.h"
#include "runtime/sleep.h"

namespace posta::mta {

class Queue::Destinations {
 public:
  explicit Destinations(const QueueLimits& limits) : limits_(limits) {}

  struct Answer {
    enum class Kind {
      go,    // leave() afterwards
      wait,  // the letter is woken when there is room
      dead,  // nobody answers there until `until`; `why` was the last reply
    } kind = Kind::go;
    Reply why = {};
    Instant until = {};
  };
  Answer enter(const std::string& name, QueueId letter, Instant now);
  // True: enter() would answer `wait`, and the letter waits as if it had.
  bool wait(const std::string& name, QueueId letter, Instant now);

  struct Left {
    std::optional<Reply> unreachable;  // no host of it could be spoken to, and why
    Duration took{};
    std::uint64_t random = 0;  // for the pause
  };
  // These obligations of the letter are deferred since nobody answers there. They are woken when
  // somebody does, and recovered() names them then.
  void put_off(const std::string& name, QueueId letter, const std::vector<std::uint32_t>& numbers);
  // An attempt at the letter begins: what is due of it because its destination answers again.
  std::set<std::uint32_t> recovered(QueueId letter);
  // ... and still is at the next attempt: it must wait for a place now.
  void stay_recovered(QueueId letter, std::uint32_t number);
  // Nothing of the letter is owed any more.
  void forget(QueueId letter);

  // The letter is done with the destination. The letters to be woken.
  std::vector<QueueId> leave(const std::string& name, const Left& left, Instant now);
  // As leave(), with nothing learned: it was not tried.
  std::vector<QueueId> leave_untried(const std::string& name);
  // The attempt at a letter has ended. If it was woken and did not enter, others are woken instead.
  std::vector<QueueId> ended(QueueId letter);

  // True: who brings mail for it is held back; `turn` rings when he may go on, and let_go()
  // follows, whatever he has waited for.
  bool hold_back(const std::string& name, runtime::Bell& turn, Instant now);
  void let_go(const std::string& name, runtime::Bell& turn);

  // Somebody wants to know now: what is dead is probed by the next letter.
  void revive();

  std::size_t size() const;

 private:
  struct Destination {
    std::size_t sessions = 0;  // in use
    std::size_t limit = 0;     // of them
    unsigned failures = 0;     // one after the other; 0: alive
    Instant dead_until{};
    bool probing = false;
    Reply why;
    std::set<std::uint64_t> waiting;  // letters, the oldest first
    std::set<std::uint64_t> woken;    // ... that have not come yet
    Duration took{};                  // by a letter, on average; zero: none has left yet
    Instant left_at{};                // when the last one did
    std::deque<runtime::Bell*> held_back;
    std::set<std::uint64_t> put_off;  // letters

    bool idle() const {
      return sessions == 0 && waiting.empty() && woken.empty() && held_back.empty() &&
             put_off.empty();
    }
  };
  Answer judge(const Destination& destination, bool woken, Instant now) const;
  bool crowded(const Destination& destination, Instant now) const;
  void wake(const std::string& name, Destination& destination, std::vector<QueueId>& out);
  void recover(const std::string& name, Destination& destination, std::vector<QueueId>& out);
  bool arrived(const std::string& name, Destination& destination, QueueId letter);
  void tidy(Instant now);

  const QueueLimits& limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Destination> all_;
  std::unordered_map<std::uint64_t, std::vector<std::string>> woken_;  // letter: who woke it
  using Numbers = std::set<std::uint32_t>;
  std::unordered_map<std::uint64_t, std::map<std::string, Numbers>> put_off_;  // letter: where
  std::unordered_map<std::uint64_t, Numbers> recovered_;
};

}  // namespace posta::mta

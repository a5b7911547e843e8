// attempt.h: one letter in work, from "it is due" to "it is due again, or gone".
//
//   1. resolve     every due recipient asks the router again; aliases become their targets
//   2. settle_here mailboxes here, changed addresses: one batch; then what is refused
//   3. carry       what goes abroad, by destination, at the same time; a destination without room
//                  makes its recipients wait, a dead one puts them off
//   4. settle      the outcomes, as they come: recipients share no fate; what is told to the sender
//                  comes after the rest
//   5. settle_late what is tried in vain for too long fails; what is late is told, once
//
// Alone in writing the letter's obligations, but for administrators (manage.cc): if one of them was
// faster, the letter is read again and what is still owed is settled.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mta/queue/at_hand.h"
#include "mta/queue/destinations.h"
#include "mta/queue/settle.h"
#include "runtime/nursery.h"
#include "runtime/sleep.h"

namespace posta::mta {

class Queue::Attempt {
 public:
  // `recovered`: due because their destination answers again.
  Attempt(Queue& queue, QueuedLetter letter, std::set<std::uint32_t> recovered, SmtpPool& pool,
          runtime::Stop& stop)
      : queue_(queue),
        letter_(std::move(letter)),
        recovered_(std::move(recovered)),
        pool_(pool),
        stop_(stop) {}

  // When the letter is due next (Instant::max(): not by itself); nothing if none of it is owed.
  Task<Result<std::optional<Instant>>> run();
  // Afterwards: the letter, if it must wait for a place and was not changed.
  AtHand::Kept keep();

 private:
  static constexpr int kTriesMax = 16;  // settlements lost to administrators, one after the other

  using Number = std::uint32_t;  // of an obligation
  using Outcomes = std::map<Number, Outcome>;
  struct Group {
    RemoteRoute route;
    std::vector<Number> numbers;
  };
  struct Come {  // what a carrier brought back
    std::vector<Number> numbers;
    RemoteResult result;
  };

  std::vector<std::size_t> due(WallTime now) const;
  Task<Result<>> settle_here();
  Task<> place(Settlement& settlement, OwedRecipient owed, Number& next_number);
  void place_here(Settlement& settlement, Settlement::Item& item, Route& route);
  Task<Result<>> settle_abroad();
  Task<> carry(std::string destination, Group group);

  // attempt_settle.cc
  static Failure too_busy();
  bool is_told(const std::optional<Outcome>& outcome) const;  // to the sender, by a report
  void count_attempt(OwedRecipient& owed, WallTime now) const;
  void count_put_off(OwedRecipient& owed, WallTime now) const;
  Task<Result<>> settle(Outcomes outcomes);
  Task<Result<>> settle_untold(Outcomes outcomes);
  Task<Result<>> settle_together(Outcomes outcomes);
  Task<> settle_late();
  void judge_age(Settlement& settlement, const OwedRecipient& owed, WallTime now) const;
  // Commits and takes over what is owed then. False: read again, begin anew.
  Task<Result<bool>> commit(Settlement& settlement);
  Task<Result<>> read_again();
  Instant next_due(runtime::Executor& executor) const;

  Queue& queue_;
  QueuedLetter letter_;
  std::set<Number> recovered_;
  SmtpPool& pool_;
  runtime::Stop& stop_;
  std::map<std::string, Group> abroad_;                  // destination: who goes there
  Outcomes refused_;                                     // here
  std::set<Number> waiting_;                             // for a place at their destination
  std::map<Number, std::chrono::milliseconds> put_off_;  // nobody answers there for so long
  std::uint64_t chance_ = 0;  // one for all, so that what failed together comes back together
  bool changed_ = false;      // the letter is not as it was when the attempt began
  std::vector<Come> come_;
  runtime::Bell bell_;
  bool stopped_ = false;
};

}  // namespace posta::mta

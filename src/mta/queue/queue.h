// queue.h: letters we owe, until every recipient is settled (docs/formats/queue.md).
//
// A recipient exists on disk in exactly one state: Owed. `Trying` lives only in memory, so a crash
// leaves nothing to repair.
//
//          admit        due                 delivered, failed
//   (none) -----> Owed ----------> Trying ----------------------> (gone; failed leaves a DSN, same
//   batch)
//     |            ^                 |
//     |            +---- deferred ---+   next_attempt, attempts and last_reply are updated; so is
//     |                                  what has failed while its DSN cannot be written
//     |
//     +-- inline: delivered inside the admitting commit, never Owed
//
// Exactly once for local mailboxes: the append and the settling are one batch, and an account that
// several recipients lead to gets one copy, whenever they are settled.
// At least once for remote hosts: RFC 5321 §6.1 leaves no better choice.
//
// admit.cc, schedule.cc, attempt.cc, attempt_settle.cc, settle.cc, report.cc, manage.cc,
// destinations.cc. Due letters sit in a heap in memory, rebuilt from the store at start. The worker
// runs on one executor; the rest on any.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/events.h"
#include "base/limits.h"
#include "mail/letter.h"
#include "mail/reply.h"
#include "mailbox/mailbox.h"
#include "mta/delivery/mailbox_carrier.h"
#include "mta/delivery/smtp_carrier.h"
#include "mta/route/route.h"
#include "runtime/nursery.h"
#include "runtime/task.h"
#include "store/store.h"

namespace posta::mta {

inline constexpr store::Partition kQueuePartition = 2;

struct QueueLimits {
  std::size_t inline_recipients_max = 50;  // more: all Owed, settled a moment later
  std::size_t letters_trying_max = 256;    // letters in work at one time
  std::chrono::seconds retry_first{60};    // first pause; doubles, with jitter of a quarter
  std::chrono::seconds retry_max{4 * 3600};
  // Older: failed with 5.4.7; RFC 5321 §4.5.4.1 wants 4-5 days.
  std::chrono::seconds life_max{5 * 24 * 3600};
  std::chrono::seconds delay_warning{4 * 3600};  // then the sender is told, once; 0: never
  // Letters that are on their way to one destination at one time: at first, and once it has proved
  // itself.
  std::size_t destination_sessions_first = 5;
  std::size_t destination_sessions_max = 20;
  std::size_t destinations_max = 10'000;  // remembered; beyond, those without mail are forgotten
  // A destination where nobody answers is left alone for so long at most, then probed by one
  // letter.
  std::chrono::seconds destination_dead_max{5 * 60};
  // Letters that are woken when their destination answers again; more: come when it is probed.
  std::size_t put_off_max = 100'000;
  std::size_t woken_together = 100;     // of them, by each letter that it takes
  std::chrono::seconds full_pause{10};  // before a store without room for commits is asked again
  std::size_t list_max = 1000;          // letters in one answer of list()
  // Letters in memory until their first attempt, so that they need not be read; more: are read.
  Octets at_hand_octets_max = 16_MiB;
  // Letters that wait for a place at a destination that takes each of them within `quick_time`;
  // more: who brings the next is answered when one has left, or after `hold_back_time`.
  std::size_t destination_waiting_max = 4;
  std::chrono::milliseconds quick_time{50};
  std::chrono::milliseconds hold_back_time{50};
};

struct QueueConfig {
  Domain host;  // in Received and in DSNs
  QueueLimits limits;
};

// A message ready to be admitted: a finished body, and what is known of it.
struct Message {
  std::unique_ptr<store::BodyWriter> body;
  std::shared_ptr<const std::string> digest;  // encoded wire::message digest
  std::vector<std::uint64_t> thread_keys;
  std::vector<std::string> delivered_to;
};

// What came of an admission, for each place the letter goes to (after aliases).
struct Admitted {
  struct One {
    Address destination;
    Outcome outcome;  // delivered, or deferred (Owed); failed: see admit()
  };
  std::vector<One> each;
};

struct OwedRecipient {
  std::uint32_t number = 0;
  Recipient recipient;  // address: where it goes; original: what the sender named
  unsigned attempts = 0;
  WallTime next_attempt;
  Reply last_reply;
  bool held = false;        // an administrator stopped it
  std::string last_host;    // who gave last_reply; empty: nobody but us
  bool delay_told = false;  // its sender has had the notice of delay
  // For so long in all it was not tried, because nobody answered at its destination.
  std::chrono::milliseconds put_off{};
};

struct QueuedLetter {
  Letter letter;  // the envelope's recipients are in `owed`
  StoredMessage message;
  std::vector<OwedRecipient> owed;
  std::vector<AccountId> reached;  // have it already, while others are still owed
  std::uint64_t changes = 0;       // by administrators
  std::uint64_t seen = 0;          // digest of the letter's record as it was read
};

// Which recipients an administrator means: those that match everything that is set. Nothing set:
// all that are owed.
struct Selection {
  QueueId id = {};                         // of one letter
  std::optional<Address> recipient = {};   // where it goes, or what the sender named
  std::optional<Domain> destination = {};  // the domain of where it goes
  std::optional<ReversePath> sender = {};  // whose letters
  std::optional<bool> held = {};           // only those that are, or are not, held
};

enum class Report { no, yes };  // is the sender told?

class Queue {
 public:
  struct Deps {
    store::Store& store;
    mailbox::Mailboxes& mailboxes;
    Router& router;
    SmtpCarrier& remote;
    Events& events;
  };
  Queue(Deps deps, QueueConfig config);
  ~Queue();

  // Reads what is owed from the store. Before the first admit.
  Task<Result<>> load();
  // The worker: settles what is due, until `stop`. One task of the queue's executor; ends when the
  // attempts in work have ended.
  Task<> run(runtime::Stop& stop);

  // One durable commit: local recipients delivered inside it, the others Owed. Any executor.
  // Error: nothing of the letter was kept. `durable` is called when it is, before anything that
  // follows from it is done or said. A letter that every recipient refuses for good (it has been
  // there: a loop) is not kept either: all that is Admitted has failed, and its sender can still be
  // told without a report.
  Task<Result<Admitted>> admit(
      Letter letter, Message message, std::function<void()> durable = [] {});

  // Grows with time; never the same twice.
  QueueId new_id(runtime::Executor& executor);

  // --- for administrators (posta queue ...). Any executor.
  Task<Result<std::vector<QueuedLetter>>> list(QueueId after, std::size_t limit);
  Task<Result<std::optional<QueuedLetter>>> show(QueueId id);
  std::size_t letters_owed() const;
  // manage.cc. Each is durable when it returns, and says how many recipients it concerned. What a
  // carrier has in hand is not called back; what comes of it is heeded only as far as it is still
  // owed.
  Task<Result<std::size_t>> retry(Selection which);    // due now, unless held
  Task<Result<std::size_t>> hold(Selection which);     // never due by itself
  Task<Result<std::size_t>> held(Selection which);     // how many are; changes nothing
  Task<Result<std::size_t>> release(Selection which);  // held no more, due now
  Task<Result<std::size_t>> remove(Selection which, Report report);

 private:
  class Schedule;      // schedule.h: what is due when
  class Settlement;    // settle.h: one batch in the making
  class Destinations;  // destinations.h: how much may go where
  class Attempt;       // attempt.h: one letter in work
  class AtHand;        // at_hand.h: letters that need not be read

  enum class Order { look, retry, hold, release, remove };
  Task<Result<std::size_t>> manage(Order order, Selection which, Report report);
  Task<Result<std::size_t>> manage_letter(Order order, const Selection& which, QueueId id,
                                          Report report);
  Task<Result<bool>> remove_from(QueuedLetter& letter, std::vector<std::size_t> chosen,
                                 Report report);

  Task<> attempt(QueueId id, SmtpPool& pool, runtime::Stop& stop);
  // When the letter is due next; nothing if none of it is owed.
  Task<Result<std::optional<Instant>>> try_letter(QueueId id, SmtpPool& pool, runtime::Stop& stop);
  // False: what came of an attempt could not be written, so none is made until `store_full_until_`.
  Task<bool> store_takes_commits();
  bool must_wait(QueueId id, Instant now);
  std::chrono::milliseconds tell(Settlement& settlement, Admitted& admitted, WallTime now);
  Task<> hold_back(const std::set<std::string>& destinations);
  void wake(const std::vector<QueueId>& letters, Instant now);
  // Adds the DSN for what has failed, and for what is told to be late.
  Task<Result<>> report(Settlement& settlement);

  Deps deps_;
  QueueConfig config_;
  MailboxCarrier carrier_;
  std::unique_ptr<Schedule> schedule_;
  std::unique_ptr<Destinations> destinations_;
  std::unique_ptr<AtHand> at_hand_;
  std::optional<Instant> store_full_until_;  // the worker's
};

}  // namespace posta::mta

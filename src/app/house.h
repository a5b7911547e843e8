// house.h: the rooms, built by hand from the bottom up; the plan of the program.
//
//   loops, workers          runtime/asio, net/asio
//   store                   store/rocksdb, its committer's thread
//   directory   mailboxes   on the store
//   outbound                network, DNS and TLS of mail that leaves
//   router, queue, intake   mta
//   logins                  on the directory
//   front (one per loop)    listeners, sessions, smtp, pop3
//
// `serve` uses all of it, commands offline only what stands below the fronts. Built and destroyed
// on one thread; destroyed in reverse order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/live.h"
#include "app/log.h"
#include "app/outbound.h"
#include "app/tee.h"
#include "directory/directory.h"
#include "guard/privileges.h"
#include "mailbox/mailbox.h"
#include "mta/intake/intake.h"
#include "mta/queue/queue.h"
#include "mta/route/route.h"
#include "ops/metrics.h"
#include "ops/trace.h"
#include "runtime/asio/loop.h"
#include "server/session/login.h"
#include "store/store.h"

namespace posta::app {

class House {
 public:
  // Opens the store (Error{conflict} names who has it) and reads what is owed. Only who makes a
  // server directory makes a store: anywhere else, none is a disk that is not mounted.
  enum class IfMissing { refuse, create };
  static Result<std::unique_ptr<House>> open(Config config, unsigned loops,
                                             IfMissing if_missing = IfMissing::refuse);
  ~House();

  // Runs a task on the first loop until it ends. Only while nobody else runs that loop.
  void run(runtime::Task<> task);

  // Everything in the store, read and compared (posta check --store): what is wrong, in words.
  // Long.
  std::vector<std::string> verify();

  // What can change while it runs: the log, what intake takes, the limits of logins. Any thread.
  void configure(const Config& config);

  const Config& config() const { return config_; }  // as it was at start
  // Where everything says what happens: the log, the counters and the trace look at it.
  Events& log() { return *tee_; }
  Log& log_lines() { return *log_; }
  ops::Counters& counters() { return counters_; }
  ops::Trace& trace() { return *trace_; }
  // Null: this is a command, and no server is running here.
  Live* live() { return live_ ? &*live_ : nullptr; }
  void set_live(Live live) { live_ = std::move(live); }
  store::Store& store() { return *store_; }
  directory::Directory& directory() { return *directory_; }
  mailbox::Mailboxes& mailboxes() { return *mailboxes_; }
  mta::Router& router() { return *router_; }
  mta::Queue& queue() { return *queue_; }
  mta::Intake& intake() { return *intake_; }
  server::Logins& logins() { return *logins_; }
  runtime::asio::Loop& loop(std::size_t i) { return *loops_[i]; }
  std::size_t loops() const { return loops_.size(); }

 private:
  explicit House(Config config) : config_(std::move(config)) {}

  Config config_;
  std::unique_ptr<runtime::asio::WorkerPool> workers_;
  std::vector<std::unique_ptr<runtime::asio::Loop>> loops_;
  std::unique_ptr<Log> log_;
  ops::Counters counters_;
  std::unique_ptr<Tee> tee_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<ops::Trace> trace_;
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<mailbox::Mailboxes> mailboxes_;
  std::unique_ptr<Outbound> outbound_;
  std::unique_ptr<mta::Router> router_;
  std::unique_ptr<mta::Queue> queue_;
  std::unique_ptr<mta::Intake> intake_;
  std::unique_ptr<server::Logins> logins_;
  std::optional<Live> live_;
};

// That there is a store for `who` to open, as far as names and owners say, and what to do if not:
// before more is begun.
Result<> look_for_store(const Config& config, const guard::Identity& who);

}  // namespace posta::app

#include "app/house.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "app/files.h"
#include "directory/check.h"
#include "guard/privileges.h"
#include "mailbox/check.h"
#include "runtime/nursery.h"
#include "store/rocksdb/open.h"

namespace posta::app {

namespace {

mta::QueueConfig queue_config(const Config& config) {
  mta::QueueConfig out;
  out.host = config.hostname;
  out.limits.retry_first = config.retry_first;
  out.limits.retry_max = config.retry_max;
  out.limits.life_max = config.queue_life;
  out.limits.delay_warning = config.queue_delay_warning;
  out.limits.destination_sessions_max = config.outbound_sessions_per_destination;
  out.limits.destination_sessions_first =
      std::min(out.limits.destination_sessions_first, out.limits.destination_sessions_max);
  out.limits.letters_trying_max = config.outbound_letters_trying_max;
  return out;
}

mta::IntakeConfig intake_config(const Config& config) {
  mta::IntakeConfig out;
  out.host = config.hostname;
  out.limits.message_octets_max = config.message_octets_max;
  out.limits.recipients_max = config.recipients_max;
  out.normalise_line_ends = config.normalise_line_ends;
  out.submission.allowance = {.letters_per_hour = config.submission_letters_per_hour,
                              .recipients_per_day = config.submission_recipients_per_day,
                              .new_recipients_per_day = config.submission_new_recipients_per_day};
  out.submission.header_octets_max = config.submission_header_octets_max;
  out.defer_unknown = config.smtp_unknown_recipient == "defer";
  out.announce_forward = config.smtp_announce_forward;
  out.refused_networks = config.refused_networks;
  out.refuse_at_once = config.refuse_at_once;
  return out;
}

ops::TraceLimits trace_limits(const Config& config) {
  ops::TraceLimits out;
  out.retention = config.trace_retention;
  out.octets_max = config.trace_octets_max;
  return out;
}

server::Logins::Limits login_limits(const Config& config) {
  server::Logins::Limits out;
  out.account_failures_max = config.login_account_failures_max;
  out.address_failures_max = config.login_address_failures_max;
  out.failure_window = config.login_failure_window;
  return out;
}

// Whose addresses are never refused, whatever fails there.
server::Networks login_trusted(const Config& config) {
  std::vector<net::IpNetwork> networks = server::Networks::loopback().all();
  networks.insert(networks.end(), config.trusted_networks.begin(), config.trusted_networks.end());
  return server::Networks(std::move(networks));
}

runtime::Task<> then_quit(runtime::Task<> task, runtime::asio::Loop& loop) {
  co_await std::move(task);
  loop.quit();
}

// What the store says, and what to do about it.
Failure about_store(const Error& error, const std::string& path) {
  if (error.is(Error::Kind::not_found))
    return fail(error.kind, "the store is not there (" + path + "); is its disk mounted?");
  if (error.is(Error::Kind::corrupt))
    return fail(error.kind, error.what + "; restore a backup: posta restore BACKUP --dir DIR");
  return Failure(error);
}

runtime::Task<> load_queue(mta::Queue& queue, Result<>& out) {
  out = co_await queue.load();
}

}  // namespace

namespace {

// Whether the server is to run as `who`: by its configuration, or by the owner of its directory.
bool is_for(const Config& config, const guard::Identity& who) {
  struct stat status{};
  return who.name == config.user ||
         (stat(config.directory.c_str(), &status) == 0 && status.st_uid == who.uid);
}

bool is_of_another(const std::filesystem::path& path, uid_t us) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && status.st_uid != us;
}

// Of what stands directly in the store.
bool some_is_of_another(const std::string& store, uid_t us) {
  std::error_code error;
  std::filesystem::directory_iterator each(store, error), end;
  for (; !error && each != end; each.increment(error))
    if (is_of_another(each->path(), us)) return true;
  return false;
}

Failure not_its_own(const std::string& store, const guard::Identity& who) {
  return fail(Error::Kind::denied,
              fmt::format("{0} does not belong to {1}, as whom the server runs; run: chown -R {1}: "
                          "{0}",
                          store, who.name));
}

}  // namespace

Result<> look_for_store(const Config& config, const guard::Identity& who) {
  std::string path = config.path(config.store_directory);
  // Where it is for `who` to open, its owner is wrong; elsewhere it is they who are.
  const bool theirs = !who.is_root() && is_for(config, who);
  if (access(path.c_str(), R_OK | X_OK) != 0 && errno == EACCES)
    return theirs ? not_its_own(path, who) : cannot("open", path);
  if (theirs && some_is_of_another(path, who.uid)) return not_its_own(path, who);
  auto there = store::rocks::look_for(path);
  if (there && theirs && is_of_another(path, who.uid)) return not_its_own(path, who);
  return there ? Result<>() : about_store(there.error(), path);
}

Result<std::unique_ptr<House>> House::open(Config config, unsigned loops, IfMissing if_missing) {
  bool create = if_missing == IfMissing::create;
  if (!create) TRY_VOID(look_for_store(config, guard::current_identity()));
  std::unique_ptr<House> house(new House(std::move(config)));
  const Config& c = house->config_;
  house->workers_ = std::make_unique<runtime::asio::WorkerPool>(
      runtime::asio::WorkerPool::Limits{.threads = c.workers});
  for (unsigned i = 0; i < loops; ++i)
    house->loops_.push_back(std::make_unique<runtime::asio::Loop>(*house->workers_));
  house->log_ = std::make_unique<Log>(*house->loops_[0], log_options(c));
  house->tee_ = std::make_unique<Tee>(*house->log_, house->counters_);

  store::rocks::Options store;
  store.limits.disk_free_min = c.disk_free_min;
  store.now = [&loop = *house->loops_[0]] { return loop.now(); };
  store.block_cache_octets = c.store_cache;
  store.events = house->tee_.get();
  store.create = create;
  std::string path = c.path(c.store_directory);
  auto opened = store::rocks::open(path, std::move(store));
  if (!opened) return about_store(opened.error(), path);
  house->store_ = *std::move(opened);
  house->trace_ = std::make_unique<ops::Trace>(*house->store_, *house->loops_[0], trace_limits(c));
  house->tee_->add(*house->trace_);
  house->directory_ = std::make_unique<directory::Directory>(*house->store_, directory::Limits{});
  mailbox::Limits mailbox_limits;
  mailbox_limits.retention = std::chrono::ceil<std::chrono::hours>(c.retention);
  house->mailboxes_ = std::make_unique<mailbox::Mailboxes>(*house->store_, mailbox_limits);
  TRY(house->outbound_, Outbound::make(c, *house->store_, *house->tee_));
  house->router_ = std::make_unique<mta::Router>(*house->directory_, mta::RouteLimits{},
                                                 house->outbound_->relay());
  house->queue_ = std::make_unique<mta::Queue>(
      mta::Queue::Deps{*house->store_, *house->mailboxes_, *house->router_,
                       house->outbound_->carrier(), *house->tee_},
      queue_config(c));
  house->intake_ = std::make_unique<mta::Intake>(
      mta::Intake::Deps{*house->store_, *house->directory_, *house->mailboxes_, *house->router_,
                        *house->queue_, *house->tee_},
      intake_config(c));
  house->logins_ = std::make_unique<server::Logins>(
      *house->directory_, *house->tee_, login_limits(c), house->store_.get(), login_trusted(c));

  Result<> loaded = fail(Error::Kind::unavailable, "the queue was not read");
  house->run(load_queue(*house->queue_, loaded));
  if (!loaded) return Failure(std::move(loaded).error());
  return house;
}

House::~House() {
  if (!tee_) return;
  tee_->remove_third();
  if (trace_) trace_->flush();
}

void House::configure(const Config& config) {
  Log::Options options = log_options(config);
  log_->configure(options.json, options.level);
  intake_->configure(intake_config(config));
  logins_->configure(login_limits(config), login_trusted(config));
}

namespace {

runtime::Task<> check_records(House& house, std::vector<std::string>& complaints) {
  auto directory = co_await directory::check_directory(house.store().snapshot());
  if (!directory) complaints.push_back("the directory: " + directory.error().what);
  if (directory) complaints.insert(complaints.end(), directory->begin(), directory->end());
  std::string after;
  for (;;) {
    auto accounts = co_await house.directory().accounts(after, 1000);
    if (!accounts) {
      complaints.push_back("the accounts: " + accounts.error().what);
      co_return;
    }
    for (const auto& account : *accounts) {
      auto found = co_await mailbox::check_account(house.store().snapshot(), account.id);
      if (!found) complaints.push_back(account.address.str() + ": " + found.error().what);
      if (!found) continue;
      for (const auto& one : *found) complaints.push_back(account.address.str() + ": " + one);
    }
    if (accounts->size() < 1000) co_return;
    after = accounts->back().address.str();
  }
}

}  // namespace

std::vector<std::string> House::verify() {
  std::vector<std::string> complaints;
  auto report = store::rocks::verify(*store_);
  if (!report) {
    complaints.push_back("the store: " + report.error().what);
    return complaints;
  }
  complaints = report->examples;
  if (report->faults > complaints.size())
    complaints.push_back(fmt::format("and {} more faults", report->faults - complaints.size()));
  run(check_records(*this, complaints));
  return complaints;
}

void House::run(runtime::Task<> task) {
  runtime::asio::Loop& first = *loops_[0];
  runtime::Nursery nursery(first);
  nursery.spawn(then_quit(std::move(task), first));
  first.run();
}

}  // namespace posta::app

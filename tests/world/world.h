// world.h: the whole house in one thread, on virtual time, from one seed (house D7).
//
//   World world({.seed = 7});                       the servers listen
//   world.run(a_client(world));                     tasks of the test, to their end
//   world.power_cut();                              what was not synced is gone, and so is the
//   house world.start();                                  it reads what survived, and listens again
//   world.shut_down(30s);                           the graceful end
//
// What a crash destroys is the House; what stays is the disk, the network and the clock. One seed
// run twice gives the same trace hash: everything on a wire, in a commit or in an event is in it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/events.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "mta/intake/intake.h"
#include "mta/queue/queue.h"
#include "mta/route/route.h"
#include "net/sim/sim_network.h"
#include "net/sim/sim_resolver.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "server/imap/imap.h"
#include "server/pop3/pop3.h"
#include "server/session/census.h"
#include "server/session/login.h"
#include "server/session/sessions.h"
#include "server/smtp/smtp.h"
#include "store/memory/memory_store.h"

namespace posta::world {

using net::sim::SimNetwork;
using runtime::Task;
using runtime::sim::SimExecutor;

// Every account's, where there is one.
inline constexpr std::string_view kPassword = "correct horse battery";

struct AccountSpec {
  std::string address;
  directory::Quota quota;
  bool enabled = true;
};
struct AliasSpec {
  std::string address;
  std::vector<std::string> targets;
};

struct AppPasswordSpec {
  std::string address;
  directory::Scopes scopes;
  std::string password;
};
struct GrantSpec {
  std::string address;
  std::string sender;
};

struct Config {
  std::uint64_t seed = 1;
  net::sim::Settings network;
  store::memory::Options store;  // its seed is ours
  mta::IntakeLimits intake;
  bool normalise_line_ends = false;
  std::vector<net::IpNetwork> refused_networks;
  bool refuse_at_once = false;
  mta::QueueLimits queue;
  mta::SmtpClientLimits remote;
  mta::TlsLevel remote_tls = mta::TlsLevel::none;
  server::SmtpServer::Config smtp;
  server::Pop3Server::Config pop3;
  server::ImapServer::Config imap;
  mta::SubmissionConfig submission;
  server::Logins::Limits logins;
  std::vector<AppPasswordSpec> app_passwords;
  std::vector<GrantSpec> grants;
  server::CensusLimits census;  // of each service
  bool tls = false;             // STARTTLS, STLS, and the doors that begin with TLS
  bool passwords = false;       // hashing takes time: only where somebody logs in
  std::string host = "mx.example.org";
  std::string address = "198.51.100.25";  // of the host
  std::shared_ptr<const mta::RelayHost> relay;
  std::vector<std::string> domains = {"example.org"};  // the first is the default
  std::vector<AccountSpec> accounts = {{"ann@example.org", {}, true},
                                       {"bob@example.org", {}, true}};
  std::vector<AliasSpec> aliases = {{"staff@example.org", {"ann@example.org", "bob@example.org"}}};
};

// Remembers what happened; everything goes into the trace.
class EventLog final : public Events {
 public:
  explicit EventLog(SimExecutor& executor) : executor_(executor) {}
  void emit(const Event& event) override;

  std::size_t count(std::string_view name) const;
  // The value of a field in the last event of that name; empty if there is none.
  std::string last(std::string_view name, std::string_view field) const;

 private:
  SimExecutor& executor_;
  std::map<std::string, std::size_t, std::less<>> counts_;
  std::map<std::string, std::map<std::string, std::string>, std::less<>> last_;
};

// What runs between start() and the end, in the order in which it is built.
struct House {
  House(SimExecutor& executor, store::memory::Disk& disk, net::Network& network,
        net::Resolver& resolver, Events& events, const Config& config);
  void listen(SimExecutor& executor, SimNetwork& network, const Config& config);

  std::shared_ptr<net::TlsServer> tls;  // null unless Config::tls
  std::unique_ptr<store::memory::MemoryStore> store;
  directory::Directory directory;
  mailbox::Mailboxes mailboxes;
  mta::Router router;
  mta::SmtpCarrier remote;
  mta::Queue queue;
  mta::Intake intake;
  server::Census smtp_census;
  server::Census pop3_census;
  server::Census imap_census;
  server::Logins logins;
  server::Sessions sessions;
  server::pop3::Maildrops maildrops;
  server::SmtpServer smtp;
  server::Pop3Server pop3;
  server::imap::AccountSeats imap_seats;
  server::ImapServer imap;
  server::SmtpServer smtps;  // the same, with TLS from the first octet
  server::Pop3Server pop3s;
  server::ImapServer imaps;
  server::SmtpServer submission;   // for our own users (RFC 6409)
  server::SmtpServer submissions;  // the same, with TLS from the first octet
  runtime::Nursery background;     // the queue's worker
};

// What hosts that mail each other share: time, the network, the DNS.
struct Ground {
  explicit Ground(const Config& config)
      : executor(config.seed), network(executor, config.network), resolver(executor) {}
  SimExecutor executor;
  SimNetwork network;
  net::sim::SimResolver resolver;
};

class World {
 public:
  explicit World(Config config = {});
  // One of several on the same ground, which lives longer.
  World(Config config, Ground& ground);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();  // shuts down, if the house stands

  // --- the life of the house
  void start();
  void shut_down(Duration grace = std::chrono::seconds(30));
  void power_cut();
  bool up() const { return house_ != nullptr; }
  House& house();
  // Asks the servers to end without waiting for it; shut_down() does that afterwards.
  void ask_to_end(Duration grace);

  // --- running
  SimExecutor& executor() { return executor_; }
  SimNetwork& network() { return network_; }
  net::sim::SimResolver& resolver() { return resolver_; }
  store::memory::Disk& disk() { return disk_; }
  EventLog& events() { return events_; }
  void run(Task<> task) { executor_.run_task(std::move(task)); }
  std::uint64_t trace_hash() const { return executor_.trace_hash(); }

  // --- for clients
  net::Endpoint smtp_endpoint() const;
  net::Endpoint pop3_endpoint() const;
  net::Endpoint imap_endpoint() const;
  net::Endpoint imaps_endpoint() const;
  net::Endpoint smtps_endpoint() const;
  net::Endpoint pop3s_endpoint() const;
  net::Endpoint submission_endpoint() const;
  net::Endpoint submissions_endpoint() const;
  // What clients speak TLS with; they look at no certificate.
  std::shared_ptr<net::TlsClient> tls_client();
  Task<Result<std::unique_ptr<net::Transport>>> dial(net::IpAddress from, net::Endpoint to);

  // --- looking
  // The messages of an account's INBOX, whole, the oldest first.
  Task<Result<std::vector<std::string>>> inbox(std::string address);
  // The password of an account, the same as before, is set anew; its only app password is removed.
  Task<Result<>> set_password_again(std::string address);
  Task<Result<>> remove_app_password(std::string address);
  Task<Result<std::uint32_t>> unseen(std::string address);  // messages there without \Seen
  Task<Result<AccountId>> account_of(std::string address);
  std::size_t letters_owed() { return house().queue.letters_owed(); }

 private:
  Task<> settle_in();  // domains, accounts, aliases: once, on an empty disk
  Task<> end_house(Duration grace);
  void drop_house();

  World(Config config, std::unique_ptr<Ground> own, Ground* shared);
  net::IpAddress server_ip() const;

  const Config config_;
  const std::unique_ptr<Ground> own_;  // null: the ground is shared
  SimExecutor& executor_;
  SimNetwork& network_;
  net::sim::SimResolver& resolver_;
  EventLog events_;
  store::memory::Disk disk_;
  std::unique_ptr<House> house_;
  std::shared_ptr<net::TlsClient> tls_client_;
  bool settled_ = false;
  std::optional<runtime::Nursery> ending_;
};

}  // namespace posta::world

#include "world/world.h"

#include "base/check.h"
#include "world/certificate.h"

namespace posta::world {

namespace {

Domain domain(std::string_view text) {
  auto parsed = Domain::parse(text);
  CHECK(parsed);
  return *parsed;
}

Address address(std::string_view text) {
  auto parsed = Address::parse(text);
  CHECK(parsed);
  return *parsed;
}

std::unique_ptr<store::memory::MemoryStore> open_store(store::memory::Disk& disk,
                                                       SimExecutor& executor,
                                                       const Config& config) {
  store::memory::Options options = config.store;
  options.seed = config.seed;
  auto opened = store::memory::open(disk, executor, std::move(options));
  CHECK(opened);
  return std::move(*opened);
}

std::shared_ptr<net::TlsServer> tls_server(SimExecutor& executor, const Config& config) {
  if (!config.tls) return nullptr;
  auto server = net::TlsServer::create(
      {.certificates = {{kCertificatePem, kKeyPem, "tests/world/certificate.h"}},
       .entropy = &executor});
  CHECK(server);
  return *server;
}

// Hashes that cost next to nothing: what they are for is not simulated.
directory::Limits directory_limits() {
  directory::Limits limits;
  limits.hash_cost = {.memory = 64_KiB, .passes = 1, .lanes = 1};
  limits.scram_iterations = 16;
  return limits;
}

mta::IntakeConfig intake_config(const Config& config) {
  return {.host = domain(config.host),
          .limits = config.intake,
          .submission = config.submission,
          .refused_networks = config.refused_networks,
          .refuse_at_once = config.refuse_at_once,
          .normalise_line_ends = config.normalise_line_ends};
}

server::SmtpServer::Config smtp_config(const Config& config, std::shared_ptr<net::TlsServer> tls,
                                       bool implicit) {
  server::SmtpServer::Config smtp = config.smtp;
  smtp.reception.tls = std::move(tls);
  smtp.reception.implicit_tls = implicit;
  smtp.reception.host = config.host;
  return smtp;
}

server::SmtpServer::Config submission_config(const Config& config,
                                             std::shared_ptr<net::TlsServer> tls, bool implicit) {
  server::SmtpServer::Config out = smtp_config(config, std::move(tls), implicit);
  out.submission = true;
  out.reception.service = "submission";
  return out;
}

server::Pop3Server::Config pop3_config(const Config& config, std::shared_ptr<net::TlsServer> tls,
                                       bool implicit) {
  server::Pop3Server::Config pop3 = config.pop3;
  pop3.reception.tls = std::move(tls);
  pop3.reception.implicit_tls = implicit;
  pop3.reception.service = "pop3";
  pop3.reception.host = config.host;
  if (pop3.reception.banner.empty()) pop3.reception.banner = "POP3 ready";
  return pop3;
}

server::ImapServer::Config imap_config(const Config& config, std::shared_ptr<net::TlsServer> tls,
                                       bool implicit) {
  server::ImapServer::Config imap = config.imap;
  imap.reception.tls = std::move(tls);
  imap.reception.implicit_tls = implicit;
  imap.reception.service = "imap";
  imap.reception.host = config.host;
  if (imap.reception.banner.empty()) imap.reception.banner = "IMAP ready";
  return imap;
}

// Prepares and commits, again while somebody else was faster.
template <class Prepare>
Task<> change(store::Store& store, Prepare& prepare) {
  for (;;) {
    store::Batch batch;
    Result<> prepared = co_await prepare(batch);
    CHECK(prepared);
    auto committed = co_await store.commit(std::move(batch));
    CHECK(committed);
    if (committed->ok()) co_return;
  }
}

}  // namespace

// --- events

void EventLog::emit(const Event& event) {
  executor_.trace(event.name);
  ++counts_[std::string(event.name)];
  auto& fields = last_[std::string(event.name)];
  fields.clear();
  for (const Field& field : event.fields) {
    std::string value = std::holds_alternative<std::string>(field.value)
                            ? std::get<std::string>(field.value)
                            : std::to_string(std::get<std::int64_t>(field.value));
    executor_.trace(value);
    fields[std::string(field.name)] = std::move(value);
  }
}

std::size_t EventLog::count(std::string_view name) const {
  auto found = counts_.find(name);
  return found == counts_.end() ? 0 : found->second;
}

std::string EventLog::last(std::string_view name, std::string_view field) const {
  auto found = last_.find(name);
  if (found == last_.end()) return {};
  auto value = found->second.find(std::string(field));
  return value == found->second.end() ? std::string() : value->second;
}

// --- the house

House::House(SimExecutor& executor, store::memory::Disk& disk, net::Network& network,
             net::Resolver& resolver, Events& events, const Config& config)
    : tls(tls_server(executor, config)),
      store(open_store(disk, executor, config)),
      directory(*store, directory_limits()),
      mailboxes(*store, {}),
      router(directory, {}, config.relay),
      remote({.store = *store,
              .network = network,
              .resolver = resolver,
              .events = events,
              .tls = nullptr},
             {.hosts = {.host = domain(config.host),
                        .own = {{*net::IpAddress::parse(config.address), 25}}},
              .tls = config.remote_tls,
              .limits = config.remote}),
      queue({.store = *store,
             .mailboxes = mailboxes,
             .router = router,
             .remote = remote,
             .events = events},
            {.host = domain(config.host), .limits = config.queue}),
      intake({.store = *store,
              .directory = directory,
              .mailboxes = mailboxes,
              .router = router,
              .queue = queue,
              .events = events},
             intake_config(config)),
      smtp_census(config.census),
      pop3_census(config.census),
      imap_census(config.census),
      logins(directory, events, config.logins, store.get(), server::Networks::loopback()),
      sessions(executor),
      smtp({.intake = intake,
            .router = router,
            .census = smtp_census,
            .sessions = sessions,
            .events = events,
            .logins = &logins},
           smtp_config(config, tls, false)),
      pop3({.logins = logins,
            .mailboxes = mailboxes,
            .maildrops = maildrops,
            .census = pop3_census,
            .sessions = sessions,
            .events = events},
           pop3_config(config, tls, false)),
      imap({.store = *store,
            .directory = directory,
            .mailboxes = mailboxes,
            .logins = logins,
            .census = imap_census,
            .seats = imap_seats,
            .sessions = sessions,
            .events = events},
           imap_config(config, tls, false)),
      smtps(smtp.deps(), smtp_config(config, tls, true)),
      pop3s(pop3.deps(), pop3_config(config, tls, true)),
      imaps(imap.deps(), imap_config(config, tls, true)),
      submission(smtp.deps(), submission_config(config, tls, false)),
      submissions(smtp.deps(), submission_config(config, tls, true)),
      background(executor) {}

void House::listen(SimExecutor& executor, SimNetwork& network, const Config& config) {
  struct Door {
    std::uint16_t port;
    server::Service& service;
    bool implicit_tls = false;
  };
  const net::IpAddress ip = *net::IpAddress::parse(config.address);
  for (const Door& door : {Door{25, smtp}, Door{110, pop3}, Door{143, imap},
                           Door{2465, smtps, true}, Door{995, pop3s, true}, Door{993, imaps, true},
                           Door{587, submission}, Door{465, submissions, true}}) {
    if (door.implicit_tls && !tls) continue;
    auto listener = network.host(ip).listen(executor, {ip, door.port});
    CHECK(listener);
    sessions.serve(std::move(*listener), door.service);
  }
}

World::World(Config config) : World(config, std::make_unique<Ground>(config), nullptr) {}

World::World(Config config, Ground& ground) : World(std::move(config), nullptr, &ground) {}

World::World(Config config, std::unique_ptr<Ground> own, Ground* shared)
    : config_(std::move(config)),
      own_(std::move(own)),
      executor_(shared ? shared->executor : own_->executor),
      network_(shared ? shared->network : own_->network),
      resolver_(shared ? shared->resolver : own_->resolver),
      events_(executor_),
      disk_(config_.seed) {
  start();
}

net::IpAddress World::server_ip() const {
  return *net::IpAddress::parse(config_.address);
}

World::~World() {
  if (house_) shut_down(std::chrono::seconds(0));
}

House& World::house() {
  CHECK(house_);
  return *house_;
}

void World::start() {
  CHECK(!house_);
  house_ = std::make_unique<House>(executor_, disk_, network_.host(server_ip()), resolver_, events_,
                                   config_);
  run(settle_in());
  house_->background.spawn(house_->queue.run(house_->background.stop()));
  house_->listen(executor_, network_, config_);
}

Task<> World::settle_in() {
  House& house = *house_;
  if (!settled_) {
    for (const std::string& name : config_.domains) {
      auto prepare = [&](store::Batch& batch) {
        return house.directory.prepare_add_domain(batch,
                                                  {.name = domain(name),
                                                   .postmaster = {},
                                                   .catch_all = std::nullopt,
                                                   .is_default = name == config_.domains.front()});
      };
      co_await change(*house.store, prepare);
    }
    for (const AccountSpec& spec : config_.accounts) {
      AccountId id;
      auto add = [&](store::Batch& batch) -> Task<Result<>> {
        auto added = co_await house.directory.prepare_add_account(
            batch, {.address = address(spec.address),
                    .password = std::string(config_.passwords ? kPassword : ""),
                    .quota = spec.quota,
                    .name = {}});
        if (!added) co_return Failure(added.error());
        id = *added;
        house.mailboxes.prepare_create(batch, id, executor_.wall());
        co_return Result<>();
      };
      co_await change(*house.store, add);
      if (spec.enabled) continue;
      auto known = co_await house.directory.account(id);
      CHECK(known && *known);
      directory::Account disabled = **known;
      disabled.enabled = false;
      auto disable = [&](store::Batch& batch) {
        return house.directory.prepare_set_account(batch, disabled);
      };
      co_await change(*house.store, disable);
    }
    for (const AppPasswordSpec& spec : config_.app_passwords) {
      auto account = co_await house.directory.account(address(spec.address));
      CHECK(account && *account);
      auto prepare = [&](store::Batch& batch) -> Task<Result<>> {
        auto added = co_await house.directory.prepare_add_app_password(
            batch, (*account)->id, {"test", spec.scopes, spec.password});
        if (!added) co_return Failure(added.error());
        co_return Result<>();
      };
      co_await change(*house.store, prepare);
    }
    for (const GrantSpec& spec : config_.grants) {
      auto account = co_await house.directory.account(address(spec.address));
      CHECK(account && *account);
      auto grant = directory::parse_grant(spec.sender);
      CHECK(grant);
      auto prepare = [&](store::Batch& batch) {
        return house.directory.prepare_grant(batch, (*account)->id, *grant);
      };
      co_await change(*house.store, prepare);
    }
    for (const AliasSpec& spec : config_.aliases) {
      directory::Alias alias{.address = address(spec.address), .targets = {}};
      for (const std::string& target : spec.targets) alias.targets.push_back(address(target));
      auto prepare = [&](store::Batch& batch) {
        return house.directory.prepare_add_alias(batch, alias);
      };
      co_await change(*house.store, prepare);
    }
    settled_ = true;
  }
  CHECK(co_await house.queue.load());
}

Task<> World::end_house(Duration grace) {
  co_await house_->sessions.close(grace);
  house_->background.stop().request();
  co_await house_->background.join();
}

void World::drop_house() {
  if (ending_) {
    while (ending_->size() > 0) CHECK(executor_.step());
    ending_.reset();
  }
  house_.reset();
}

void World::ask_to_end(Duration grace) {
  CHECK(house_ && !ending_);
  ending_.emplace(executor_);
  ending_->spawn(house_->sessions.close(grace));
}

void World::shut_down(Duration grace) {
  CHECK(house_);
  run(end_house(grace));
  drop_house();
}

// Connections break, commits that are not on the disk are lost; then every task of the house finds
// that out and ends. None of them can change the disk any more.
void World::power_cut() {
  CHECK(house_);
  network_.crash(server_ip());
  house_->store->crash();
  run(end_house(std::chrono::seconds(0)));
  drop_house();
}

// --- clients

net::Endpoint World::smtp_endpoint() const {
  return {server_ip(), 25};
}

net::Endpoint World::pop3_endpoint() const {
  return {server_ip(), 110};
}

net::Endpoint World::imap_endpoint() const {
  return {server_ip(), 143};
}

net::Endpoint World::imaps_endpoint() const {
  return {server_ip(), 993};
}

net::Endpoint World::smtps_endpoint() const {
  return {server_ip(), 2465};
}

net::Endpoint World::submission_endpoint() const {
  return {server_ip(), 587};
}

net::Endpoint World::submissions_endpoint() const {
  return {server_ip(), 465};
}

net::Endpoint World::pop3s_endpoint() const {
  return {server_ip(), 995};
}

std::shared_ptr<net::TlsClient> World::tls_client() {
  if (tls_client_) return tls_client_;
  auto client = net::TlsClient::create({.system_cas = false, .entropy = &executor_});
  CHECK(client);
  return tls_client_ = *client;
}

Task<Result<std::unique_ptr<net::Transport>>> World::dial(net::IpAddress from, net::Endpoint to) {
  co_return co_await network_.host(from).connect(to, std::chrono::seconds(30), nullptr);
}

// --- looking

Task<Result<AccountId>> World::account_of(std::string text) {
  auto account = co_await house().directory.account(address(text));
  if (!account) co_return Failure(account.error());
  if (!*account) co_return fail(Error::Kind::not_found, "no account " + text);
  co_return (*account)->id;
}

Task<Result<>> World::set_password_again(std::string text) {
  CO_TRY(AccountId account, co_await account_of(text));
  auto prepare = [&](store::Batch& batch) {
    return house().directory.prepare_set_password(batch, account, std::string(kPassword));
  };
  co_await change(*house().store, prepare);
  co_return Result<>();
}

Task<Result<>> World::remove_app_password(std::string text) {
  CO_TRY(AccountId account, co_await account_of(text));
  auto prepare = [&](store::Batch& batch) {
    return house().directory.prepare_remove_app_password(batch, account, 1);
  };
  co_await change(*house().store, prepare);
  co_return Result<>();
}

Task<Result<std::uint32_t>> World::unseen(std::string text) {
  CO_TRY(AccountId account, co_await account_of(text));
  CO_TRY(auto view, co_await house().mailboxes.open(account, mailbox::kInbox));
  if (!view) co_return fail(Error::Kind::not_found, "no INBOX of " + text);
  co_return view->record().unseen;
}

Task<Result<std::vector<std::string>>> World::inbox(std::string text) {
  CO_TRY(AccountId account, co_await account_of(text));
  mailbox::Mailboxes& mailboxes = house().mailboxes;
  CO_TRY(auto view, co_await mailboxes.open(account, mailbox::kInbox));
  if (!view) co_return fail(Error::Kind::not_found, "no INBOX of " + text);
  std::vector<std::string> messages;
  for (std::uint32_t n = 1; n <= view->count(); ++n) {
    CO_TRY(auto email, co_await mailboxes.email(account, view->at(n).email));
    CHECK(email);
    std::uint64_t size = email->size();
    CO_TRY(std::string octets, co_await mailboxes.read(std::move(*email), 0, size));
    messages.push_back(std::move(octets));
  }
  co_return messages;
}

}  // namespace posta::world

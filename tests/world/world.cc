#include "world/world.h"

#include "base/check.h"

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

// Hashes that cost next to nothing: what they are for is not simulated.
directory::Limits directory_limits() {
  directory::Limits limits;
  limits.hash_cost = {.memory = 64_KiB, .passes = 1, .lanes = 1};
  return limits;
}

mta::IntakeConfig intake_config(const Config& config) {
  return {.host = domain(config.host),
          .limits = config.intake,
          .refused_networks = config.refused_networks,
          .refuse_at_once = config.refuse_at_once,
          .normalise_line_ends = config.normalise_line_ends};
}

server::SmtpServer::Config smtp_config(const Config& config) {
  server::SmtpServer::Config smtp = config.smtp;
  smtp.reception.host = config.host;
  return smtp;
}

server::Pop3Server::Config pop3_config(const Config& config) {
  server::Pop3Server::Config pop3 = config.pop3;
  pop3.reception.service = "pop3";
  pop3.reception.host = config.host;
  if (pop3.reception.banner.empty()) pop3.reception.banner = "POP3 ready";
  return pop3;
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
    : store(open_store(disk, executor, config)),
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
      sessions(executor),
      smtp({.intake = intake,
            .router = router,
            .census = smtp_census,
            .sessions = sessions,
            .events = events},
           smtp_config(config)),
      pop3({.directory = directory,
            .mailboxes = mailboxes,
            .maildrops = maildrops,
            .census = pop3_census,
            .sessions = sessions,
            .events = events},
           pop3_config(config)),
      background(executor) {}

void House::listen(SimExecutor& executor, SimNetwork& network, const Config& config) {
  net::IpAddress ip = *net::IpAddress::parse(config.address);
  auto smtp_listener = network.host(ip).listen(executor, {ip, 25});
  CHECK(smtp_listener);
  sessions.serve(std::move(*smtp_listener), smtp);
  auto pop3_listener = network.host(ip).listen(executor, {ip, 110});
  CHECK(pop3_listener);
  sessions.serve(std::move(*pop3_listener), pop3);
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

// house_test.h: what the queue stands on, in simulation, for the tests of mta/queue and mta/intake.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "directory/testing.h"
#include "mta/queue/queue.h"
#include "mta/queue/record.h"
#include "net/sim/sim_network.h"
#include "net/sim/sim_resolver.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"
#include "wire/message/digest.h"

namespace posta::mta::testing {

using runtime::sim::SimExecutor;
using namespace std::chrono_literals;

class EventNames final : public Events {
 public:
  void emit(const Event& event) override {
    ++counts_[std::string(event.name)];
    order_.emplace_back(event.name);
  }
  // Their names, as they happened.
  const std::vector<std::string>& order() const { return order_; }
  std::size_t count(const std::string& name) const {
    auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  std::map<std::string, std::size_t> counts_;
  std::vector<std::string> order_;
};

// What ends with a crash.
struct Rooms {
  Rooms(SimExecutor& executor, store::memory::Disk& disk, Events& events, net::Network& network,
        net::Resolver& resolver, QueueLimits limits, store::memory::Options options)
      : store(*store::memory::open(disk, executor, std::move(options))),
        town(executor, *store),
        mailboxes(*store, {}),
        router(town.directory, {}),
        remote({.store = *store,
                .network = network,
                .resolver = resolver,
                .events = events,
                .tls = nullptr},
               {.hosts = {.host = directory::domain_of("mx.example.org"),
                          .own = {*net::Endpoint::parse("198.51.100.25:25")}},
                .tls = TlsLevel::may,
                .limits = {}}),
        queue({.store = *store,
               .mailboxes = mailboxes,
               .router = router,
               .remote = remote,
               .events = events},
              {.host = directory::domain_of("mx.example.org"), .limits = limits}),
        worker(executor) {}

  std::unique_ptr<store::memory::MemoryStore> store;
  directory::Town<SimExecutor> town;
  mailbox::Mailboxes mailboxes;
  Router router;
  SmtpCarrier remote;
  Queue queue;
  runtime::Nursery worker;
};

// Our own address in the simulated network.
inline const net::IpAddress kHost = net::IpAddress::v4({198, 51, 100, 25});

class HouseTest : public ::testing::Test {
 protected:
  explicit HouseTest(QueueLimits l = {}) : limits(l) {
    options.slow_reads = 0;
    rooms = std::make_unique<Rooms>(executor, disk, events, network.host(kHost), resolver, limits,
                                    options);
    rooms->town.add_domain("example.org");
    for (const char* who : {"ann@example.org", "bob@example.org", "carl@example.org"})
      add_account(who);
  }
  ~HouseTest() override { end(false); }

  template <class T>
  T await(Task<T> task) {
    return directory::await(executor, std::move(task));
  }

  AccountId add_account(std::string_view address, directory::Quota quota = {}) {
    AccountId id = rooms->town.add_account(address, "", quota);
    store::Batch batch;
    rooms->mailboxes.prepare_create(batch, id, executor.wall());
    auto done = await(rooms->store->commit(std::move(batch)));
    EXPECT_TRUE(done && done->ok());
    return id;
  }
  AccountId id_of(std::string_view address) {
    return (**await(rooms->town.directory.account(directory::address(address)))).id;
  }
  void set_quota(std::string_view address, directory::Quota quota) {
    AccountId id = id_of(address);
    EXPECT_EQ(rooms->town.change([&](store::Batch& batch) {
      return rooms->town.directory.prepare_change_account(
          batch, id, {.enabled = {}, .quota = quota, .name = {}});
    }),
              true);
  }

  static Task<Result<Admitted>> admit_text(Rooms& rooms, Letter letter, std::string text) {
    wire::message::Digest digest = wire::message::digest_of(text);
    Message message;
    message.body = rooms.store->new_body();
    CO_TRY_VOID(co_await message.body->write(std::move(text)));
    CO_TRY_VOID(co_await message.body->finish());
    message.digest = std::make_shared<const std::string>(wire::message::encode(digest));
    message.delivered_to = {"loop@example.org"};
    co_return co_await rooms.queue.admit(std::move(letter), std::move(message));
  }
  Letter letter_of(std::string_view from, std::vector<std::string> to) {
    Letter letter;
    letter.id = rooms->queue.new_id(executor);
    letter.origin.received = executor.wall();
    if (!from.empty()) letter.envelope.from = directory::address(from);
    for (const std::string& each : to)
      letter.envelope.recipients.push_back({directory::address(each), each});
    return letter;
  }
  Result<Admitted> admit(std::string_view from, std::vector<std::string> to,
                         std::string subject = "hello") {
    return await(admit_text(*rooms, letter_of(from, std::move(to)),
                            "Subject: " + subject + "\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n"));
  }
  // "ann@example.org delivered, bob@example.org deferred"
  static std::string words(const Result<Admitted>& admitted) {
    if (!admitted) return describe(admitted.error());
    std::string out;
    for (const auto& one : admitted->each) {
      static constexpr const char* kKinds[] = {"delivered", "deferred", "failed"};
      out += (out.empty() ? "" : ", ") + one.destination.str() + " " +
             kKinds[static_cast<int>(one.outcome.kind)];
    }
    return out;
  }

  std::vector<std::string> inbox(std::string_view address) {
    AccountId id = id_of(address);
    auto view = await(rooms->mailboxes.open(id, mailbox::kInbox));
    std::vector<std::string> out;
    for (std::uint32_t n = 1; view && *view && n <= (*view)->count(); ++n) {
      auto email = await(rooms->mailboxes.email(id, (*view)->at(n).email));
      if (!email || !*email) return {"cannot be read"};
      std::uint64_t size = (*email)->size();
      out.push_back(*await(rooms->mailboxes.read(std::move(**email), 0, size)));
    }
    return out;
  }
  void empty_inbox(std::string_view address) {
    AccountId id = id_of(address);
    auto view = *await(rooms->mailboxes.open(id, mailbox::kInbox));
    std::vector<Uid> uids;
    for (std::uint32_t n = 1; n <= view->count(); ++n) uids.push_back(view->at(n).uid);
    EXPECT_TRUE(await(rooms->mailboxes.expunge(id, mailbox::kInbox, uids, executor.wall())));
  }

  std::size_t owed() { return rooms->queue.letters_owed(); }
  std::vector<QueuedLetter> listed() { return *await(rooms->queue.list({}, 100)); }

  void start_worker() { rooms->worker.spawn(rooms->queue.run(rooms->worker.stop())); }
  void pass(Duration time) { executor.run_for(time); }

  // The house ends, in order or by a crash; then it is there again, with its queue loaded.
  void restart(bool crash) {
    end(crash);
    disk.fail_operation(0);
    rooms = std::make_unique<Rooms>(executor, disk, events, network.host(kHost), resolver, limits,
                                    options);
    EXPECT_TRUE(await(rooms->queue.load()));
  }
  void end(bool crash) {
    if (!rooms) return;
    if (crash) {
      network.crash(kHost);
      rooms->store->crash();
    }
    rooms->worker.stop().request();
    executor.run_task(rooms->worker.join());
    rooms.reset();
  }

  SimExecutor executor{7};
  net::sim::SimNetwork network{executor};
  net::sim::SimResolver resolver{executor};
  store::memory::Disk disk{7};
  store::memory::Options options;
  QueueLimits limits;
  EventNames events;
  std::unique_ptr<Rooms> rooms;
};

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace posta::mta::testing

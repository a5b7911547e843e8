// carrier_test.h: a carrier with a letter to carry, in simulation. For the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include "mta/delivery/hosts_test.h"
#include "mta/delivery/smtp_carrier.h"
#include "net/sim/sim_resolver.h"
#include "store/memory/memory_store.h"

namespace posta::mta::testing {

using namespace std::chrono_literals;

class Names final : public Events {
 public:
  void emit(const Event& event) override { ++counts[std::string(event.name)]; }
  std::map<std::string, std::size_t> counts;
};

class Carrier : public ::testing::Test {
 protected:
  Carrier() {
    dns.add("example.net MX 10 mx1.example.net");
    dns.add("mx1.example.net A 192.0.2.1");
    letter.id = QueueId(7);
    letter.envelope.from = Address::parse("ann@example.org").value();
    write("Subject: hello\r\n\r\nbody\r\n");
    config.hosts.host = *Domain::parse("mx.example.org");
    config.hosts.own = {*net::Endpoint::parse("198.51.100.25:25")};
    make();
  }
  void make() {
    carrier.emplace(SmtpCarrier::Deps{*store, network.host(*net::IpAddress::parse("198.51.100.25")),
                                      dns, events, tls},
                    config);
  }
  template <class T>
  T await(Task<T> task) {
    std::optional<T> out;
    auto run = [](Task<T> t, std::optional<T>& to) -> Task<> { to.emplace(co_await std::move(t)); };
    executor.run_task(run(std::move(task), out));
    return std::move(*out);
  }
  void write(std::string text) {
    auto body = store->new_body();
    auto run = [](store::Store& s, std::unique_ptr<store::BodyWriter> b, std::string t,
                  store::BodyRef& ref) -> Task<bool> {
      CHECK(co_await b->write(std::move(t)));
      CHECK(co_await b->finish());
      ref = b->ref();
      store::Batch batch;
      batch.take(std::move(b));
      batch.link(ref.id, "test");
      auto done = co_await s.commit(std::move(batch));
      co_return done && done->ok();
    };
    CHECK(await(run(*store, std::move(body), std::move(text), message.body)));
  }
  // "bob: delivered 250 2.0.0 taken" for each recipient, joined by "; ".
  std::string deliver(std::vector<std::string> to = {"bob@example.net"},
                      std::shared_ptr<const RelayHost> relay = nullptr) {
    if (!pool) pool.emplace(executor, carrier->config().limits);
    RemoteRoute route{Address::parse(to[0])->domain, relay};
    RemoteJob job{letter, message, route, {}};
    for (const auto& each : to) job.recipients.push_back(*Address::parse(each));
    last = await(carrier->deliver(std::move(job), *pool, stop));
    std::string out;
    for (std::size_t i = 0; i < to.size(); ++i) {
      static constexpr const char* kKinds[] = {"delivered", "deferred", "failed"};
      const Outcome& one = last.each[i];
      out +=
          (i ? "; " : "") + std::string(kKinds[static_cast<int>(one.kind)]) + " " + one.reply.str();
    }
    return out;
  }
  void close_pool() {
    if (pool) executor.run_task(pool->close());
    pool.reset();
  }
  void TearDown() override { close_pool(); }

  SimExecutor executor{3};
  SimNetwork network{executor};
  net::sim::SimResolver dns{executor};
  store::memory::Disk disk{3};
  std::unique_ptr<store::memory::MemoryStore> store =
      *store::memory::open(disk, executor, store::memory::Options());
  Names events;
  SmtpCarrierConfig config;
  std::shared_ptr<net::TlsClient> tls;
  std::optional<SmtpCarrier> carrier;
  std::optional<SmtpPool> pool;
  runtime::Stop stop;
  Letter letter;
  StoredMessage message;
  RemoteResult last;
};

}  // namespace posta::mta::testing

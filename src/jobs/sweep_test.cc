#include "jobs/sweep.h"

#include <gtest/gtest.h>

#include "base/check.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"

namespace posta::jobs {
namespace {

using runtime::sim::SimExecutor;

struct Place {
  SimExecutor executor{5};
  store::memory::Disk disk{5};
  std::unique_ptr<store::memory::MemoryStore> store{*store::memory::open(disk, executor)};
  directory::Directory directory{*store, {}};
  mailbox::Mailboxes mailboxes{*store, {}};
  NoEvents events;
  Sweep sweep{{*store, directory, mailboxes, events}, {}};
};

Task<> deliver(Place& place, AccountId account, store::BodyRef& body) {
  auto writer = place.store->new_body();
  CHECK(co_await writer->write("Subject: a\r\n\r\nhello\r\n"));
  CHECK(co_await writer->finish());
  body = writer->ref();
  mailbox::Arrival arrival;
  arrival.body = body;
  arrival.digest = std::make_shared<const std::string>();
  auto done = co_await place.mailboxes.append(account, std::move(arrival), std::move(writer));
  CHECK(done && done->first == mailbox::AppendCode::ok);
}

Task<> expunge_all(Place& place, AccountId account) {
  auto gone =
      co_await place.mailboxes.expunge(account, mailbox::kInbox, {Uid(1)}, place.executor.wall());
  CHECK(gone && gone->size() == 1);
}

Task<> prepare(Place& place, AccountId& account, store::BodyRef& body) {
  store::Batch batch;
  directory::DomainInfo domain;
  domain.name = *Domain::parse("example.org");
  CHECK(co_await place.directory.prepare_add_domain(batch, domain));
  directory::NewAccount ann;
  ann.address = *Address::parse("ann@example.org");
  auto added = co_await place.directory.prepare_add_account(batch, std::move(ann));
  CHECK(added);
  account = *added;
  place.mailboxes.prepare_create(batch, account, place.executor.wall());
  auto committed = co_await place.store->commit(std::move(batch));
  CHECK(committed && committed->ok());
  co_await deliver(place, account, body);
  co_await expunge_all(place, account);
}

Task<> is_there(Place& place, store::BodyRef body, bool& there) {
  there = (co_await place.store->read_body(body, 0, body.size)).has_value();
}

TEST(Sweep, ExpungedMailIsKeptForTheRetentionAndThenGivenBack) {
  Place place;
  AccountId account;
  store::BodyRef body;
  bool there = false;
  place.executor.run_task(prepare(place, account, body));
  place.executor.run_task(place.sweep.once(nullptr));
  place.executor.run_task(is_there(place, body, there));
  EXPECT_TRUE(there) << "it can still be brought back";
  place.executor.jump_wall_clock(std::chrono::hours(31 * 24));
  place.executor.run_task(place.sweep.once(nullptr));
  place.executor.run_task(is_there(place, body, there));
  EXPECT_FALSE(there);
}

TEST(Sweep, RunsOnAScheduleUntilItIsStopped) {
  Place place;
  AccountId account;
  store::BodyRef body;
  bool there = true;
  place.executor.run_task(prepare(place, account, body));
  runtime::Nursery nursery(place.executor);
  nursery.spawn(place.sweep.run(nursery.stop()));
  place.executor.run_for(std::chrono::minutes(1));
  place.executor.jump_wall_clock(std::chrono::hours(31 * 24));
  place.executor.run_for(std::chrono::hours(2));
  place.executor.run_task(is_there(place, body, there));
  EXPECT_FALSE(there);
  nursery.stop().request();
  place.executor.run_task(nursery.join());
}

}  // namespace
}  // namespace posta::jobs

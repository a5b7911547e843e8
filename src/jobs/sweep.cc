#include "jobs/sweep.h"

#include "runtime/sleep.h"

namespace posta::jobs {

namespace {

void failed(Events& events, std::string_view what, const Error& error) {
  events.emit(
      {"jobs.sweep.failed", {{"what", what}, {"error", describe(error)}}, Severity::warning});
}

}  // namespace

Task<> Sweep::run(runtime::Stop& stop) {
  do {
    co_await once(&stop);
  } while (co_await runtime::sleep_for(limits_.sweep_every, &stop));
}

Task<> Sweep::once(runtime::Stop* stop) {
  auto expunged = co_await sweep_mailboxes(stop);
  if (!expunged) failed(deps_.events, "expunged mail", expunged.error());
  auto bodies = co_await deps_.store.sweep_bodies();
  if (!bodies) failed(deps_.events, "bodies", bodies.error());
  std::uint64_t count = expunged.value_or(0) + bodies.value_or(0);
  deps_.events.emit({"jobs.sweep.done",
                     {{"expunged", expunged.value_or(0)}, {"bodies", bodies.value_or(0)}},
                     count ? Severity::info : Severity::debug});
}

Task<Result<std::uint64_t>> Sweep::sweep_mailboxes(runtime::Stop* stop) {
  runtime::Executor& executor = co_await runtime::this_executor();
  WallTime before = executor.wall() - deps_.mailboxes.limits().retention;
  std::uint64_t swept = 0;
  std::string after;
  for (;;) {
    auto accounts = co_await deps_.directory.accounts(after, limits_.accounts_at_a_time);
    if (!accounts) co_return Failure(std::move(accounts).error());
    for (const auto& account : *accounts) {
      if (stop && stop->requested()) co_return swept;
      auto one = co_await deps_.mailboxes.sweep_expunged(account.id, before);
      if (!one) {
        failed(deps_.events, account.address.str(), one.error());
        continue;
      }
      swept += *one;
      co_await runtime::yield();
    }
    if (accounts->size() < limits_.accounts_at_a_time) co_return swept;
    after = accounts->back().address.str();
  }
}

}  // namespace posta::jobs

#include "mta/delivery/smtp_pool.h"

#include <algorithm>
#include <ranges>

namespace posta::mta {

SmtpPool::SmtpPool(runtime::Executor& executor, const SmtpClientLimits& limits)
    : executor_(executor), limits_(limits), tasks_(executor) {}

SmtpPool::~SmtpPool() = default;

std::unique_ptr<SmtpSession> SmtpPool::take(const std::string& destination) {
  auto found = std::ranges::find(idle_ | std::views::reverse, destination, &Idle::destination);
  if (found == idle_.rend()) return nullptr;
  auto session = std::move(found->session);
  idle_.erase(std::next(found).base());
  return session;
}

void SmtpPool::put(const std::string& destination, std::unique_ptr<SmtpSession> session) {
  idle_.push_back({destination, std::move(session), executor_.now() + limits_.idle_time});
  if (idle_.size() > limits_.idle_sessions_max) {
    dismiss(std::move(idle_.front().session));
    idle_.pop_front();
  }
  if (!std::exchange(tidying_, true)) tasks_.spawn(tidy());
}

void SmtpPool::dismiss(std::unique_ptr<SmtpSession> session) {
  // RFC 5321 §4.1.1.10: "The sender MUST NOT intentionally close the transmission channel until it
  // sends a QUIT command".
  if (!session->hears()) return;
  tasks_.spawn(quit(std::move(session)));
}

Task<> SmtpPool::quit(std::unique_ptr<SmtpSession> session) {
  runtime::Stop::Callback on_stop(&tasks_.stop(), [&session] { session->stop(Duration::zero()); });
  co_await session->quit(limits_.quit_time);
}

// Lives while there are idle sessions.
Task<> SmtpPool::tidy() {
  while (!idle_.empty()) {
    if (!co_await runtime::sleep_until(idle_.front().until, &tasks_.stop())) break;
    while (!idle_.empty() && idle_.front().until <= executor_.now()) {
      dismiss(std::move(idle_.front().session));
      idle_.pop_front();
    }
  }
  tidying_ = false;
}

Task<> SmtpPool::close() {
  for (Idle& one : idle_) one.session->stream().put("QUIT\r\n");
  for (Idle& one : idle_) {
    one.session->stop(Duration::zero());
    (void)co_await one.session->stream().flush();  // what needs no wait still goes out
  }
  idle_.clear();
  tasks_.stop().request();
  co_await tasks_.join();
}

}  // namespace posta::mta

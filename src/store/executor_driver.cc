#include "store/executor_driver.h"

namespace posta::store {

ExecutorDriver::ExecutorDriver(Committer& committer, SlowLog& log, runtime::Executor& executor,
                               Delay delay)
    : committer_(committer), log_(log), executor_(executor), delay_(std::move(delay)) {
  committer_.set_driver(this);
}

ExecutorDriver::~ExecutorDriver() {
  stop();
}

void ExecutorDriver::stop() {
  stopped_ = true;
  executor_.remove(*this);
}

void ExecutorDriver::wait(Duration delay) {
  at = executor_.now() + delay;
  executor_.add(*this);
}

void ExecutorDriver::handed_in() {
  if (stopped_ || writing_ || pending()) return;
  wait(Duration{0});
}

void ExecutorDriver::fire() {
  if (writing_) {
    writing_ = false;
    Result<> finished = log_.finish();
    committer_.end(staged_ ? std::move(finished) : std::move(staged_));
  }
  if (stopped_ || !committer_.begin()) return;
  if (!committer_.needs_write()) {
    committer_.end({});
    wait(Duration{0});
    return;
  }
  writing_ = true;
  staged_ = log_.stage(committer_.write(), committer_.needs_sync());
  wait(committer_.needs_sync() ? delay_() : Duration{0});
}

}  // namespace posta::store

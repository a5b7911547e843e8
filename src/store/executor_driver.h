// executor_driver.h: the committer as steps of one executor, with a delay for the disk.
//
// The simulator drives the committer this way: between begin() and end() of a group virtual time
// passes, others run, and a crash may come. Everything happens on the executor's thread.
#pragma once

#include "runtime/executor.h"
#include "store/committer.h"

namespace posta::store {

class ExecutorDriver final : public Driver, private runtime::Timer {
 public:
  // A log whose writes take time.
  class SlowLog {
   public:
    virtual ~SlowLog() = default;
    // The write is under way: invisible, and in a crash anybody's guess.
    virtual Result<> stage(const Log::Write& write, bool sync) = 0;
    virtual Result<> finish() = 0;
  };
  using Delay = std::function<Duration()>;  // how long the disk takes, this time

  ExecutorDriver(Committer& committer, SlowLog& log, runtime::Executor& executor, Delay delay);
  ~ExecutorDriver();

  void handed_in() override;
  // No more steps.
  void stop();

 private:
  void fire() override;
  void wait(Duration delay);

  Committer& committer_;
  SlowLog& log_;
  runtime::Executor& executor_;
  Delay delay_;
  bool writing_ = false;
  bool stopped_ = false;
  Result<> staged_;
};

}  // namespace posta::store

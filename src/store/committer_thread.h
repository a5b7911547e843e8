// committer_thread.h: the committer on a thread of its own: one group after the other, as long as
// there is something to do; asleep otherwise.
//
// Waking costs one system call, and only when the committer sleeps: while a group is written, those
// who hand in pay nothing.
#pragma once

#include <atomic>
#include <thread>

#include "store/committer.h"

namespace posta::store {

class CommitterThread final : public Driver {
 public:
  explicit CommitterThread(Committer& committer);
  // Commits what was handed in, then ends. Nobody may hand in any more.
  ~CommitterThread() override;

  void handed_in() override;

 private:
  void run();
  void sleep();

  Committer& committer_;
  std::atomic<std::uint32_t> asleep_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace posta::store

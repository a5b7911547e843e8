#include "store/committer_thread.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace posta::store {

namespace {
void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
  static_assert(sizeof(word) == 4);
  syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}
}  // namespace

CommitterThread::CommitterThread(Committer& committer) : committer_(committer) {
  committer_.set_driver(this);
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "committer");
}

CommitterThread::~CommitterThread() {
  stopping_ = true;
  handed_in();
  thread_.join();
}

void CommitterThread::handed_in() {
  if (asleep_.exchange(0) == 1) futex(asleep_, FUTEX_WAKE, 1);
}

void CommitterThread::run() {
  while (true) {
    while (committer_.step()) {
    }
    if (stopping_ && committer_.idle()) return;
    sleep();
  }
}

void CommitterThread::sleep() {
  asleep_ = 1;
  // Whoever hands in after this look finds asleep_ set; whoever did before is seen by it.
  if (!committer_.idle() || stopping_) {
    asleep_ = 0;
    return;
  }
  while (asleep_ == 1) futex(asleep_, FUTEX_WAIT, 1);
}

}  // namespace posta::store

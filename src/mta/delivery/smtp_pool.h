// smtp_pool.h: sessions that stay open for the next letter to the same destination.
//
// A session is with its letter, or idle here. It goes when it has been idle for `idle_time`, when
// there are too many (the one idle longest), and at the end. One executor.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "mta/delivery/smtp_session.h"
#include "runtime/nursery.h"
#include "runtime/sleep.h"

namespace posta::mta {

class SmtpPool {
 public:
  SmtpPool(runtime::Executor& executor, const SmtpClientLimits& limits);
  ~SmtpPool();

  // An idle session to the destination, the one used last; null: none.
  std::unique_ptr<SmtpSession> take(const std::string& destination);
  // Keeps it for the next letter.
  void put(const std::string& destination, std::unique_ptr<SmtpSession> session);
  // Every session ends here: with QUIT, if the host would hear it, and without anybody waiting for
  // the answer.
  void dismiss(std::unique_ptr<SmtpSession> session);

  // Ends everything; afterwards nothing may be put.
  Task<> close();

  std::size_t idle() const { return idle_.size(); }

 private:
  struct Idle {
    std::string destination;
    std::unique_ptr<SmtpSession> session;
    Instant until;
  };
  Task<> tidy();
  Task<> quit(std::unique_ptr<SmtpSession> session);

  runtime::Executor& executor_;
  const SmtpClientLimits& limits_;
  std::list<Idle> idle_;  // the one that came last stands last
  runtime::Nursery tasks_;
  bool tidying_ = false;
};

}  // namespace posta::mta

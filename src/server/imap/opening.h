// opening.h: the view of a mailbox that was just announced, on its way; private to cmd_select.cc
// and session.cc. What must wait for it, the next command or the session's end, calls opened().
#pragma once

#include "runtime/nursery.h"
#include "server/imap/session.h"

namespace posta::server::imap {

struct Session::Opening {
  Opening(Executor& executor, mailbox::Status s) : reading(executor), status(std::move(s)) {}

  runtime::Nursery reading;
  const mailbox::Status status;  // as it was announced
  Result<std::shared_ptr<const View>> view;
};

}  // namespace posta::server::imap

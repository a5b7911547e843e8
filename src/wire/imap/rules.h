// rules.h: the rules of the command grammar, one for each command: what follows its name.
//
// parse_command.cc has the table; the rules stand in parse_*.cc by what they speak of.
#pragma once

#include "wire/imap/command.h"
#include "wire/imap/scanner.h"

namespace posta::wire::imap {

// parse_session.cc
Result<Body> id(Scanner& in);
Result<Body> authenticate(Scanner& in);
Result<Body> login(Scanner& in);
Result<Body> enable(Scanner& in);

// parse_mailbox.cc
Result<Body> select(Scanner& in);
Result<Body> examine(Scanner& in);
Result<Body> create(Scanner& in);
Result<Body> delete_mailbox(Scanner& in);
Result<Body> rename(Scanner& in);
Result<Body> subscribe(Scanner& in);
Result<Body> unsubscribe(Scanner& in);
Result<Body> status(Scanner& in);
Result<StatusItems> status_items(Scanner& in);
Result<Body> append(Scanner& in);
Result<Body> getquota(Scanner& in);
Result<Body> getquotaroot(Scanner& in);
Result<Body> setquota(Scanner& in);

// parse_list.cc
Result<Body> list(Scanner& in);
Result<Body> lsub(Scanner& in);

// parse_message.cc; the commands that UID may stand before do not know whether it does
Result<Body> copy(Scanner& in);
Result<Body> move(Scanner& in);
Result<Body> store(Scanner& in);
Result<Body> uid_expunge(Scanner& in);

// parse_fetch.cc
Result<Body> fetch(Scanner& in);

// parse_search.cc
Result<Body> search(Scanner& in);

}  // namespace posta::wire::imap

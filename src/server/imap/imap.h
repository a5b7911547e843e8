// imap.h: the IMAP server: one session for each connection (RFC 3501).
//
// One ImapServer a loop; all of Deps but `sessions` is shared by all loops.
#pragma once

#include <memory>

#include "base/events.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "server/imap/account_seats.h"
#include "server/imap/limits.h"
#include "server/imap/news_desk.h"
#include "server/session/census.h"
#include "server/session/login.h"
#include "server/session/reception.h"
#include "server/session/sessions.h"
#include "store/store.h"

namespace posta::server {

class ImapServer final : public Service {
 public:
  struct Deps {
    store::Store& store;
    directory::Directory& directory;
    mailbox::Mailboxes& mailboxes;
    Logins& logins;
    Census& census;
    imap::AccountSeats& seats;
    Sessions& sessions;  // of this loop
    Events& events;
  };
  struct Config {
    Reception reception;
    imap::Limits limits;
  };

  ImapServer(Deps deps, Config config) : deps_(deps), desk_(deps.mailboxes, deps.sessions) {
    configure(std::move(config));
  }
  // For sessions that begin later; those that exist go on as they began. Its loop's thread.
  void configure(Config config) { config_ = std::make_shared<const Config>(std::move(config)); }

  // From the greeting to the end of the connection. Ends soon after Sessions::close().
  Task<> serve(std::unique_ptr<net::Transport> transport) override;

  const Deps& deps() const { return deps_; }
  const std::shared_ptr<const Config>& config() const { return config_; }
  imap::NewsDesk& desk() { return desk_; }

 private:
  Deps deps_;
  std::shared_ptr<const Config> config_;
  imap::NewsDesk desk_;
};

}  // namespace posta::server

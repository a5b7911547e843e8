// pop3.h: the POP3 server: one session for each connection (RFC 1939).
//
// One Pop3Server a loop; logins, mailboxes, maildrops and census are shared by all loops.
#pragma once

#include <memory>

#include "base/events.h"
#include "mailbox/mailbox.h"
#include "server/pop3/limits.h"
#include "server/pop3/maildrops.h"
#include "server/session/census.h"
#include "server/session/login.h"
#include "server/session/reception.h"
#include "server/session/sessions.h"
#include "wire/pop3/multiline.h"
#include "wire/pop3/uidl.h"

namespace posta::server {

class Pop3Server final : public Service {
 public:
  struct Deps {
    Logins& logins;
    mailbox::Mailboxes& mailboxes;
    pop3::Maildrops& maildrops;
    Census& census;
    Sessions& sessions;  // of this loop
    Events& events;
  };
  struct Config {
    Reception reception;
    pop3::Limits limits;
    wire::pop3::UidlFormat uidl;
    bool last = false;           // the old command LAST
    bool retr_sets_seen = true;  // \Seen at QUIT for what was retrieved whole
    bool exclusive = true;       // one session a maildrop: -ERR [IN-USE]
    wire::pop3::Workarounds workarounds;
  };

  Pop3Server(Deps deps, Config config) : deps_(deps) { configure(std::move(config)); }
  // For sessions that begin later; those that exist go on as they began. Its loop's thread.
  void configure(Config config) { config_ = std::make_shared<const Config>(std::move(config)); }

  // From the greeting to the end of the connection. Ends soon after Sessions::close().
  Task<> serve(std::unique_ptr<net::Transport> transport) override;

  const Deps& deps() const { return deps_; }
  const std::shared_ptr<const Config>& config() const { return config_; }

 private:
  Deps deps_;
  std::shared_ptr<const Config> config_;
};

}  // namespace posta::server

// smtp.h: the SMTP server: one session for each connection (RFC 5321).
//
// One SmtpServer a loop; intake, router and census are shared by all loops.
#pragma once

#include <memory>
#include <string>

#include "base/events.h"
#include "mta/intake/intake.h"
#include "mta/route/route.h"
#include "server/session/census.h"
#include "server/session/login.h"
#include "server/session/reception.h"
#include "server/session/sessions.h"
#include "server/smtp/limits.h"

namespace posta::server {

namespace smtp {
// Whether sessions may be typed by hand (wire/smtp/line.h): from trusted networks, or not at all.
enum class Typing { where_trusted, nowhere };
}  // namespace smtp

class SmtpServer final : public Service {
 public:
  struct Deps {
    mta::Intake& intake;
    mta::Router& router;  // for EXPN only
    Census& census;
    Sessions& sessions;  // of this loop
    Events& events;
    Logins* logins = nullptr;  // of services with AUTH
  };
  struct Config {
    Reception reception;  // banner: "ESMTP posta" unless said otherwise
    smtp::Limits limits;
    Access vrfy = Access::trusted;  // others get 252 (RFC 5321 §7.3)
    Access expn = Access::nobody;   // 502 5.5.1
    // Takes mail from our own users, and from nobody else (RFC 6409): AUTH is offered and required.
    // Without it the service takes mail from strangers for our users, and knows no AUTH.
    bool submission = false;
    bool disclose_peer = false;  // submission: Received says where the user sits
    bool tls_required = false;   // 530 5.7.0 before TLS: never where strangers bring mail
    bool strict_syntax = false;  // no tolerances in commands (wire/smtp/command.h)
    std::string help_url = "https://www.rfc-editor.org/rfc/rfc5321";
  };

  SmtpServer(Deps deps, Config config);
  // For sessions that begin later; those that exist go on as they began. Its loop's thread.
  void configure(Config config);

  // From the greeting to the end of the connection. Ends soon after Sessions::close().
  Task<> serve(std::unique_ptr<net::Transport> transport) override {
    return serve(std::move(transport), smtp::Typing::where_trusted);
  }
  // A proxy forwards what others say: nobody types there by hand.
  Task<> serve_proxied(std::unique_ptr<net::Transport> transport) override {
    return serve(std::move(transport), smtp::Typing::nowhere);
  }

  const Deps& deps() const { return deps_; }
  const std::shared_ptr<const Config>& config() const { return config_; }

 private:
  Task<> serve(std::unique_ptr<net::Transport> transport, smtp::Typing typing);

  Deps deps_;
  std::shared_ptr<const Config> config_;
};

}  // namespace posta::server

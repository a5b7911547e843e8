// smtp_carrier.h: takes letters to other hosts by SMTP.
//
// One attempt: the hosts of the destination in their order, each until it is clear what becomes of
// every recipient. A host that cannot be spoken to, breaks off, or puts a recipient off is followed
// by the next (RFC 5321 §5.1); 2yz and 5yz that a host said of a recipient stand, and of several
// 4yz the first, which is the better host's. Nothing is written here: outcomes are returned, and
// the queue settles them. So a letter is delivered at least once: if posta ends, or the wire
// breaks, between the host's 250 and the settling commit, it is sent again (RFC 5321 §6.1).
#pragma once

#include <memory>
#include <vector>

#include "base/events.h"
#include "mail/letter.h"
#include "mta/delivery/mailbox_carrier.h"
#include "mta/delivery/smtp_pool.h"
#include "mta/delivery/smtp_session.h"
#include "mta/delivery/smtp_transaction.h"
#include "mta/route/mail_hosts.h"
#include "net/dns.h"
#include "net/transport.h"

namespace posta::mta {

struct SmtpCarrierConfig {
  HostRules hosts;
  TlsLevel tls = TlsLevel::may;  // for hosts found by MX
  SmtpClientLimits limits;
};

// One letter for recipients of one destination.
struct RemoteJob {
  const Letter& letter;
  const StoredMessage& message;
  RemoteRoute route;
  std::vector<Address> recipients;
};

struct RemoteResult {
  std::vector<Outcome> each;  // of the recipients, in their order
  // No host of the destination could be spoken to, and why: other letters would fare the same.
  std::optional<Reply> unreachable;
  bool stopped = false;  // we end: what is deferred here was not tried
};

class SmtpCarrier {
 public:
  struct Deps {
    store::Store& store;
    net::Network& network;
    net::Resolver& resolver;
    Events& events;
    std::shared_ptr<net::TlsClient> tls;  // null: no TLS
  };
  SmtpCarrier(Deps deps, SmtpCarrierConfig config);

  // `pool` belongs to the executor that this runs on. The job's references outlive the task.
  Task<RemoteResult> deliver(RemoteJob job, SmtpPool& pool, runtime::Stop& stop);

  const SmtpCarrierConfig& config() const { return config_; }

 private:
  struct Attempt;
  // How a session's transactions ended, if not all is decided.
  enum class Left {
    host,   // the session broke, or the host takes nobody more for now
    stale,  // it broke before a word, as one does that the other side closed while it was idle
    full,   // the host wants another session for the rest
  };
  Task<bool> use_open_session(Attempt& attempt, SmtpPool& pool, runtime::Stop& stop);
  Task<> try_hosts(Attempt& attempt, SmtpPool& pool, runtime::Stop& stop);
  // True: the attempt is over.
  Task<bool> try_host(Attempt& attempt, const MailHost& host, SmtpPool& pool, runtime::Stop& stop);
  Task<Opened> open(const MailHost& host, const RemoteRoute& route, SmtpPool& pool,
                    runtime::Stop& stop);
  Task<Left> transactions(Attempt& attempt, std::unique_ptr<SmtpSession> session, SmtpPool& pool,
                          runtime::Stop& stop);

  Deps deps_;
  SmtpCarrierConfig config_;
  HostFinder finder_;
};

}  // namespace posta::mta

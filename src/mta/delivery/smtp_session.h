// smtp_session.h: a connection to a host that takes mail: from connect to ready for MAIL.
//
//   connect ── 220 ── EHLO (or HELO) ── [STARTTLS ── TLS ── EHLO] ── [AUTH] ──> ready
//                                                                                 │
//             smtp_transaction.h: one letter after the other  <───────────────────┘
//
// RFC 5321 §3.1, §3.2, RFC 3207, RFC 4954. Sessions belong to one executor; one task at a time.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "mail/reply.h"
#include "mta/delivery/smtp_limits.h"
#include "mta/route/mail_hosts.h"
#include "net/stream.h"
#include "net/tls.h"
#include "wire/smtp/command.h"
#include "wire/smtp/ehlo.h"
#include "wire/smtp/reply.h"

namespace posta::mta {

class SmtpPool;

// Who speaks, and how it must be done.
struct SmtpSpeaker {
  Domain host;                          // our name, for EHLO
  std::shared_ptr<net::TlsClient> tls;  // null: no TLS
  TlsLevel level = TlsLevel::may;       // for hosts found by MX
  const SmtpClientLimits* limits = nullptr;
};

constexpr int kClosing = 421;  // RFC 5321 §3.8

// Why there is no session with a host.
struct NoSession {
  Reply reply;
  enum class Then {
    next_host,    // another host may do better
    without_tls,  // TLS failed and is not demanded: the same host in clear
    never,        // this host takes no mail at all (RFC 7504): final, if no other does
    comes_back,   // it is we: mail would go in circles
    stopped,      // we end
  } then = Then::next_host;
};

class SmtpSession {
 public:
  SmtpSession(runtime::Executor& executor, std::unique_ptr<net::Transport> transport, MailHost host)
      : stream_(executor, std::move(transport)), host_(std::move(host)) {}

  // Sends what was put, and reads the next reply.
  Task<Result<Reply>> read_reply(Duration timeout);
  Task<Result<Reply>> ask(const wire::smtp::Command& command, Duration timeout);
  void put(const wire::smtp::Command& command);
  // What the host has said unasked, or that it is gone; nothing: it is quiet, as it must be when a
  // transaction begins. Does not wait.
  std::optional<Outcome> unasked(const SmtpClientLimits& limits);
  // A polite end; waits for the reply a little. The pool sees to it (SmtpPool::dismiss).
  Task<> quit(Duration timeout);

  // The owner wants to end: at once, or, while the reply to a whole message is awaited, after
  // `grace`.
  void stop(Duration grace);
  void set_critical(bool critical) { critical_ = critical; }

  // False: a command would not be heard as one. The wire is broken, or the host waits for a
  // message.
  bool hears() const { return hears_; }
  void set_hears(bool hears) { hears_ = hears; }

  net::Stream& stream() { return stream_; }
  const MailHost& host() const { return host_; }
  std::string host_text() const { return host_.name + "[" + host_.endpoint.ip.str() + "]"; }
  const wire::smtp::Capabilities& offered() const { return offered_; }
  const std::string& tls() const { return tls_; }  // "TLSv1.3 verified"; empty: in clear
  const net::TlsInfo& tls_info() const { return tls_info_; }
  std::size_t letters = 0;  // transactions begun

 private:
  friend class SmtpOpening;
  Task<Result<Reply>> next_reply(Duration timeout);

  net::Stream stream_;
  MailHost host_;
  wire::smtp::ReplyReader replies_;
  wire::smtp::Capabilities offered_;
  std::string tls_;
  net::TlsInfo tls_info_;
  bool hears_ = true;
  bool critical_ = false;
  bool stopping_ = false;
  Instant stop_at_ = Instant::max();
};

using Opened = std::expected<std::unique_ptr<SmtpSession>, NoSession>;

// A session ready for MAIL. `relay`: how the relay host wants it; null: a host found by MX.
// `in_clear`: STARTTLS is left alone. A host that is not to be used hears a QUIT from `pool`.
Task<Opened> open_session(net::Network& network, SmtpSpeaker speaker, MailHost host,
                          std::shared_ptr<const RelayHost> relay, bool in_clear, SmtpPool& pool,
                          runtime::Stop& stop);

// What a broken session is to its recipients: 4.4.2, 4.5.0 for a peer that speaks no SMTP.
Reply broken_reply(const Error& error, const std::string& host, std::string_view doing);

// What we say ourselves, of a host or not; and what the host of a session says.
Outcome our_outcome(Reply reply);
Outcome host_outcome(const SmtpSession& session, Reply reply, const SmtpClientLimits& limits);

// A remote reply as it is kept: printable, cut, and with no word that the host did not say. A
// status that contradicts the code is none (RFC 3463 §2: the class says what the code says).
Reply kept_reply(Reply reply, const SmtpClientLimits& limits);

}  // namespace posta::mta

// smtp_opening.cc: from a host's address to a session ready for MAIL.

#include <fmt/format.h>

#include "base/text.h"
#include "mta/delivery/smtp_auth.h"
#include "mta/delivery/smtp_pool.h"
#include "mta/delivery/smtp_session.h"

namespace posta::mta {

namespace smtp = wire::smtp;

namespace {

using Then = NoSession::Then;

constexpr int kNoMailHere[] = {521, 556};  // RFC 7504 §3, §4

NoSession broken(const Error& error, const std::string& host, std::string_view doing) {
  return {broken_reply(error, host, doing),
          error.is(Error::Kind::cancelled) ? Then::stopped : Then::next_host};
}

}  // namespace

class SmtpOpening {
 public:
  SmtpOpening(SmtpSession& session, const SmtpSpeaker& speaker, const RelayHost* relay,
              bool in_clear)
      : session_(session),
        speaker_(speaker),
        limits_(*speaker.limits),
        relay_(relay),
        level_(in_clear ? TlsLevel::none
               : relay  ? relay->tls
                        : speaker.level) {}

  using Done = std::expected<void, NoSession>;
  Task<Done> run();

 private:
  bool demanded() const { return level_ == TlsLevel::encrypt || level_ == TlsLevel::verify; }
  std::string host() const { return session_.host_text(); }
  // Whether the name of the host is what a forged MX record may have said.
  bool unproved() const { return relay_ && !session_.host_.secure; }
  std::string name_to_prove() const;
  std::string why_not(const Error& error) const;
  Task<Done> greeting();
  Task<Done> hello();
  Task<Done> start_tls();
  Task<Done> handshake();
  Task<Done> authenticate();
  std::unexpected<NoSession> refused(Reply reply, std::string_view what, Then then) const;

  SmtpSession& session_;
  const SmtpSpeaker& speaker_;
  const SmtpClientLimits& limits_;
  const RelayHost* relay_;
  TlsLevel level_;
};

std::unexpected<NoSession> SmtpOpening::refused(Reply reply, std::string_view what,
                                                Then then) const {
  reply = kept_reply(std::move(reply), limits_);
  reply.text = fmt::format("{} refused {}: {}", host(), what, reply.text);
  return std::unexpected(NoSession{std::move(reply), then});
}

// RFC 5321 §3.1: 220, or 554 from a host that will not serve us; another may.
Task<SmtpOpening::Done> SmtpOpening::greeting() {
  auto reply = co_await session_.read_reply(limits_.greeting_time);
  if (!reply) co_return std::unexpected(broken(reply.error(), host(), "greeting"));
  if (!reply->positive()) {
    bool never = std::ranges::find(kNoMailHere, reply->code) != std::end(kNoMailHere);
    co_return refused(*std::move(reply), "the connection", never ? Then::never : Then::next_host);
  }
  // A host that calls itself by our name is we, by some way around (a port forwarded, an address
  // translated). Whoever configured a relay host knows better.
  std::string name = to_lower(reply->text.substr(0, reply->text.find(' ')));
  if (!relay_ && !speaker_.host.empty() && name == speaker_.host.str())
    co_return std::unexpected(
        NoSession{{554, {5, 4, 6}, host() + " greets with our own name: mail would come back"},
                  Then::comes_back});
  co_return Done();
}

// RFC 5321 §4.1.1.1; §3.2: "servers MUST support the original HELO", so it is what is left when
// EHLO is not known.
Task<SmtpOpening::Done> SmtpOpening::hello() {
  session_.offered_ = {};
  auto reply = co_await session_.ask(smtp::Ehlo{speaker_.host.str()}, limits_.hello_time);
  if (!reply) co_return std::unexpected(broken(reply.error(), host(), "answering EHLO"));
  if (reply->positive()) {
    session_.offered_ = smtp::parse_ehlo_reply(*reply).offered;
    co_return Done();
  }
  if (!reply->permanent()) co_return refused(*std::move(reply), "EHLO", Then::next_host);
  reply = co_await session_.ask(smtp::Helo{speaker_.host.str()}, limits_.hello_time);
  if (!reply) co_return std::unexpected(broken(reply.error(), host(), "answering HELO"));
  if (!reply->positive()) co_return refused(*std::move(reply), "HELO", Then::next_host);
  co_return Done();
}

// RFC 4954 §14: "The client MUST NOT use any form of the server hostname derived from an insecure
// remote source". So a relay host is known by the name in the configuration, and by the one in an
// MX record only where DNSSEC proved it. Hosts that take a recipient's mail have no other name.
std::string SmtpOpening::name_to_prove() const {
  return level_ == TlsLevel::verify && unproved() ? relay_->host : session_.host_.name;
}

std::string SmtpOpening::why_not(const Error& error) const {
  std::string out = fmt::format("TLS with {} failed: {}", host(), error.what);
  if (!error.is(Error::Kind::denied) || !unproved()) return out;
  return out + fmt::format(
                   "; an MX record without DNSSEC named this host, so its certificate must be for "
                   "{}: ask the provider for the name of its host, and write it in brackets: "
                   "relayhost = \"[host]:{}\"",
                   relay_->host, relay_->port);
}

Task<SmtpOpening::Done> SmtpOpening::handshake() {
  net::TlsPeer peer{name_to_prove(), level_ == TlsLevel::verify};
  auto info = co_await net::connect_tls(session_.stream_, speaker_.tls, peer, limits_.tls_time);
  if (!info) {
    session_.set_hears(false);
    if (info.error().is(Error::Kind::cancelled))
      co_return std::unexpected(broken(info.error(), host(), "starting TLS"));
    Reply reply{454, {4, 7, 5}, why_not(info.error())};
    co_return std::unexpected(
        NoSession{std::move(reply), demanded() ? Then::next_host : Then::without_tls});
  }
  session_.tls_ = info->version + (info->verified ? " verified" : " unverified");
  session_.tls_info_ = *std::move(info);
  co_return Done();
}

Task<SmtpOpening::Done> SmtpOpening::start_tls() {
  if (level_ == TlsLevel::none || !session_.tls_.empty()) co_return Done();
  if (!speaker_.tls || !session_.offered_.starttls) {
    if (!demanded()) co_return Done();
    co_return std::unexpected(NoSession{
        {451, {4, 7, 4}, host() + " does not offer TLS, and it is demanded"}, Then::next_host});
  }
  auto reply = co_await session_.ask(smtp::StartTls{}, limits_.hello_time);
  if (!reply) co_return std::unexpected(broken(reply.error(), host(), "answering STARTTLS"));
  if (!reply->positive()) {
    if (!demanded()) co_return Done();  // RFC 3207 §4: the session goes on in clear
    co_return refused(*std::move(reply), "STARTTLS", Then::next_host);
  }
  // RFC 3207 §4.2: nothing that came in clear after the reply may be taken for what comes in TLS.
  session_.stream_.consume(session_.stream_.input().size());
  auto done = co_await handshake();
  if (!done) co_return done;
  co_return co_await hello();  // RFC 3207 §4.2: "SHOULD send an EHLO command as the first command"
}

Task<SmtpOpening::Done> SmtpOpening::authenticate() {
  if (!relay_ || relay_->user.empty()) co_return Done();
  auto done = co_await smtp_auth(session_, *relay_, limits_.auth_time);
  if (done) co_return Done();
  co_return std::unexpected(
      NoSession{kept_reply(std::move(done).error(), limits_),
                session_.stream_.interrupted() ? Then::stopped : Then::next_host});
}

Task<SmtpOpening::Done> SmtpOpening::run() {
  if (relay_ && relay_->implicit_tls) {
    if (!speaker_.tls)
      co_return std::unexpected(
          NoSession{{451, {4, 7, 4}, "TLS is demanded and is switched off here"}});
    if (auto done = co_await handshake(); !done) co_return done;
  }
  if (auto done = co_await greeting(); !done) co_return done;
  if (auto done = co_await hello(); !done) co_return done;
  if (auto done = co_await start_tls(); !done) co_return done;
  co_return co_await authenticate();
}

Task<Opened> open_session(net::Network& network, SmtpSpeaker speaker, MailHost host,
                          std::shared_ptr<const RelayHost> relay, bool in_clear, SmtpPool& pool,
                          runtime::Stop& stop) {
  runtime::Executor& executor = co_await runtime::this_executor();
  auto transport = co_await network.connect(host.endpoint, speaker.limits->connect_time, &stop);
  if (!transport)
    co_return std::unexpected(
        NoSession{{451, {4, 4, 1}, host.name + ": " + transport.error().what},
                  transport.error().is(Error::Kind::cancelled) ? Then::stopped : Then::next_host});
  auto session = std::make_unique<SmtpSession>(executor, *std::move(transport), std::move(host));
  runtime::Stop::Callback on_stop(&stop, [&session] {
    if (session) session->stop(Duration::zero());
  });
  SmtpOpening opening(*session, speaker, relay.get(), in_clear);
  auto done = co_await opening.run();
  if (done) co_return session;
  pool.dismiss(std::move(session));
  co_return std::unexpected(std::move(done).error());
}

}  // namespace posta::mta

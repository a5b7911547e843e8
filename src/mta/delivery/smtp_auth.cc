#include "mta/delivery/smtp_auth.h"

#include <fmt/format.h>

#include "base/codec.h"
#include "runtime/worker.h"
#include "wire/sasl/client.h"

namespace posta::mta {

namespace smtp = wire::smtp;
namespace sasl = wire::sasl;

namespace {

constexpr std::size_t kNonceOctets = 18;  // RFC 5802 §5.1: unpredictable
constexpr int kStepsMax = 8;              // challenges; no mechanism of ours has more than three

std::string new_nonce(runtime::Executor& executor) {
  std::array<unsigned char, kNonceOctets> octets{};
  executor.fill_random(octets);
  return base64_encode({reinterpret_cast<const char*>(octets.data()), octets.size()});
}

Reply trouble(std::string text) {
  return {454, {4, 7, 0}, std::move(text)};
}

// RFC 4954 §4: "*" gives up; the server answers 501.
Task<Reply> cancel(SmtpSession& session, Duration timeout, std::string why) {
  session.stream().put("*\r\n");
  (void)co_await session.read_reply(timeout);
  co_return trouble(session.host_text() + ": " + why);
}

}  // namespace

Task<std::expected<void, Reply>> smtp_auth(SmtpSession& session, const RelayHost& relay,
                                           Duration timeout) {
  runtime::Executor& executor = co_await runtime::this_executor();
  const std::string host = session.host_text();
  const auto& offered = session.offered().auth;
  const net::TlsInfo& tls = session.tls_info();
  sasl::ClientOptions options;
  options.bindings = {.exporter = tls.exporter, .server_end_point = tls.server_end_point};
  options.plus_offered = sasl::offers_binding(offered);
  options.nonce = new_nonce(executor);
  bool clear = !session.tls().empty() || session.host().endpoint.ip.is_loopback();
  auto mechanism = sasl::choose(offered, options.bindings, clear);
  if (!mechanism)
    co_return std::unexpected(trouble(host + " offers no way to log in that can be used here"));
  auto exchange =
      sasl::begin_client(*mechanism, {.user = relay.user, .password = relay.password}, options);
  std::string name(sasl::info(*mechanism).name);
  auto reply = co_await session.ask(smtp::Auth{name, exchange->initial()}, timeout);
  for (int step = 0; reply && reply->intermediate(); ++step) {
    auto challenge = base64_decode(reply->text);
    if (!challenge || step == kStepsMax)
      co_return std::unexpected(
          co_await cancel(session, timeout, "a challenge that is none, for " + name));
    auto response = co_await runtime::on_worker(
        [&exchange, &challenge] { return exchange->respond(*challenge); });
    if (!response || !*response) {
      const Error& error = response ? response->error() : response.error();
      co_return std::unexpected(co_await cancel(session, timeout, error.what));
    }
    session.stream().put(base64_encode(**response) + "\r\n");
    reply = co_await session.read_reply(timeout);
  }
  if (!reply) co_return std::unexpected(broken_reply(reply.error(), host, "logging in"));
  if (!reply->positive()) {
    reply->text = fmt::format("{} refused the login of {}: {}", host, relay.user, reply->text);
    co_return std::unexpected(*std::move(reply));
  }
  // RFC 5802 §5: a server that knows no key of ours can say yes too, but cannot prove itself.
  if (!exchange->satisfied())
    co_return std::unexpected(trouble(host + " said yes and has not proved itself"));
  co_return std::expected<void, Reply>();
}

}  // namespace posta::mta

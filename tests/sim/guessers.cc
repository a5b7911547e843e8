// guessers.cc: strangers who come from outside and in clear with what is the right password. Law 4
// (house D7.4): no password crosses before TLS; so nothing may invite it, and nothing may take it.
#include "base/codec.h"
#include "runtime/sleep.h"
#include "sim/workloads.h"

namespace posta::sim {

namespace {

using namespace std::string_literals;

// What one stranger says, and where. The reply to a line that carries a password, or asks how to.
struct Guess {
  bool smtp = false;  // else POP3
  std::vector<std::string> lines;
};

std::vector<Guess> guesses(const std::string& password) {
  const std::string plain = base64_encode("\0ann@example.org\0"s + password);
  return {
      {false, {"USER ann@example.org", "PASS " + password, "STAT"}},
      {false, {"CAPA", "AUTH PLAIN " + plain, "STAT"}},
      {false, {"AUTH", "AUTH LOGIN", "AUTH SCRAM-SHA-256"}},
      {true, {"EHLO stranger.example.net", "AUTH PLAIN " + plain, "MAIL FROM:<ann@example.org>"}},
      {true, {"EHLO stranger.example.net", "AUTH LOGIN", "AUTH PLAIN", "AUTH SCRAM-SHA-1"}},
  };
}

// All lines of a reply; those of CAPA end with a dot.
Task<Result<std::string>> whole_reply(Peer& peer, bool smtp, bool list) {
  std::string reply;
  for (;;) {
    CO_TRY(std::string line, co_await peer.line());
    reply += line + "\n";
    if (smtp ? line.size() < 4 || line[3] != '-' : !list || line == "." || line[0] == '-')
      co_return reply;
  }
}

bool lets_in(std::string_view reply) {
  return reply.starts_with("+") || reply.starts_with("235") || reply.starts_with("334") ||
         reply.starts_with("250 2.1.0");
}

}  // namespace

Task<> Workloads::guess_passwords(Stop& stop) {
  while (!stop.requested()) {
    const auto all = guesses(ledger_.passwords["ann@example.org"].back());
    const Guess& guess = all[random_.below(all.size())];
    auto peer =
        co_await Peer::dial(world_.network().host(*net::IpAddress::parse(kStranger)),
                            guess.smtp ? world_.submission_endpoint() : world_.pop3_endpoint());
    if (peer && co_await whole_reply(**peer, guess.smtp, false)) {
      for (const std::string& line : guess.lines) {
        const bool list = line == "CAPA";
        if (!co_await (*peer)->say(line + "\r\n")) break;
        auto reply = co_await whole_reply(**peer, guess.smtp, list);
        if (!reply) break;
        const bool asks = list || line.starts_with("EHLO");
        if (asks &&
            (reply->find("AUTH ") != std::string::npos || reply->find("SASL") != std::string::npos))
          complain("a login in clear was offered outside: " + *reply);
        if (!asks && lets_in(*reply))
          complain("a password in clear was asked for or taken from outside: " + *reply);
        told("passwords refused");
      }
    }
    co_await runtime::sleep_for(std::chrono::seconds(10 + random_.below(20)), &stop);
  }
}

}  // namespace posta::sim

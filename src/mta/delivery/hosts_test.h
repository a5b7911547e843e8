// hosts_test.h: simulated hosts that take mail by a script, for the tests of carrier and queue.
//
//   Host host(executor, network, "192.0.2.1");
//   host.say("RCPT TO:<bob@", "550 5.1.1 no bob");     the longest prefix of the line counts
//   host.cut_at("DATA");                               the connection ends instead of a reply
//   ... host.lines(), host.messages()                  what came
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "net/sim/peer.h"
#include "net/sim/sim_network.h"
#include "net/tls.h"
#include "runtime/nursery.h"
#include "runtime/sleep.h"

namespace posta::mta::testing {

using net::sim::Peer;
using net::sim::SimNetwork;
using runtime::Task;
using runtime::sim::SimExecutor;

class Host {
 public:
  Host(SimExecutor& executor, SimNetwork& network, std::string_view address,
       std::uint16_t port = 25)
      : executor_(executor),
        network_(network),
        ip_(*net::IpAddress::parse(address)),
        sessions_(executor) {
    auto listener = network.host(ip_).listen(executor, {ip_, port});
    CHECK(listener);
    listener_ = std::move(*listener);
    sessions_.spawn(listen());
  }
  ~Host() {
    sessions_.stop().request();
    network_.crash(ip_);
    executor_.run_task(sessions_.join());
  }

  // `key`: "" the greeting, "." the end of the message, else the beginning of a line.
  void say(std::string key, std::string reply) { replies_[std::move(key)] = std::move(reply); }
  void say_once(std::string key, std::string reply) { once_[std::move(key)] = std::move(reply); }
  // The connection ends when this has come, without a reply. "body": amid the message.
  void cut_at(std::string key) { cuts_.insert(std::move(key)); }
  void never_answer(std::string key) { silent_.insert(std::move(key)); }
  // Offers STARTTLS, or (implicit) speaks TLS from the first octet.
  void use_tls(std::shared_ptr<net::TlsServer> tls, bool implicit = false) {
    tls_ = std::move(tls);
    implicit_ = implicit;
  }
  void close_when_idle() { hang_up_ = true; }  // after each message

  const std::vector<std::string>& lines() const { return lines_; }
  const std::vector<std::string>& messages() const { return messages_; }
  const std::string& unfinished() const { return unfinished_; }  // of a message without its end
  std::size_t connections() const { return connections_; }
  std::size_t count(std::string_view beginning) const {
    std::size_t out = 0;
    for (const auto& line : lines_) out += line.starts_with(beginning);
    return out;
  }
  // Which line, from 0, in all that came; npos: none.
  std::size_t find(std::string_view beginning) const {
    for (std::size_t i = 0; i < lines_.size(); ++i)
      if (lines_[i].starts_with(beginning)) return i;
    return std::string::npos;
  }

 private:
  Task<> listen() {
    for (;;) {
      auto transport = co_await listener_->accept(&sessions_.stop());
      if (!transport) co_return;
      ++connections_;
      sessions_.spawn(serve(std::move(*transport)));
    }
  }
  Task<> serve(std::unique_ptr<net::Transport> transport) {
    Peer peer(std::make_unique<net::Stream>(executor_, std::move(transport)));
    runtime::Stop::Callback on_stop(&sessions_.stop(), [&peer] { peer.stream().interrupt(); });
    peer.stream().set_timeout(std::chrono::hours(24));
    if (implicit_ && !co_await net::accept_tls(peer.stream(), tls_, std::chrono::minutes(1)))
      co_return;
    (void)co_await talk(peer, implicit_);
  }

  std::string reply_to(const std::string& line, std::string fallback) {
    for (auto* known : {&once_, &replies_}) {
      const std::string* best = nullptr;
      for (const auto& [key, reply] : *known) {
        bool match = key.empty() || key == "." ? line == key : line.starts_with(key);
        if (match && (!best || key.size() > best->size())) best = &key;
      }
      if (!best) continue;
      std::string reply = known->at(*best);
      if (known == &once_) once_.erase(std::string(*best));
      return reply;
    }
    return fallback;
  }
  bool is(const std::set<std::string>& keys, const std::string& line) const {
    for (const auto& key : keys)
      if (key.empty() || key == "." ? line == key : line.starts_with(key)) return true;
    return false;
  }
  // Says the reply, and which it was; an error: the session ends here.
  Task<Result<std::string>> answer(Peer& peer, std::string line, std::string fallback) {
    if (is(cuts_, line)) co_return fail(Error::Kind::closed, "cut");
    if (is(silent_, line)) co_await runtime::sleep_for(std::chrono::hours(24), &sessions_.stop());
    std::string reply = reply_to(line, std::move(fallback));
    CO_TRY_VOID(co_await peer.say(reply + "\r\n"));
    co_return reply;
  }
  Task<Result<>> talk(Peer& peer, bool secure) {
    CO_TRY_VOID(co_await answer(peer, "", "220 mx.example.net ESMTP"));
    std::size_t accepted = 0;  // recipients
    for (;;) {
      CO_TRY(std::string line, co_await peer.line());
      lines_.push_back(line);
      std::string fallback = "250 2.0.0 ok";
      if (line.starts_with("EHLO"))
        fallback = std::string(tls_ && !secure ? "250-mx.example.net\r\n250-STARTTLS\r\n"
                                               : "250-mx.example.net\r\n") +
                   "250-PIPELINING\r\n250-SIZE 10000000\r\n"
                   "250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES";
      if (line.starts_with("DATA"))
        fallback = accepted > 0 ? "354 go on" : "554 5.5.1 no valid recipients";
      if (line.starts_with("STARTTLS")) fallback = "220 2.0.0 go on";
      if (line.starts_with("QUIT")) fallback = "221 2.0.0 bye";
      CO_TRY(std::string reply, co_await answer(peer, line, fallback));
      if (line.starts_with("MAIL")) accepted = 0;
      if (line.starts_with("RCPT") && reply.starts_with('2')) ++accepted;
      if (line.starts_with("QUIT")) co_return Result<>();
      if (line == "STARTTLS" && reply.starts_with("220") && tls_) {
        CO_TRY_VOID(co_await net::accept_tls(peer.stream(), tls_, std::chrono::minutes(1)));
        secure = true;
      }
      if (!line.starts_with("DATA") || !reply.starts_with("3")) continue;
      if (cuts_.contains("body")) {
        CO_TRY_VOID(co_await peer.octets(10));
        co_return Result<>();
      }
      CO_TRY(std::string message, co_await content(peer));
      messages_.push_back(std::move(message));
      CO_TRY_VOID(co_await answer(peer, ".", "250 2.0.0 taken"));
      if (hang_up_) co_return Result<>();
    }
  }
  Task<Result<std::string>> content(Peer& peer) {
    for (unfinished_.clear();;) {
      CO_TRY(std::string line, co_await peer.until("\n"));
      if (line == ".\r\n") co_return std::exchange(unfinished_, {});
      unfinished_ += line;
    }
  }

  SimExecutor& executor_;
  SimNetwork& network_;
  net::IpAddress ip_;
  runtime::Nursery sessions_;
  std::unique_ptr<net::Listener> listener_;
  std::map<std::string, std::string> replies_, once_;
  std::set<std::string> cuts_, silent_;
  std::shared_ptr<net::TlsServer> tls_;
  bool implicit_ = false;
  bool hang_up_ = false;
  std::vector<std::string> lines_, messages_;
  std::string unfinished_;
  std::size_t connections_ = 0;
};

}  // namespace posta::mta::testing

// real_stage.h: a program that listens on this machine as the stage of a dialogue.
//
// What came into a mailbox is looked at as its owner would: by POP3.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "dialogs/runner.h"
#include "net/asio/network.h"

namespace posta::dialogs {

class RealStage final : public Stage {
 public:
  struct Server {
    std::map<std::string, net::Endpoint> services;  // "mx", "pop3", "pop3s"
    std::map<std::string, std::string> passwords;   // by address
  };
  explicit RealStage(Server server);

  // Empties the mailboxes, so that what a dialogue finds there is its own.
  Task<Result<>> begin();

  Task<Result<std::unique_ptr<net::Transport>>> connect(std::string server,
                                                        std::string peer) override;
  Task<Result<std::vector<std::string>>> mailbox(std::string address) override;
  Task<Result<>> directive(Step step) override;
  std::shared_ptr<net::TlsClient> tls() override { return tls_; }
  Duration patience() const override { return std::chrono::seconds(20); }

 private:
  // All messages of the account; with `remove` they are gone afterwards.
  Task<Result<std::vector<std::string>>> fetch(std::string address, bool remove);

  Server server_;
  std::shared_ptr<net::TlsClient> tls_;
  net::asio::AsioNetwork network_;
};

}  // namespace posta::dialogs

// runner.h: plays a dialogue against a server, in the simulator or on real ports.
//
// The runner is the client. What it stands on is a Stage: the simulated house (sim_stage.h) or a
// program that listens (run_real.cc).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "dialogs/dialog.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/transport.h"

namespace posta::dialogs {

using runtime::Task;

class Stage {
 public:
  virtual ~Stage() = default;

  // Connects to the server of that name. `peer` is where the client is; empty: anywhere.
  virtual Task<Result<std::unique_ptr<net::Transport>>> connect(std::string server,
                                                                std::string peer) = 0;
  // Messages that have come into the account's INBOX since the dialogue began.
  virtual Task<Result<std::vector<std::string>>> mailbox(std::string address) = 0;
  // Any other directive that this stage knows. An Error says why the claim does not hold.
  virtual Task<Result<>> directive(Step step) = 0;
  // What clients speak TLS with. They look at no certificate.
  virtual std::shared_ptr<net::TlsClient> tls() = 0;
  // How long the runner waits for something expected.
  virtual Duration patience() const = 0;
};

class Runner {
 public:
  // Both outlive the runner.
  Runner(const Dialog& dialog, Stage& stage) : dialog_(dialog), stage_(stage) {}

  // Nothing wrong, or "line 7: expected 250*, got 550 ...".
  Task<Result<>> run();

 private:
  struct Connection {
    std::unique_ptr<net::Stream> stream;
    std::string server;
    std::string reply;  // the last one read
    net::TlsInfo tls;   // of its handshake
  };

  Task<Result<>> step(const Step& step);
  Task<Result<>> directive(const Step& step);
  Task<Result<>> begin_tls(Connection& connection);
  Task<Result<>> expect_no_tls(const Step& step);
  Task<Result<>> auth(const Step& step);
  Task<Result<>> letter(std::string to, std::size_t lines);
  Task<Result<>> expect(const Step& step);
  Task<Result<>> expect_end(const Step& step);
  Task<Result<Connection*>> connection();
  Task<Result<std::string>> read_line(Connection& connection);
  Task<Result<std::string>> read_reply(Connection& connection);
  Task<Result<std::string>> read_to_dot(Connection& connection);
  Task<Result<std::string>> read_to_line(Connection& connection, std::string glob);
  Result<> look_at_lines(const Step& step);
  Failure wrong(const Step& step, std::string what) const;

  const Dialog& dialog_;
  Stage& stage_;
  std::map<std::string, Connection> connections_;
  std::string current_ = "a";
  std::string server_ = "mx";
  std::string peer_;
};

}  // namespace posta::dialogs

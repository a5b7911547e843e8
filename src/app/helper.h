// helper.h: the privileged helper: a process of few verbs, for the supervisor at start and for the
// server afterwards.
//
//   ping                 pong
//   bind INDEX           a socket that listens where the configuration's listener INDEX says;
//                        asked again, another one that shares its connections
//   read_certificates    the private files of the configuration (keys, chains), read anew
//
// It takes a number, never a path, an address or a user: what can be asked was fixed by the
// configuration when it was forked; a new configuration gets a new helper. It ends with the end of
// its channel, and a system call that it does not need ends it too (guard/seccomp.h). System users'
// passwords (PAM), programs and Maildirs of users will be verbs here when posta has them.
#pragma once

#include "app/handed.h"
#include "app/listening.h"
#include "guard/message.h"

namespace posta::app {

// Answers until the other end of the channel is gone. `patience` ends a wait without questions;
// tests step with it.
class Helper {
 public:
  Helper(const Config& config, guard::Channel& channel) : config_(config), channel_(channel) {}
  // Error{closed}: it is over. A packet that is no message is answered `refused`.
  Result<> answer_one(std::chrono::milliseconds patience);

 private:
  Result<> answer(const guard::Message& question);
  Result<> refuse(const Error& error);

  const Config& config_;
  guard::Channel& channel_;
  std::map<std::uint32_t, net::Endpoint> bound_;  // listener: where, with the port that it got
};

// The same, seen from the other end. Blocks; one question at a time.
class HelperClient {
 public:
  explicit HelperClient(guard::Channel& channel) : channel_(channel) {}

  Result<> ping();
  Result<net::asio::Fd> bind(std::uint32_t index);
  Result<Handed> read_files();

  static constexpr std::chrono::seconds kPatience{10};

 private:
  Result<guard::Channel::Received> ask(guard::Message question, guard::Kind expected);
  guard::Channel& channel_;
};

}  // namespace posta::app

// peer.h: the other side of a dialogue, for tests in either world.
//
//   auto peer = co_await Peer::dial(network, server);
//   EXPECT_THAT(co_await (*peer)->line(), ...);
//   co_await (*peer)->say("QUIT\r\n");
//
// Says and reads what it is told, correct or not. Errors are those of Stream.
#pragma once

#include <memory>
#include <string>

#include "net/stream.h"

namespace posta::net::sim {

class Peer {
 public:
  static Task<Result<std::unique_ptr<Peer>>> dial(Network& network, Endpoint to);
  explicit Peer(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  Task<Result<>> say(std::string octets);
  Task<Result<std::string>> line();                   // without its CRLF (or LF)
  Task<Result<std::string>> until(std::string mark);  // through `mark`
  Task<Result<std::string>> octets(std::size_t count);
  Task<Result<std::string>> rest();  // until the other side ends

  Stream& stream() { return *stream_; }

 private:
  std::string take(std::size_t count);

  std::unique_ptr<Stream> stream_;
};

}  // namespace posta::net::sim

// client.h: one connection to an IMAP server, response by response.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "imap/response.h"
#include "net/stream.h"

namespace posta::imap {

using runtime::Task;

class Client {
 public:
  Client(runtime::Executor& executor, std::unique_ptr<net::Transport> transport);

  std::string next_tag() { return "t" + std::to_string(++tags_); }
  void put(std::string_view octets) { stream_.put(octets); }
  Task<Result<>> flush();

  // The next response. What is no response by the grammar is Error{syntax}, with the octets.
  Task<Result<Response>> read();
  // The same, or nothing if none has begun after `patience`.
  Task<Result<std::optional<Response>>> read_for(Duration patience);

  void end() { stream_.interrupt(); }

 private:
  // How many octets the response at the front of the input has; nothing: not all are here.
  std::optional<std::size_t> whole();
  Result<Response> take(std::size_t octets);

  net::Stream stream_;
  unsigned tags_ = 0;
};

}  // namespace posta::imap

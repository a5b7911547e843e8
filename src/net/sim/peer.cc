#include "net/sim/peer.h"

namespace posta::net::sim {

Task<Result<std::unique_ptr<Peer>>> Peer::dial(Network& network, Endpoint to) {
  Executor& executor = co_await runtime::this_executor();
  CO_TRY(auto transport, co_await network.connect(to, std::chrono::minutes(1), nullptr));
  auto stream = std::make_unique<Stream>(executor, std::move(transport));
  co_return std::make_unique<Peer>(std::move(stream));
}

std::string Peer::take(std::size_t count) {
  std::string taken(stream_->input().substr(0, count));
  stream_->consume(count);
  return taken;
}

Task<Result<>> Peer::say(std::string octets) {
  stream_->put(octets);
  co_return co_await stream_->flush();
}

Task<Result<std::string>> Peer::until(std::string mark) {
  std::size_t at;
  while ((at = stream_->input().find(mark)) == std::string_view::npos)
    CO_TRY_VOID(co_await stream_->fill());
  co_return take(at + mark.size());
}

Task<Result<std::string>> Peer::line() {
  CO_TRY(std::string line, co_await until("\n"));
  line.pop_back();
  if (line.ends_with('\r')) line.pop_back();
  co_return line;
}

Task<Result<std::string>> Peer::octets(std::size_t count) {
  while (stream_->input().size() < count) CO_TRY_VOID(co_await stream_->fill());
  co_return take(count);
}

Task<Result<std::string>> Peer::rest() {
  for (;;) {
    auto more = co_await stream_->fill();
    if (more) continue;
    if (!more.error().is(Error::Kind::closed)) co_return Failure(more.error());
    co_return take(stream_->input().size());
  }
}

}  // namespace posta::net::sim

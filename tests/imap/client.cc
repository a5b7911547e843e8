#include "imap/client.h"

#include "base/text.h"

namespace posta::imap {

namespace {
constexpr std::chrono::minutes kPatience{2};  // of a client, for what must come
}  // namespace

Client::Client(runtime::Executor& executor, std::unique_ptr<net::Transport> transport)
    : stream_(executor, std::move(transport)) {
  stream_.set_timeout(kPatience);
}

Task<Result<>> Client::flush() {
  co_return co_await stream_.flush();
}

std::optional<std::size_t> Client::whole() {
  std::string_view input = stream_.input();
  for (std::size_t at = 0;;) {
    std::size_t end = input.find("\r\n", at);
    if (end == std::string_view::npos) return std::nullopt;
    auto literal = literal_at_end(input.substr(at, end - at));
    if (!literal) return end + 2;
    at = end + 2 + *literal;
    if (at > input.size()) return std::nullopt;
  }
}

Result<Response> Client::take(std::size_t octets) {
  std::string_view text = stream_.input().substr(0, octets - 2);
  auto response = parse_response(text);
  if (!response) response.error().what += ": " + printable(text.substr(0, 300));
  stream_.consume(octets);
  return response;
}

Task<Result<Response>> Client::read() {
  for (;;) {
    if (auto octets = whole()) co_return take(*octets);
    CO_TRY_VOID(co_await stream_.fill());
  }
}

Task<Result<std::optional<Response>>> Client::read_for(Duration patience) {
  if (stream_.input().empty()) {
    stream_.set_timeout(patience);
    Result<> more = co_await stream_.fill();
    stream_.set_timeout(kPatience);
    if (!more && more.error().is(Error::Kind::timeout)) co_return std::nullopt;
    if (!more) co_return Failure(more.error());
  }
  CO_TRY(Response response, co_await read());
  co_return response;
}

}  // namespace posta::imap

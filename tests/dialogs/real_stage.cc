#include "dialogs/real_stage.h"

#include "base/check.h"
#include "base/text.h"

namespace posta::dialogs {

namespace {

// One POP3 session, as far as looking into a mailbox needs it.
class Pop3Client {
 public:
  explicit Pop3Client(net::Stream& stream) : stream_(stream) {}

  // The reply's text after "+OK".
  Task<Result<std::string>> ask(std::string command) {
    if (!command.empty()) {
      stream_.put(command + "\r\n");
      CO_TRY_VOID(co_await stream_.flush());
    }
    CO_TRY(std::string reply, co_await line());
    if (!reply.starts_with("+OK"))
      co_return fail(Error::Kind::denied, "POP3 said " + reply + " to " + command.substr(0, 4));
    co_return std::string(trim(std::string_view(reply).substr(3)));
  }

  // The lines up to the dot, unstuffed, CRLF between them.
  Task<Result<std::string>> message() {
    std::string message;
    for (;;) {
      CO_TRY(std::string next, co_await line());
      if (next == ".") co_return message;
      if (next.starts_with('.')) next.erase(0, 1);
      message += next + "\r\n";
    }
  }

 private:
  Task<Result<std::string>> line() {
    for (;;) {
      std::size_t end = stream_.input().find("\r\n");
      if (end != std::string_view::npos) {
        std::string found(stream_.input().substr(0, end));
        stream_.consume(end + 2);
        co_return found;
      }
      CO_TRY_VOID(co_await stream_.fill());
    }
  }

  net::Stream& stream_;
};

}  // namespace

RealStage::RealStage(Server server) : server_(std::move(server)) {
  auto client = net::TlsClient::create({.system_cas = false});
  CHECK(client);
  tls_ = *client;
}

Task<Result<>> RealStage::begin() {
  for (const auto& [address, password] : server_.passwords) {
    auto emptied = co_await fetch(address, true);
    if (!emptied) co_return Failure(emptied.error());
  }
  co_return Result<>();
}

Task<Result<std::unique_ptr<net::Transport>>> RealStage::connect(std::string server, std::string) {
  auto service = server_.services.find(server);
  if (service == server_.services.end())
    co_return fail(Error::Kind::not_found, "no server called " + server);
  co_return co_await network_.connect(service->second, patience(), nullptr);
}

Task<Result<std::vector<std::string>>> RealStage::mailbox(std::string address) {
  co_return co_await fetch(std::move(address), false);
}

Task<Result<std::vector<std::string>>> RealStage::fetch(std::string address, bool remove) {
  auto password = server_.passwords.find(address);
  if (password == server_.passwords.end())
    co_return fail(Error::Kind::not_found, "no password of " + address);
  CO_TRY(auto transport,
         co_await network_.connect(server_.services.at("pop3"), patience(), nullptr));
  runtime::Executor& executor = co_await runtime::this_executor();
  net::Stream stream(executor, std::move(transport));
  stream.set_timeout(patience());
  Pop3Client client(stream);
  CO_TRY_VOID(co_await client.ask(""));
  CO_TRY_VOID(co_await client.ask("USER " + address));
  CO_TRY_VOID(co_await client.ask("PASS " + password->second));
  CO_TRY(std::string stat, co_await client.ask("STAT"));
  std::size_t count = to_number<std::size_t>(stat.substr(0, stat.find(' '))).value_or(0);
  std::vector<std::string> messages;
  for (std::size_t n = 1; n <= count; ++n) {
    if (remove) {
      CO_TRY_VOID(co_await client.ask("DELE " + std::to_string(n)));
      continue;
    }
    CO_TRY_VOID(co_await client.ask("RETR " + std::to_string(n)));
    CO_TRY(std::string message, co_await client.message());
    messages.push_back(std::move(message));
  }
  CO_TRY_VOID(co_await client.ask("QUIT"));
  co_return messages;
}

// The other directives need the simulator; a dialogue that has them is not played here.
Task<Result<>> RealStage::directive(Step) {
  co_return Result<>();
}

}  // namespace posta::dialogs

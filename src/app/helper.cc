#include "app/helper.h"

#include "net/asio/network.h"

namespace posta::app {

using guard::Kind;

Result<> Helper::answer_one(std::chrono::milliseconds patience) {
  auto question = channel_.receive_within(patience);
  if (question) return answer(question->message);
  if (question.error().is(Error::Kind::syntax)) return refuse(question.error());
  return Failure(question.error());
}

// The kind goes as the number: who asked reacts to it (a port that is taken, an address that is not
// there).
Result<> Helper::refuse(const Error& error) {
  return channel_.send({Kind::refused, static_cast<std::uint32_t>(error.kind), error.what});
}

Result<> Helper::answer(const guard::Message& question) {
  switch (question.kind) {
    case Kind::ping: return channel_.send({Kind::pong, question.number, ""});
    case Kind::bind: {
      auto all = all_listeners(config_);
      if (question.number >= all.size())
        return refuse({Error::Kind::not_found, "the configuration has no such listener"});
      auto before = bound_.find(question.number);
      auto socket = before == bound_.end()
                        ? net::asio::open_listening(all[question.number].endpoint)
                        : net::asio::open_another_listening(before->second);
      if (!socket) return refuse(socket.error());
      bound_[question.number] = net::asio::local_endpoint(socket->get());
      return channel_.send({Kind::listener, question.number, ""}, socket->get());
    }
    case Kind::read_certificates: {
      auto file = guard::to_memory_file(print_handed(read_private_files(config_)));
      if (!file) return refuse(file.error());
      return channel_.send({Kind::certificates, 0, ""}, file->get());
    }
    default: return refuse({Error::Kind::denied, "the helper does not do this"});
  }
}

Result<guard::Channel::Received> HelperClient::ask(guard::Message question, Kind expected) {
  if (!channel_.open()) return fail(Error::Kind::unavailable, "there is no helper");
  TRY_VOID(channel_.send(question));
  TRY(auto answer, channel_.receive_within(kPatience));
  if (answer.message.kind == expected) return answer;
  if (answer.message.kind != Kind::refused ||
      answer.message.number > static_cast<std::uint32_t>(Error::Kind::config))
    return fail(Error::Kind::corrupt, "the helper said something else");
  return fail(static_cast<Error::Kind>(answer.message.number), answer.message.text);
}

Result<> HelperClient::ping() {
  TRY_VOID(ask({Kind::ping, 0, ""}, Kind::pong));
  return {};
}

Result<net::asio::Fd> HelperClient::bind(std::uint32_t index) {
  TRY(auto answer, ask({Kind::bind, index, ""}, Kind::listener));
  if (!answer.descriptor.valid()) return fail(Error::Kind::corrupt, "the helper sent no socket");
  return net::asio::Fd(answer.descriptor.release());
}

Result<Handed> HelperClient::read_files() {
  TRY(auto answer, ask({Kind::read_certificates, 0, ""}, Kind::certificates));
  TRY(std::string octets, guard::from_memory_file(answer.descriptor, kHandedOctetsMax));
  return parse_handed(octets);
}

}  // namespace posta::app

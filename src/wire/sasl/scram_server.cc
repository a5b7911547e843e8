#include "wire/sasl/scram_server.h"

#include "base/check.h"

namespace posta::wire::sasl {

Result<> ScramServer::take_first(std::string_view message) {
  using Flag = ClientFirst::Flag;
  auto refuse = [](std::string what) { return fail(Error::Kind::denied, std::move(what)); };
  TRY(first_, parse_client_first(message));
  bool plus = info(settings_.mechanism).binding;
  // RFC 5802 §6: flag and mechanism go together.
  if (plus && first_.flag != Flag::bound) return refuse("a -PLUS mechanism without binding");
  if (!plus && first_.flag == Flag::bound) return refuse("a binding without a -PLUS mechanism");
  // RFC 5802 §6: "If the flag is set to "y" and the server supports channel binding, the server
  // MUST fail authentication." Somebody has taken our announcement away.
  if (first_.flag == Flag::unannounced && settings_.plus_offered)
    return refuse("the announcement of channel binding did not reach the client");
  if (plus && settings_.bindings.find(first_.binding).empty())
    return refuse("no such channel binding here: " + first_.binding);
  return {};
}

std::string ScramServer::challenge(std::string_view salt, std::uint32_t iterations) {
  CHECK(!settings_.nonce.empty());
  nonce_ = first_.nonce + settings_.nonce;
  server_first_ = print(ServerFirst{nonce_, std::string(salt), iterations, {}});
  return server_first_;
}

Result<> ScramServer::take_final(std::string_view message) {
  CHECK(!server_first_.empty());
  TRY(ClientFinal last, parse_client_final(message));
  // RFC 5802 §5.1: "The server MUST verify that the nonce sent by the client in the second message
  // is the same as the one sent by the server in its first message."
  if (!equal_in_constant_time(last.nonce, nonce_))
    return fail(Error::Kind::denied, "the nonce is another one");
  std::string expected = first_.header();
  if (first_.flag == ClientFirst::Flag::bound) expected += settings_.bindings.find(first_.binding);
  if (!equal_in_constant_time(last.binding, expected))
    return fail(Error::Kind::denied, "the channel is another one");
  auth_message_ = first_.bare() + "," + server_first_ + "," + last.without_proof();
  proof_ = std::move(last.proof);
  return {};
}

bool ScramServer::proves(const ScramKeys& keys) const {
  return !proof_.empty() && sasl::proves(hash(), keys, auth_message_, proof_);
}

std::string ScramServer::verdict(const ScramKeys& keys) const {
  return print(ServerFinal{{}, server_signature(hash(), keys, auth_message_), {}});
}

}  // namespace posta::wire::sasl

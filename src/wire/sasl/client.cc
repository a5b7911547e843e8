#include "wire/sasl/client.h"

#include "base/check.h"
#include "wire/sasl/plain.h"
#include "wire/sasl/prepare.h"
#include "wire/sasl/scram.h"

namespace posta::wire::sasl {

namespace {

Failure unexpected(std::string what) {
  return fail(Error::Kind::denied, "the server's SASL answer: " + std::move(what));
}

class PlainClient final : public ClientExchange {
 public:
  explicit PlainClient(Credentials c)
      : message_(print(Plain{std::move(c.authzid), std::move(c.user), std::move(c.password)})) {}

  std::optional<std::string> initial() override {
    sent_ = true;
    return message_;
  }
  Result<std::string> respond(std::string_view challenge) override {
    if (!challenge.empty() || std::exchange(sent_, true))
      return unexpected("a challenge where PLAIN has none");
    return message_;
  }
  bool satisfied() const override { return sent_; }

 private:
  std::string message_;
  bool sent_ = false;
};

// The words of the prompts differ from server to server; their order does not.
class LoginClient final : public ClientExchange {
 public:
  explicit LoginClient(Credentials c) : credentials_(std::move(c)) {}

  std::optional<std::string> initial() override { return std::nullopt; }
  Result<std::string> respond(std::string_view) override {
    switch (answered_++) {
      case 0: return credentials_.user;
      case 1: return credentials_.password;
      default: return unexpected("a third prompt of LOGIN");
    }
  }
  bool satisfied() const override { return answered_ == 2; }

 private:
  Credentials credentials_;
  int answered_ = 0;
};

class ScramClient final : public ClientExchange {
 public:
  ScramClient(Mechanism mechanism, Credentials credentials, ClientOptions options)
      : hash_(info(mechanism).hash),
        password_(prepare_password(credentials.password)),
        options_(std::move(options)) {
    CHECK(!options_.nonce.empty());
    const Bindings& bindings = options_.bindings;
    first_.user = std::move(credentials.user);
    first_.authzid = std::move(credentials.authzid);
    first_.nonce = options_.nonce;
    if (info(mechanism).binding) {
      CHECK(bindings.any());
      first_.flag = ClientFirst::Flag::bound;
      // RFC 9266 §4.2: tls-exporter is the default for TLS 1.3.
      first_.binding = bindings.exporter.empty() ? kServerEndPoint : kExporter;
    } else if (bindings.any() && !options_.plus_offered) {
      first_.flag = ClientFirst::Flag::unannounced;
    }
  }

  std::optional<std::string> initial() override {
    step_ = Step::first_sent;
    return print(first_);
  }

  Result<std::string> respond(std::string_view challenge) override {
    switch (step_) {
      case Step::begun:  // RFC 4422 §5: an empty challenge asks for the initial response
        if (!challenge.empty()) return unexpected("a challenge before the first message");
        return *initial();
      case Step::first_sent: return prove(challenge);
      case Step::proved: return believe(challenge);
      case Step::believed: break;
    }
    return unexpected("a challenge after the end");
  }

  bool satisfied() const override { return step_ == Step::believed; }

 private:
  enum class Step : std::uint8_t { begun, first_sent, proved, believed };

  Result<std::string> prove(std::string_view challenge) {
    TRY(ServerFirst server, parse_server_first(challenge));
    // RFC 5802 §5.1: "The client MUST verify that the initial part of the nonce used in subsequent
    // messages is the same as the nonce it initially specified."
    if (!server.nonce.starts_with(first_.nonce) || server.nonce == first_.nonce)
      return unexpected("a nonce that does not begin with ours");
    if (server.iterations < options_.iterations_min || server.iterations > options_.iterations_max)
      return unexpected("an iteration count of " + std::to_string(server.iterations));
    salted_ = stretch(hash_, password_, server.salt, server.iterations);
    ClientFinal last;
    last.binding = first_.header();
    if (first_.flag == ClientFirst::Flag::bound)
      last.binding += options_.bindings.find(first_.binding);
    last.nonce = server.nonce;
    auth_message_ = first_.bare() + "," + std::string(challenge) + "," + last.without_proof();
    last.proof = client_proof(hash_, salted_, auth_message_);
    step_ = Step::proved;
    return print(last);
  }

  Result<std::string> believe(std::string_view challenge) {
    TRY(ServerFinal server, parse_server_final(challenge));
    if (!server.error.empty()) return unexpected(server.error);
    if (!equal_in_constant_time(server.signature,
                                server_signature(hash_, scram_keys(hash_, salted_), auth_message_)))
      return unexpected("a signature that does not prove the server");
    step_ = Step::believed;
    return std::string();
  }

  const Hash hash_;
  const std::string password_;
  const ClientOptions options_;
  ClientFirst first_;
  std::string salted_;
  std::string auth_message_;
  Step step_ = Step::begun;
};

}  // namespace

std::unique_ptr<ClientExchange> begin_client(Mechanism mechanism, Credentials credentials,
                                             ClientOptions options) {
  switch (mechanism) {
    case Mechanism::plain: return std::make_unique<PlainClient>(std::move(credentials));
    case Mechanism::login: return std::make_unique<LoginClient>(std::move(credentials));
    default:
      return std::make_unique<ScramClient>(mechanism, std::move(credentials), std::move(options));
  }
}

std::optional<Mechanism> choose(std::span<const std::string> offered, const Bindings& bindings,
                                bool clear) {
  for (const MechanismInfo& ours : kMechanisms) {
    if (ours.clear && !clear) continue;
    if (ours.binding && !bindings.any()) continue;
    for (const std::string& name : offered)
      if (parse_mechanism(name) == ours.mechanism) return ours.mechanism;
  }
  return std::nullopt;
}

bool offers_binding(std::span<const std::string> offered) {
  return std::ranges::any_of(offered, [](const std::string& name) {
    auto known = parse_mechanism(name);
    return known && info(*known).binding;
  });
}

}  // namespace posta::wire::sasl

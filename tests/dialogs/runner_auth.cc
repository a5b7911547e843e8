// runner_auth.cc: @auth: a whole SASL exchange, for mechanisms that no transcript can show.
#include "base/codec.h"
#include "base/text.h"
#include "dialogs/runner.h"
#include "wire/sasl/client.h"

namespace posta::dialogs {

namespace {

// The challenge in a reply of SMTP ("334 ...") or POP3 ("+ ..."); nothing: it is no challenge.
std::optional<std::string> challenge_in(std::string_view reply) {
  if (reply.starts_with("334 ")) return base64_decode(reply.substr(4));
  if (reply.starts_with("+ ")) return base64_decode(reply.substr(2));
  return std::nullopt;
}

bool is_yes(std::string_view reply) {
  return reply.starts_with("235") || reply.starts_with("+OK");
}

}  // namespace

// @auth MECHANISM GLOB USER PASSWORD: the last reply must match GLOB.
Task<Result<>> Runner::auth(const Step& step) {
  const std::vector<std::string>& args = step.arguments;
  auto mechanism = args.empty() ? std::nullopt : wire::sasl::parse_mechanism(args[0]);
  if (args.size() < 4 || !mechanism)
    co_return wrong(step, "@auth takes a mechanism, a glob, a user and a password");
  std::string password = args[3];
  for (std::size_t i = 4; i < args.size(); ++i) password += " " + args[i];
  auto to = co_await connection();
  if (!to) co_return wrong(step, describe(to.error()));
  Connection& here = **to;
  auto client =
      wire::sasl::begin_client(*mechanism, {args[2], password},
                               {.bindings = {here.tls.exporter, here.tls.server_end_point},
                                .plus_offered = here.reply.find("-PLUS") != std::string::npos,
                                .nonce = "a-nonce-of-a-dialogue",
                                .iterations_min = 1});
  auto initial = client->initial();
  std::string say = "AUTH " + args[0];
  if (initial) say += " " + (initial->empty() ? "=" : base64_encode(*initial));
  for (;;) {
    here.stream->put(say + "\r\n");
    CO_TRY_VOID(co_await here.stream->flush());
    auto reply = co_await read_reply(here);
    if (!reply) co_return wrong(step, describe(reply.error()));
    here.reply = *reply;
    auto challenge = challenge_in(*reply);
    if (!challenge) break;
    auto response = client->respond(*challenge);
    say = response ? base64_encode(*response) : "*";
  }
  if (!matches(args[1], here.reply))
    co_return wrong(step, "expected " + args[1] + ", got " + here.reply);
  if (is_yes(here.reply) && !client->satisfied())
    co_return wrong(step, "the server has not proved itself");
  co_return Result<>();
}

}  // namespace posta::dialogs

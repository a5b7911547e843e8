// parse_session.cc: who is there, and what can be done: ID, AUTHENTICATE, LOGIN, ENABLE.
#include "base/codec.h"
#include "base/text.h"
#include "wire/imap/rules.h"

namespace posta::wire::imap {

namespace {

// nstring = string / nil
Result<std::optional<std::string>> nstring(Scanner& in) {
  if (in.take_word("NIL")) return std::nullopt;
  TRY(std::string text, in.string());
  return text;
}

}  // namespace

// id_params_list = "(" #(string SP nstring) ")" / nil           RFC 2971 §4
Result<Body> id(Scanner& in) {
  Id command;
  if (in.take_word("NIL")) return command;
  TRY_VOID(parenthesised(in, true, [&](Scanner& s) -> Result<> {
    if (command.fields.size() == s.limits().id_fields_max)
      return s.too_many("fields", s.limits().id_fields_max);
    TRY(std::string name, s.string());
    TRY_VOID(s.space());
    TRY(auto value, nstring(s));
    command.fields.emplace_back(std::move(name), std::move(value));
    return {};
  }));
  return command;
}

// authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")]     RFC 4959 §7
Result<Body> authenticate(Scanner& in) {
  TRY(std::string_view mechanism, in.atom());
  Authenticate command{to_upper(mechanism), std::nullopt};
  if (!in.take_space() || in.rest().empty()) return command;
  std::size_t start = in.at();
  std::string_view initial = in.run([](char c) { return c != ' '; });
  command.initial = initial == "=" ? std::string() : base64_decode(initial);
  if (!command.initial) return in.refuse_at(start, "Not base64");
  return command;
}

// login = "LOGIN" SP userid SP password
Result<Body> login(Scanner& in) {
  Login command;
  TRY(command.user, in.astring());
  TRY_VOID(in.space());
  TRY(command.password, in.astring());
  return command;
}

// enable = "ENABLE" 1*(SP capability)                           RFC 5161 §4
Result<Body> enable(Scanner& in) {
  Enable command;
  do {
    TRY(std::string_view capability, in.atom());
    command.capabilities.push_back(to_upper(capability));
  } while (in.take_space() && !in.rest().empty());
  return command;
}

}  // namespace posta::wire::imap

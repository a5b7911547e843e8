// cmd_plain.cc: CAPABILITY, NOOP, CHECK, LOGOUT (RFC 3501 §6.1, §6.4.1), ENABLE (RFC 5161), ID
// (RFC 2971), and what is no command.

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "server/imap/events.h"
#include "server/imap/session.h"

namespace posta::server::imap {

// What is announced here is what works here and now.
std::string Session::capabilities() const {
  std::string out = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE";
  if (state_ == State::not_authenticated) {
    const Logins& logins = server_.deps().logins;
    // RFC 3501 §6.2.1: not announced once TLS is there.
    if (config().reception.tls && !tls_) out += " STARTTLS";
    if (!logins.passwords(place())) out += " LOGINDISABLED";
    for (std::string_view mechanism : logins.mechanisms(place())) {
      out += " AUTH=";
      out += mechanism;
    }
    return out;
  }
  return out +
         " IDLE NAMESPACE CHILDREN UIDPLUS MOVE UNSELECT SPECIAL-USE CREATE-SPECIAL-USE"
         " LIST-EXTENDED LIST-STATUS STATUS=SIZE ESEARCH CONDSTORE"
         " QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE";
}

Task<Reply> Session::capability(wi::Capability&) {
  untagged("CAPABILITY " + capabilities());
  co_return Reply::ok("That is all");
}

Task<Reply> Session::noop(wi::Noop&) {
  co_return Reply::ok("Nothing done");
}

// RFC 3501 §6.4.1: everything is on stable storage already.
Task<Reply> Session::check(wi::Check&) {
  co_return Reply::ok("Nothing was left to do");
}

Task<Reply> Session::logout(wi::Logout&) {
  bye("Signing off", End::logout);
  co_return Reply::ok("Goodbye");
}

// RFC 5161 §3.1: of what is not known nothing is said.
Task<Reply> Session::enable(wi::Enable& command) {
  std::string enabled;
  for (const std::string& name : command.capabilities) {
    if (name != "CONDSTORE" || enabled.contains(name)) continue;
    enable_condstore();
    enabled += ' ' + name;
  }
  untagged("ENABLED" + enabled);
  co_return Reply::ok("Enabled");
}

// RFC 2971 §3.1: what a client says of itself goes to the log and changes nothing.
Task<Reply> Session::id(wi::Id& command) {
  if (command.fields.size() > limits().id_fields_max) co_return Reply::bad("Too many fields");
  if (!command.fields.empty()) {
    std::string said;
    for (const auto& [name, value] : command.fields)
      said += fmt::format("{}{}={}", said.empty() ? "" : " ", printable(name),
                          value ? printable(*value) : "NIL");
    server_.deps().events.emit({event::kClient,
                                {{"session", id_},
                                 {"user", user_ ? user_->principal.address.str() : std::string()},
                                 {"says", said}},
                                Severity::debug});
  }
  untagged("ID (\"name\" \"posta\")");
  co_return Reply::ok("Pleased to meet you");
}

Task<Reply> Session::unknown(wi::Unknown& command) {
  co_return Reply::bad(fmt::format("{} is not spoken here", printable(command.verb)));
}

}  // namespace posta::server::imap

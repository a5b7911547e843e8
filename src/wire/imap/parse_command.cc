#include <fmt/format.h>

#include "base/text.h"
#include "wire/imap/command.h"
#include "wire/imap/rules.h"
#include "wire/imap/scanner.h"

namespace posta::wire::imap {

namespace {

constexpr std::size_t kVerbOctetsMax = 32;

template <class C>
Result<Body> plain(Scanner&) {
  return C{};
}

struct Rule {
  std::string_view verb;
  Result<Body> (*parse)(Scanner& in);
  bool has_arguments = true;
};

// Those asked most often first.
constexpr Rule kRules[] = {
    {"NOOP", plain<Noop>, false},
    {"FETCH", fetch},
    {"SELECT", select},
    {"STATUS", status},
    {"STORE", store},
    {"IDLE", plain<Idle>, false},  // RFC 2177
    {"SEARCH", search},
    {"APPEND", append},
    {"EXAMINE", examine},
    {"CAPABILITY", plain<Capability>, false},
    {"LOGIN", login},
    {"AUTHENTICATE", authenticate},
    {"LOGOUT", plain<Logout>, false},
    {"LIST", list},
    {"LSUB", lsub},
    {"COPY", copy},
    {"MOVE", move},  // RFC 6851
    {"EXPUNGE", plain<Expunge>, false},
    {"CLOSE", plain<Close>, false},
    {"UNSELECT", plain<Unselect>, false},  // RFC 3691
    {"CHECK", plain<Check>, false},
    {"ENABLE", enable},                      // RFC 5161
    {"NAMESPACE", plain<Namespace>, false},  // RFC 2342
    {"CREATE", create},
    {"DELETE", delete_mailbox},
    {"RENAME", rename},
    {"SUBSCRIBE", subscribe},
    {"UNSUBSCRIBE", unsubscribe},
    {"STARTTLS", plain<StartTls>, false},
    {"GETQUOTAROOT", getquotaroot},  // RFC 9208
    {"GETQUOTA", getquota},
    {"SETQUOTA", setquota},
    {"ID", id},  // RFC 2971
};

constexpr Rule kUidRules[] = {
    {"FETCH", fetch}, {"STORE", store}, {"SEARCH", search},
    {"COPY", copy},   {"MOVE", move},   {"EXPUNGE", uid_expunge},  // RFC 4315 §2.1
};

template <std::size_t N>
const Rule* find(const Rule (&rules)[N], std::string_view verb) {
  for (const Rule& rule : rules)
    if (equals_ignore_case(rule.verb, verb)) return &rule;
  return nullptr;
}

std::string_view word(Scanner& in) {
  return in.run([](char c) { return c != ' '; });
}

Result<Body> obey(Scanner& in, const Rule& rule) {
  if (rule.has_arguments) TRY_VOID(in.space());
  TRY(Body body, rule.parse(in));
  TRY_VOID(in.end());
  return body;
}

Body unknown(std::string_view verb) {
  return Unknown{to_upper(printable(verb.substr(0, kVerbOctetsMax))).substr(0, kVerbOctetsMax)};
}

// uid = "UID" SP (copy / fetch / search / store)
Result<Body> uid(Scanner& in) {
  TRY_VOID(in.space());
  std::string_view verb = word(in);
  const Rule* rule = find(kUidRules, verb);
  if (!rule) return unknown(fmt::format("UID {}", verb.substr(0, kVerbOctetsMax)));
  TRY(Body body, obey(in, *rule));
  std::visit(
      [](auto& command) {
        if constexpr (requires { command.by_uid; }) command.by_uid = true;
      },
      body);
  return body;
}

Result<Body> command(Scanner& in) {
  std::size_t start = in.at();
  std::string_view verb = word(in);
  if (verb.empty()) return in.refuse_at(start, "A command must follow the tag");
  if (equals_ignore_case(verb, "UID")) return uid(in);
  const Rule* rule = find(kRules, verb);
  if (!rule) return unknown(verb);
  return obey(in, *rule);
}

Refused refused(std::string_view tag, Error error, const Scanner& in) {
  bool no = error.is(Error::Kind::denied);
  return {std::string(tag), std::move(error.what), no, no ? in.code() : std::string(), error.at};
}

}  // namespace

// command = tag SP (command-any / command-auth / command-nonauth / command-select) CRLF
std::expected<Command, Refused> parse_command(std::string_view octets,
                                              const ParseOptions& options) {
  Scanner in(octets, options.limits);
  std::string_view tag = word(in);
  if (!is_tag(tag))
    return std::unexpected(Refused{"", "A command begins with a tag", false, "", 0});
  in.blanks();
  auto body = command(in);
  if (!body) return std::unexpected(refused(tag, std::move(body).error(), in));
  return Command{std::string(tag), *std::move(body)};
}

}  // namespace posta::wire::imap

#include "wire/pop3/command.h"

#include <limits>

#include <fmt/format.h>

#include "base/codec.h"
#include "base/text.h"

namespace posta::wire::pop3 {

namespace {

using Why = Refused::Why;
using Parsed = std::expected<Command, Refused>;

std::unexpected<Refused> refuse(Why why, std::size_t at, std::string words) {
  return std::unexpected(Refused{why, at, Reply::no(std::move(words))});
}

bool has_control(std::string_view text) {
  for (unsigned char c : text)
    if (c < 0x20 || c == 0x7F) return true;
  return false;
}

// One line being parsed: what is left of it after the keyword.
struct Parser {
  std::string_view line;
  std::string_view rest;
  std::string_view keyword;  // upper case, of the table

  std::size_t at() const { return static_cast<std::size_t>(rest.data() - line.data()); }

  void skip_blanks() { rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size())); }
  std::string_view take_word() {
    skip_blanks();
    std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
    rest.remove_prefix(word.size());
    return word;
  }
  bool at_end() {
    skip_blanks();
    return rest.empty();
  }

  std::expected<Number, Refused> msg();
  std::expected<std::optional<Number>, Refused> optional_msg();
  std::expected<std::uint64_t, Refused> line_count();
  std::expected<void, Refused> end();

  Parsed user();
  Parsed pass();
  Parsed apop();
  Parsed top();
  Parsed auth();
  Parsed lang();
};

std::expected<void, Refused> Parser::end() {
  if (at_end()) return {};
  return refuse(Why::extra_argument, at(), fmt::format("Too many arguments for {}", keyword));
}

// RFC 1939 §4: "The first message in the maildrop is assigned a message-number of "1"".
std::expected<Number, Refused> Parser::msg() {
  skip_blanks();
  std::size_t start = at();
  std::string_view word = take_word();
  if (word.empty())
    return refuse(Why::missing_argument, start, fmt::format("{} needs a message number", keyword));
  if (word.find_first_not_of("0123456789") != std::string_view::npos)
    return refuse(Why::bad_number, start, "Not a message number");
  Number number = to_number<Number>(word).value_or(0);
  if (number == 0) return refuse(Why::no_such_message, start, "There's no such message");
  return number;
}

std::expected<std::optional<Number>, Refused> Parser::optional_msg() {
  if (at_end()) return std::nullopt;
  auto number = msg();
  if (!number) return std::unexpected(std::move(number).error());
  if (auto over = end(); !over) return std::unexpected(std::move(over).error());
  return *number;
}

std::expected<std::uint64_t, Refused> Parser::line_count() {
  skip_blanks();
  std::size_t start = at();
  std::string_view word = take_word();
  if (word.empty())
    return refuse(Why::missing_argument, start, "TOP needs a message number and a line count");
  if (word.find_first_not_of("0123456789") != std::string_view::npos)
    return refuse(Why::bad_number, start, "Not a number of lines");
  return to_number<std::uint64_t>(word).value_or(std::numeric_limits<std::uint64_t>::max());
}

Parsed Parser::user() {
  std::string_view name = trim(rest);
  if (name.empty()) return refuse(Why::missing_argument, at(), "USER needs a name");
  if (has_control(name) || !is_utf8(name))
    return refuse(Why::bad_argument, at() + 1, "Not a user name");
  return User{std::string(name)};
}

// RFC 1939 §7: everything after the one blank is the password.
Parsed Parser::pass() {
  if (rest.empty()) return refuse(Why::missing_argument, at(), "PASS needs a password");
  rest.remove_prefix(1);
  return Pass{std::string(rest)};
}

Parsed Parser::apop() {
  std::string_view name = take_word();
  skip_blanks();
  std::size_t start = at();
  std::string_view hex = take_word();
  if (hex.empty()) return refuse(Why::missing_argument, start, "APOP needs a name and a digest");
  if (auto over = end(); !over) return std::unexpected(std::move(over).error());
  auto digest = hex_decode(to_lower(hex));
  if (!digest || digest->size() != 16 || has_control(name) || !is_utf8(name))
    return refuse(Why::bad_argument, start, "A digest is 32 hexadecimal digits");
  return Apop{std::string(name), *std::move(digest)};
}

Parsed Parser::top() {
  auto number = msg();
  if (!number) return std::unexpected(std::move(number).error());
  auto lines = line_count();
  if (!lines) return std::unexpected(std::move(lines).error());
  if (auto over = end(); !over) return std::unexpected(std::move(over).error());
  return Top{*number, *lines};
}

Parsed Parser::auth() {
  if (at_end()) return Auth{};
  std::size_t start = at();
  std::string_view mechanism = take_word();
  bool good = mechanism.size() <= 20;  // RFC 4422 §3.1
  for (char c : mechanism) good = good && (is_alpha(c) || is_digit(c) || c == '-' || c == '_');
  if (!good) return refuse(Why::bad_argument, start, "Not the name of a mechanism");
  Auth auth{to_upper(mechanism), std::nullopt};
  if (at_end()) return auth;
  start = at();
  std::string_view initial = take_word();
  if (auto over = end(); !over) return std::unexpected(std::move(over).error());
  auth.initial = initial == "=" ? std::string() : base64_decode(initial);
  if (!auth.initial) return refuse(Why::bad_argument, start, "Not base64");
  return auth;
}

// RFC 6856 §3.1: a language tag, or * for the default.
Parsed Parser::lang() {
  if (at_end()) return Lang{};
  std::size_t start = at();
  std::string_view tag = take_word();
  if (auto over = end(); !over) return std::unexpected(std::move(over).error());
  bool good = tag.size() <= 64;
  for (char c : tag) good = good && (is_alpha(c) || is_digit(c) || c == '-');
  if (!good && tag != "*") return refuse(Why::bad_argument, start, "Not a language");
  return Lang{std::string(tag)};
}

// Commands of one shape each.
template <class C>
Parsed plain(Parser& parser) {
  if (auto over = parser.end(); !over) return std::unexpected(std::move(over).error());
  return C{};
}
template <class C>
Parsed of_message(Parser& parser) {
  auto number = parser.msg();
  if (!number) return std::unexpected(std::move(number).error());
  if (auto over = parser.end(); !over) return std::unexpected(std::move(over).error());
  return C{*number};
}
template <class C>
Parsed of_some_message(Parser& parser) {
  auto number = parser.optional_msg();
  if (!number) return std::unexpected(std::move(number).error());
  return C{*number};
}
template <Parsed (Parser::*rule)()>
Parsed by(Parser& parser) {
  return (parser.*rule)();
}

struct Keyword {
  std::string_view name;
  Parsed (*parse)(Parser&);
};

constexpr Keyword kKeywords[] = {
    {"RETR", of_message<Retr>},      {"DELE", of_message<Dele>},
    {"LIST", of_some_message<List>}, {"UIDL", of_some_message<Uidl>},
    {"TOP", by<&Parser::top>},       {"STAT", plain<Stat>},
    {"USER", by<&Parser::user>},     {"PASS", by<&Parser::pass>},
    {"QUIT", plain<Quit>},           {"CAPA", plain<Capa>},
    {"NOOP", plain<Noop>},           {"AUTH", by<&Parser::auth>},
    {"STLS", plain<Stls>},           {"RSET", of_some_message<Rset>},
    {"APOP", by<&Parser::apop>},     {"UTF8", plain<Utf8>},
    {"LANG", by<&Parser::lang>},     {"LAST", plain<Last>},
};

struct Printer {
  static std::string with(std::string_view keyword, std::optional<Number> number) {
    return number ? fmt::format("{} {}", keyword, *number) : std::string(keyword);
  }
  std::string operator()(const User& c) const { return "USER " + c.name; }
  std::string operator()(const Pass& c) const { return "PASS " + c.password; }
  std::string operator()(const Apop& c) const {
    return fmt::format("APOP {} {}", c.name, hex_encode(c.digest));
  }
  std::string operator()(const Stat&) const { return "STAT"; }
  std::string operator()(const List& c) const { return with("LIST", c.message); }
  std::string operator()(const Retr& c) const { return with("RETR", c.message); }
  std::string operator()(const Dele& c) const { return with("DELE", c.message); }
  std::string operator()(const Noop&) const { return "NOOP"; }
  std::string operator()(const Rset& c) const { return with("RSET", c.message); }
  std::string operator()(const Quit&) const { return "QUIT"; }
  std::string operator()(const Top& c) const {
    return fmt::format("TOP {} {}", c.message, c.lines);
  }
  std::string operator()(const Uidl& c) const { return with("UIDL", c.message); }
  std::string operator()(const Last&) const { return "LAST"; }
  std::string operator()(const Capa&) const { return "CAPA"; }
  std::string operator()(const Stls&) const { return "STLS"; }
  std::string operator()(const Auth& c) const {
    std::string out = "AUTH";
    if (!c.mechanism.empty()) out += " " + c.mechanism;
    if (c.initial) out += " " + (c.initial->empty() ? "=" : base64_encode(*c.initial));
    return out;
  }
  std::string operator()(const Utf8&) const { return "UTF8"; }
  std::string operator()(const Lang& c) const { return c.tag.empty() ? "LANG" : "LANG " + c.tag; }
};

// In the order of Command's alternatives.
constexpr std::string_view kVerbs[] = {"USER", "PASS", "APOP", "STAT", "LIST", "RETR",
                                       "DELE", "NOOP", "RSET", "QUIT", "TOP",  "UIDL",
                                       "LAST", "CAPA", "STLS", "AUTH", "UTF8", "LANG"};
static_assert(std::size(kVerbs) == std::variant_size_v<Command>);

}  // namespace

std::expected<Command, Refused> parse_command(std::string_view line) {
  std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  std::string_view word = line.substr(0, end);
  for (const auto& keyword : kKeywords) {
    if (!equals_ignore_case(word, keyword.name)) continue;
    Parser parser{line, line.substr(end), keyword.name};
    return keyword.parse(parser);
  }
  return refuse(Why::unknown_command, 0, "Unknown command");
}

std::string to_string(const Command& command) {
  return std::visit(Printer{}, command);
}

std::string_view verb_of(const Command& command) {
  return kVerbs[command.index()];
}

}  // namespace posta::wire::pop3

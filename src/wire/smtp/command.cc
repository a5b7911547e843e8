#include "wire/smtp/command.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/codec.h"
#include "base/text.h"
#include "wire/smtp/path.h"
#include "wire/smtp/replies.h"
#include "wire/smtp/xtext.h"

namespace posta::wire::smtp {

namespace {

using Parsed = std::expected<Command, Refused>;

constexpr std::size_t kVerbShownMax = 32;  // octets of an unknown verb kept

std::unexpected<Refused> refuse(Reply reply, std::size_t at) {
  return std::unexpected(Refused{std::move(reply), at});
}

// One line being parsed: what is left of it, and how tolerant to be.
struct Parser {
  std::string_view line;
  std::string_view rest;
  const Parse& options;

  std::size_t at() const { return static_cast<std::size_t>(rest.data() - line.data()); }

  void skip_blanks() {
    std::size_t n = rest.find_first_not_of(" \t");
    rest.remove_prefix(std::min(n, rest.size()));
  }
  std::string_view take_word() {
    std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
    rest.remove_prefix(word.size());
    return word;
  }

  Parsed helo(bool extended);
  Parsed mail();
  Parsed rcpt();
  Parsed bdat();
  Parsed auth();
  Parsed string_command(bool vrfy);
  Parsed without_argument(Command command);
  std::expected<void, Refused> from_or_to(std::string_view word);

  struct Parameter {
    std::string_view keyword;
    std::optional<std::string_view> value;
    std::size_t at = 0;
  };
  std::expected<Parameter, Refused> esmtp_param();
  std::expected<void, Refused> mail_parameter(Mail& mail, const Parameter& parameter);
  std::expected<void, Refused> size_value(Mail& mail, const Parameter& parameter);
  std::expected<void, Refused> body_value(Mail& mail, const Parameter& parameter);
};

bool is_text(std::string_view text) {
  for (unsigned char c : text)
    if (c < 0x20 || c == 0x7F) return false;
  return is_utf8(text);
}

bool is_word_octet(char c) {
  return is_alpha(c) || is_digit(c) || c == '-';
}

// --- HELO, EHLO -------------------------------------------------------------------------------

Parsed Parser::helo(bool extended) {
  skip_blanks();
  std::size_t start = at();
  std::string_view name = take_word();
  if (name.empty()) return refuse(reply::hello_needs_name, start);
  if (name.size() > kHeloOctetsMax)
    return refuse(reply::hello_needs_name.with("Name too long"), at());
  // It will stand in Received fields: nothing there that would end a word or a comment.
  if (!is_text(name) || name.find_first_of("()<>,;\"\\") != std::string_view::npos)
    return refuse(reply::hello_needs_name.with("Not a host name"), start);
  if (options.strict) {
    if (auto domain = Domain::parse(name); !domain)
      return refuse(reply::hello_needs_name.with(domain.error().what),
                    start + std::min(domain.error().at, name.size()));
    skip_blanks();
    if (!rest.empty()) return refuse(reply::syntax_error, at());
  }
  if (extended) return Ehlo{std::string(name)};
  return Helo{std::string(name)};
}

// --- MAIL, RCPT -------------------------------------------------------------------------------

// "FROM:" or "TO:" after the verb.
std::expected<void, Refused> Parser::from_or_to(std::string_view word) {
  auto wrong = [&] {
    return refuse(reply::syntax_error.with(fmt::format("Syntax: {} {}:<address>",
                                                       word == "FROM" ? "MAIL" : "RCPT", word)),
                  at());
  };
  if (options.strict) {
    if (!rest.starts_with(' ')) return wrong();
    rest.remove_prefix(1);
  } else {
    skip_blanks();
  }
  if (!starts_with_ignore_case(rest, word)) return wrong();
  rest.remove_prefix(word.size());
  if (!options.strict) skip_blanks();
  if (!rest.starts_with(':')) return wrong();
  rest.remove_prefix(1);
  if (!options.strict) skip_blanks();
  return {};
}

// esmtp-param = esmtp-keyword ["=" esmtp-value]
std::expected<Parser::Parameter, Refused> Parser::esmtp_param() {
  Parameter parameter;
  parameter.at = at();
  std::string_view word = take_word();
  std::size_t equals = word.find('=');
  parameter.keyword = word.substr(0, equals);
  if (parameter.keyword.empty()) return refuse(reply::syntax_error, parameter.at);
  for (std::size_t i = 0; i < parameter.keyword.size(); ++i)
    if (!is_word_octet(parameter.keyword[i]) || (i == 0 && parameter.keyword[i] == '-'))
      return refuse(reply::syntax_error, parameter.at + i);
  if (equals != std::string_view::npos) {
    std::string_view value = word.substr(equals + 1);
    std::size_t bad = value.find('=');
    if (value.empty() || bad != std::string_view::npos || !is_text(value))
      return refuse(reply::syntax_error, parameter.at + equals + 1);
    parameter.value = value;
  }
  return parameter;
}

// RFC 1870 §6: size-value = 1*20DIGIT. What 64 bits cannot hold is too big for everybody.
std::expected<void, Refused> Parser::size_value(Mail& mail, const Parameter& parameter) {
  if (mail.size) return refuse(reply::duplicate_parameter, parameter.at);
  std::string_view digits = parameter.value.value_or("");
  if (digits.empty() || digits.size() > 20 ||
      digits.find_first_not_of("0123456789") != std::string_view::npos)
    return refuse(reply::syntax_error.with("Syntax: SIZE=octets"), parameter.at);
  mail.size = to_number<Octets>(digits).value_or(std::numeric_limits<Octets>::max());
  return {};
}

// RFC 6152 §2: body-value = "7BIT" / "8BITMIME"
std::expected<void, Refused> Parser::body_value(Mail& mail, const Parameter& parameter) {
  if (mail.body != Mail::Body::unsaid) return refuse(reply::duplicate_parameter, parameter.at);
  std::string_view value = parameter.value.value_or("");
  if (equals_ignore_case(value, "7BIT")) {
    mail.body = Mail::Body::seven_bit;
  } else if (equals_ignore_case(value, "8BITMIME")) {
    mail.body = Mail::Body::eight_bit_mime;
  } else if (equals_ignore_case(value, "BINARYMIME")) {  // RFC 3030 §3: only if it was announced
    return refuse(reply::unknown_parameter.with("BINARYMIME is not offered"), parameter.at);
  } else {
    return refuse(reply::syntax_error.with("Syntax: BODY=7BIT or BODY=8BITMIME"), parameter.at);
  }
  return {};
}

std::expected<void, Refused> Parser::mail_parameter(Mail& mail, const Parameter& parameter) {
  std::string_view keyword = parameter.keyword;
  if (options.size && equals_ignore_case(keyword, "SIZE")) return size_value(mail, parameter);
  if (options.eight_bit && equals_ignore_case(keyword, "BODY")) return body_value(mail, parameter);
  if (options.smtputf8 && equals_ignore_case(keyword, "SMTPUTF8")) {
    if (mail.smtputf8) return refuse(reply::duplicate_parameter, parameter.at);
    // RFC 6531 §3.4: it takes no value.
    if (parameter.value)
      return refuse(reply::syntax_error.with("SMTPUTF8 takes no value"), parameter.at);
    mail.smtputf8 = true;
    return {};
  }
  if (options.auth && equals_ignore_case(keyword, "AUTH")) {
    if (mail.auth) return refuse(reply::duplicate_parameter, parameter.at);
    auto value = xtext_decode(parameter.value.value_or(""));
    if (!value || value->empty())
      return refuse(reply::syntax_error.with("Syntax: AUTH=xtext"), parameter.at);
    mail.auth = *std::move(value);
    return {};
  }
  return refuse(reply::unknown_parameter, parameter.at);
}

Parsed Parser::mail() {
  if (auto from = from_or_to("FROM"); !from) return std::unexpected(std::move(from).error());
  std::size_t path_at = at();
  auto path = take_path(line, rest, PathKind::reverse, options);
  if (!path) return std::unexpected(std::move(path).error());
  Mail mail;
  if (!path->null) mail.from = std::move(path->address);
  for (;;) {
    skip_blanks();
    if (rest.empty()) break;
    auto parameter = esmtp_param();
    if (!parameter) return std::unexpected(std::move(parameter).error());
    if (auto known = mail_parameter(mail, *parameter); !known)
      return std::unexpected(std::move(known).error());
  }
  if (!mail.smtputf8 && !all_ascii(path->text)) return refuse(reply::needs_smtputf8_mail, path_at);
  return mail;
}

Parsed Parser::rcpt() {
  if (auto to = from_or_to("TO"); !to) return std::unexpected(std::move(to).error());
  auto path = take_path(line, rest, PathKind::forward, options);
  if (!path) return std::unexpected(std::move(path).error());
  Rcpt rcpt{std::move(path->address), std::string(path->text), !all_ascii(path->text)};
  skip_blanks();
  if (rest.empty()) return rcpt;
  auto parameter = esmtp_param();  // none is announced: the first one decides
  if (!parameter) return std::unexpected(std::move(parameter).error());
  return refuse(reply::unknown_parameter, parameter->at);
}

// --- BDAT, AUTH, the rest ---------------------------------------------------------------------

// RFC 3030 §2: chunk-size = 1*DIGIT, end-marker = "LAST".
Parsed Parser::bdat() {
  auto wrong = [&](std::size_t where) {
    return std::unexpected(
        Refused{reply::lost_step.with("Syntax: BDAT octets [LAST]"), where, true});
  };
  skip_blanks();
  std::size_t size_at = at();
  std::string_view digits = take_word();
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return wrong(size_at);
  auto octets = to_number<Octets>(digits);
  if (!octets) return wrong(size_at);
  Bdat bdat{*octets, false};
  skip_blanks();
  if (!rest.empty()) {
    if (!equals_ignore_case(take_word(), "LAST")) return wrong(at());
    bdat.last = true;
    skip_blanks();
    if (!rest.empty()) return wrong(at());
  }
  return bdat;
}

Parsed Parser::auth() {
  skip_blanks();
  std::size_t start = at();
  std::string_view mechanism = take_word();
  bool good = !mechanism.empty() && mechanism.size() <= 20;  // RFC 4422 §3.1
  for (char c : mechanism) good = good && (is_word_octet(c) || c == '_');
  if (!good)
    return refuse(reply::syntax_error.with("Syntax: AUTH mechanism [initial response]"), start);
  Auth auth{to_upper(mechanism), std::nullopt};
  skip_blanks();
  start = at();
  std::string_view initial = take_word();
  skip_blanks();
  if (!rest.empty()) return refuse(reply::syntax_error, at());
  if (initial.empty()) return auth;
  auth.initial = initial == "=" ? std::string() : base64_decode(initial);
  auth.malformed = !auth.initial;
  return auth;
}

// VRFY and EXPN: all that is left, less SMTPUTF8 at its end (RFC 6531 §3.7.4.2).
Parsed Parser::string_command(bool vrfy) {
  constexpr std::string_view kParameter = "SMTPUTF8";
  std::string_view text = trim(rest);
  std::size_t start = at();
  bool smtputf8 = false;
  if (options.smtputf8 && text.size() > kParameter.size() &&
      equals_ignore_case(text.substr(text.size() - kParameter.size()), kParameter) &&
      is_wsp(text[text.size() - kParameter.size() - 1])) {
    smtputf8 = true;
    text = trim(text.substr(0, text.size() - kParameter.size()));
  }
  if (text.empty())
    return refuse(reply::syntax_error.with(vrfy ? "Syntax: VRFY user" : "Syntax: EXPN list"),
                  start);
  if (!is_text(text)) return refuse(reply::syntax_error, start);
  if (vrfy) return Vrfy{std::string(text), smtputf8};
  return Expn{std::string(text), smtputf8};
}

// RFC 5321 §4.1.1: a parameter where none may be "SHOULD" be rejected as a syntax error.
Parsed Parser::without_argument(Command command) {
  skip_blanks();
  if (!rest.empty()) return refuse(reply::no_argument, at());
  return command;
}

enum class Verb {
  helo,
  ehlo,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  quit,
  help,
  vrfy,
  expn,
  auth,
  starttls,
  not_spoken,
  wrong_protocol
};

struct VerbRow {
  std::string_view name;
  Verb verb;
};

// The order is that of frequency; the table is short enough to be walked.
constexpr VerbRow kVerbs[] = {
    {"RCPT", Verb::rcpt},
    {"MAIL", Verb::mail},
    {"DATA", Verb::data},
    {"EHLO", Verb::ehlo},
    {"QUIT", Verb::quit},
    {"BDAT", Verb::bdat},
    {"RSET", Verb::rset},
    {"AUTH", Verb::auth},
    {"STARTTLS", Verb::starttls},
    {"HELO", Verb::helo},
    {"NOOP", Verb::noop},
    {"HELP", Verb::help},
    {"VRFY", Verb::vrfy},
    {"EXPN", Verb::expn},
    {"ETRN", Verb::not_spoken},  // RFC 1985
    {"TURN", Verb::not_spoken},  // RFC 5321 App. F.1
    {"ATRN", Verb::not_spoken},  // RFC 2645
    {"SEND", Verb::not_spoken},  // RFC 5321 App. F.6
    {"SOML", Verb::not_spoken},
    {"SAML", Verb::not_spoken},
    {"GET", Verb::wrong_protocol},
    {"POST", Verb::wrong_protocol},
    {"PUT", Verb::wrong_protocol},
    {"HEAD", Verb::wrong_protocol},
    {"CONNECT", Verb::wrong_protocol},
    {"OPTIONS", Verb::wrong_protocol},
    {"DELETE", Verb::wrong_protocol},
    {"PATCH", Verb::wrong_protocol},
    {"TRACE", Verb::wrong_protocol},
};

Parsed run(Parser& parser, const VerbRow& row) {
  switch (row.verb) {
    case Verb::helo: return parser.helo(false);
    case Verb::ehlo: return parser.helo(true);
    case Verb::mail: return parser.mail();
    case Verb::rcpt: return parser.rcpt();
    case Verb::data: return parser.without_argument(Data{});
    case Verb::bdat: return parser.bdat();
    case Verb::rset: return parser.without_argument(Rset{});
    case Verb::noop: return Noop{};
    case Verb::quit: return parser.without_argument(Quit{});
    case Verb::help: return Help{std::string(trim(parser.rest))};
    case Verb::vrfy: return parser.string_command(true);
    case Verb::expn: return parser.string_command(false);
    case Verb::auth: return parser.auth();
    case Verb::starttls: return parser.without_argument(StartTls{});
    case Verb::not_spoken: return NotSpoken{std::string(row.name)};
    case Verb::wrong_protocol: break;
  }
  return WrongProtocol{std::string(row.name)};
}

}  // namespace

std::expected<Command, Refused> parse_command(std::string_view line, const Parse& options) {
  constexpr std::string_view kForbidden("\0\r\n", 3);
  if (std::size_t bad = line.find_first_of(kForbidden); bad != std::string_view::npos)
    return refuse(reply::bad_octet, bad);
  if (options.strict && !line.empty() && is_wsp(line.back()))
    return refuse(reply::syntax_error, line.size() - 1);
  Parser parser{line, line, options};
  std::string_view verb = parser.take_word();
  for (const auto& row : kVerbs)
    if (equals_ignore_case(verb, row.name)) return run(parser, row);
  return Unknown{printable(verb.substr(0, kVerbShownMax)).substr(0, kVerbShownMax)};
}

namespace {

struct Printer {
  std::string operator()(const Helo& c) const { return "HELO " + c.domain; }
  std::string operator()(const Ehlo& c) const { return "EHLO " + c.domain; }
  std::string operator()(const Mail& c) const {
    std::string out = "MAIL FROM:" + to_string(c.from);
    if (c.size) out += fmt::format(" SIZE={}", *c.size);
    if (c.body == Mail::Body::seven_bit) out += " BODY=7BIT";
    if (c.body == Mail::Body::eight_bit_mime) out += " BODY=8BITMIME";
    if (c.smtputf8) out += " SMTPUTF8";
    if (c.auth) out += " AUTH=" + xtext_encode(*c.auth);
    return out;
  }
  std::string operator()(const Rcpt& c) const {
    return "RCPT TO:<" + (c.original.empty() ? c.to.str() : c.original) + ">";
  }
  std::string operator()(const Data&) const { return "DATA"; }
  std::string operator()(const Bdat& c) const {
    return fmt::format("BDAT {}{}", c.octets, c.last ? " LAST" : "");
  }
  std::string operator()(const Rset&) const { return "RSET"; }
  std::string operator()(const Noop&) const { return "NOOP"; }
  std::string operator()(const Quit&) const { return "QUIT"; }
  std::string operator()(const Help& c) const {
    return c.topic.empty() ? "HELP" : "HELP " + c.topic;
  }
  std::string operator()(const Vrfy& c) const {
    return "VRFY " + c.who + (c.smtputf8 ? " SMTPUTF8" : "");
  }
  std::string operator()(const Expn& c) const {
    return "EXPN " + c.list + (c.smtputf8 ? " SMTPUTF8" : "");
  }
  std::string operator()(const Auth& c) const {
    if (!c.initial) return "AUTH " + c.mechanism;
    return "AUTH " + c.mechanism + " " + (c.initial->empty() ? "=" : base64_encode(*c.initial));
  }
  std::string operator()(const StartTls&) const { return "STARTTLS"; }
  std::string operator()(const NotSpoken& c) const { return c.verb; }
  std::string operator()(const WrongProtocol& c) const { return c.verb; }
  std::string operator()(const Unknown& c) const { return c.verb; }
};

struct Name {
  std::string_view operator()(const Helo&) const { return "HELO"; }
  std::string_view operator()(const Ehlo&) const { return "EHLO"; }
  std::string_view operator()(const Mail&) const { return "MAIL"; }
  std::string_view operator()(const Rcpt&) const { return "RCPT"; }
  std::string_view operator()(const Data&) const { return "DATA"; }
  std::string_view operator()(const Bdat&) const { return "BDAT"; }
  std::string_view operator()(const Rset&) const { return "RSET"; }
  std::string_view operator()(const Noop&) const { return "NOOP"; }
  std::string_view operator()(const Quit&) const { return "QUIT"; }
  std::string_view operator()(const Help&) const { return "HELP"; }
  std::string_view operator()(const Vrfy&) const { return "VRFY"; }
  std::string_view operator()(const Expn&) const { return "EXPN"; }
  std::string_view operator()(const Auth&) const { return "AUTH"; }
  std::string_view operator()(const StartTls&) const { return "STARTTLS"; }
  std::string_view operator()(const NotSpoken& c) const { return c.verb; }
  std::string_view operator()(const WrongProtocol& c) const { return c.verb; }
  std::string_view operator()(const Unknown& c) const { return c.verb; }
};

}  // namespace

std::string to_string(const Command& command) {
  return std::visit(Printer{}, command);
}

std::string_view verb_of(const Command& command) {
  return std::visit(Name{}, command);
}

}  // namespace posta::wire::smtp

#include "wire/smtp/ehlo.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace posta::wire::smtp {

namespace {

struct Keyword {
  std::string_view name;
  bool Capabilities::* offered;
};

// Those without parameters, in the order we print them.
constexpr Keyword kKeywords[] = {
    {"PIPELINING", &Capabilities::pipelining},
    {"8BITMIME", &Capabilities::eight_bit_mime},
    {"CHUNKING", &Capabilities::chunking},
    {"BINARYMIME", &Capabilities::binary_mime},
    {"SMTPUTF8", &Capabilities::smtputf8},
    {"ENHANCEDSTATUSCODES", &Capabilities::enhanced_status_codes},
    {"DSN", &Capabilities::dsn},
    {"STARTTLS", &Capabilities::starttls},
    {"REQUIRETLS", &Capabilities::require_tls},
    {"VRFY", &Capabilities::vrfy},
    {"EXPN", &Capabilities::expn},
    {"ETRN", &Capabilities::etrn},
    {"HELP", &Capabilities::help},
};

struct LimitName {
  std::string_view name;
  std::optional<std::uint32_t> SessionLimits::* value;
};

constexpr LimitName kLimitNames[] = {
    {"MAILMAX", &SessionLimits::mail_max},
    {"RCPTMAX", &SessionLimits::rcpt_max},
    {"RCPTDOMAINMAX", &SessionLimits::rcpt_domain_max},
};

std::string_view take_word(std::string_view& text) {
  std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

// RFC 9422 §4.1 to §4.3: `%x31-39 0*5DIGIT`: from 1, of at most six digits, no zero in front.
bool is_limit(std::uint32_t value) {
  return value >= 1 && value <= 999'999;
}

std::optional<std::uint32_t> parse_limit(std::string_view text) {
  auto value = to_number<std::uint32_t>(text);
  if (!value || !is_limit(*value) || text.front() == '0') return std::nullopt;
  return value;
}

// limit-name = 1*(ALPHA / DIGIT / "-" / "_"), RFC 9422 §3
bool is_limit_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '_';
  });
}

// limit-value = 1*(%x21-3A / %x3C-7E), RFC 9422 §3
bool is_limit_value(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F && c != ';'; });
}

// limits-param = limit-name-value 0*[SP limit-name-value], RFC 9422 §3. Nothing if that is not what
// stands there; then clients "SHOULD proceed as if the LIMITS extension had not been used"; a limit
// whose own value is wrong, or that we do not know, is passed over (§3.7).
std::optional<SessionLimits> parse_limits(std::string_view rest) {
  SessionLimits limits;
  bool any = false;
  for (std::string_view word; !(word = take_word(rest)).empty(); any = true) {
    std::size_t equals = std::min(word.find('='), word.size());
    std::string_view name = word.substr(0, equals);
    bool has_value = equals < word.size();
    std::string_view value = has_value ? word.substr(equals + 1) : std::string_view();
    if (!is_limit_name(name) || (has_value && !is_limit_value(value))) return std::nullopt;
    for (const auto& known : kLimitNames)
      if (equals_ignore_case(name, known.name))
        if (auto number = parse_limit(value)) limits.*known.value = number;
  }
  if (!any) return std::nullopt;
  return limits;
}

void parse_mechanisms(std::vector<std::string>& mechanisms, std::string_view rest) {
  for (std::string_view word; !(word = take_word(rest)).empty();) {
    std::string name = to_upper(word);
    if (std::find(mechanisms.begin(), mechanisms.end(), name) == mechanisms.end())
      mechanisms.push_back(std::move(name));
  }
}

void parse_line(Capabilities& offered, std::string_view line) {
  std::string_view rest = line;
  std::string_view word = take_word(rest);
  if (word.empty()) return;
  for (const auto& known : kKeywords) {
    if (!equals_ignore_case(word, known.name)) continue;
    offered.*known.offered = true;
    return;
  }
  if (equals_ignore_case(word, "SIZE")) {
    offered.size = true;
    offered.size_max = to_number<Octets>(take_word(rest)).value_or(0);
  } else if (equals_ignore_case(word, "AUTH")) {
    parse_mechanisms(offered.auth, rest);
  } else if (starts_with_ignore_case(word, "AUTH=")) {  // INTEROP: before RFC 2554
    parse_mechanisms(offered.auth, word.substr(5));
    parse_mechanisms(offered.auth, rest);
  } else if (equals_ignore_case(word, "LIMITS")) {
    offered.limits = parse_limits(rest);
  } else {
    offered.others.emplace_back(line);
  }
}

}  // namespace

Reply ehlo_reply(std::string_view host, std::string_view greeting, const Capabilities& offered) {
  std::string text(host);
  if (!greeting.empty()) text.append(" ").append(greeting);
  auto line = [&text](std::string_view words) { text.append("\n").append(words); };
  if (offered.size)
    line(offered.size_max != 0 ? fmt::format("SIZE {}", offered.size_max) : std::string("SIZE"));
  for (const auto& keyword : kKeywords)
    if (offered.*keyword.offered) line(keyword.name);
  if (!offered.auth.empty()) line(fmt::format("AUTH {}", fmt::join(offered.auth, " ")));
  if (offered.limits) {
    std::string said;  // at least one limit, or the keyword is not there
    for (const auto& limit : kLimitNames)
      if (auto value = (*offered.limits).*limit.value; value && is_limit(*value))
        said += fmt::format(" {}={}", limit.name, *value);
    if (!said.empty()) line("LIMITS" + said);
  }
  for (const auto& other : offered.others) line(other);
  return Reply(250, std::move(text));
}

EhloReply parse_ehlo_reply(const Reply& reply) {
  EhloReply out;
  bool first = true;
  for (std::string_view line : split(reply.text, '\n')) {
    if (first) {
      out.host = take_word(line);
      out.greeting = trim(line);
      first = false;
    } else {
      parse_line(out.offered, line);
    }
  }
  return out;
}

}  // namespace posta::wire::smtp

#include "wire/imap/scanner.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/imap/utf7.h"

namespace posta::wire::imap {

// ATOM-CHAR = <any CHAR except atom-specials>
// atom-specials = "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials / resp-specials
bool is_atom_char(char c) {
  auto octet = static_cast<unsigned char>(c);
  return octet > 0x20 && octet != 0x7F && !std::string_view("(){%*\"\\]").contains(c);
}
bool is_astring_char(char c) {
  return is_atom_char(c) || c == ']';
}
bool is_list_char(char c) {
  return is_astring_char(c) || c == '%' || c == '*';
}

bool is_tag(std::string_view text) {
  auto good = [](char c) { return is_astring_char(c) && is_ascii(static_cast<unsigned char>(c)); };
  return !text.empty() && text.size() <= kTagOctetsMax && text[0] != '+' &&
         std::ranges::all_of(text, good);
}

bool Scanner::take(char c) {
  if (!next_is(c)) return false;
  ++at_;
  return true;
}

bool Scanner::take_space() {
  std::size_t start = at_;
  while (next_is(' ')) ++at_;
  return at_ != start;
}

bool Scanner::take_word(std::string_view word) {
  if (!starts_with_ignore_case(rest(), word)) return false;
  std::size_t end = at_ + word.size();
  if (end < octets_.size() && is_atom_char(octets_[end]) && octets_[end] != '[') return false;
  at_ = end;
  return true;
}

Failure Scanner::too_many(std::string_view what, std::size_t most) const {
  return fail(Error::Kind::limit, fmt::format("More than {} {}", most, what), at_);
}

Failure Scanner::refuse_with(std::string code, std::string what) {
  code_ = std::move(code);
  return fail(Error::Kind::denied, std::move(what), at_);
}

Result<> Scanner::expect(char c) {
  if (take(c)) return {};
  return refuse(fmt::format("{} is missing", c));
}

Result<> Scanner::space() {
  if (take_space()) return {};
  return at_ == octets_.size() ? refuse("Something is missing at the end")
                               : refuse("A blank must stand here");
}

Result<> Scanner::end() {
  blanks();
  if (at_ == octets_.size()) return {};
  return refuse("Too much for this command");
}

Result<std::string_view> Scanner::atom() {
  std::string_view text = run(is_atom_char);
  if (text.empty()) return refuse("A word is missing");
  return text;
}

// quoted = DQUOTE *QUOTED-CHAR DQUOTE
// QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials
Result<std::string> Scanner::quoted() {
  std::string text;
  std::size_t start = at_++;
  for (; at_ < octets_.size() && octets_[at_] != '"'; ++at_) {
    char c = octets_[at_];
    if (c == '\r' || c == '\n') return refuse("A quoted string ends on its line");
    if (c == '\0') return refuse("NUL cannot stand in a string");
    if (c == '\\') {
      if (++at_ == octets_.size() || (octets_[at_] != '"' && octets_[at_] != '\\'))
        return refuse("Only \\ and \" may follow \\ in a quoted string");
      c = octets_[at_];
    }
    text += c;
  }
  if (at_ == octets_.size()) return refuse_at(start, "The quoted string does not end");
  ++at_;
  return text;
}

// literal = "{" number ["+"] "}" CRLF *CHAR8          CHAR8 = %x01-ff
Result<std::string> Scanner::literal() {
  std::size_t start = at_++;
  std::string_view digits = run(is_digit);
  take('+');
  auto octets = to_number<std::size_t>(digits);
  if (!octets || !rest().starts_with("}\r\n")) return refuse_at(start, "Not a literal");
  at_ += 3;
  if (rest().size() < *octets) return refuse_at(start, "The literal is incomplete");
  std::string text(rest().substr(0, *octets));
  if (text.contains('\0')) return refuse_at(start, "NUL cannot stand in a literal");
  at_ += *octets;
  return text;
}

Result<std::string> Scanner::string() {
  if (next_is('"')) return quoted();
  if (next_is('{')) return literal();
  return refuse("A string is missing");
}

Result<std::string> Scanner::astring() {
  if (next_is('"') || next_is('{')) return string();
  std::string_view text = run(is_astring_char);
  if (text.empty()) return refuse("A string is missing");
  return std::string(text);
}

Result<std::uint64_t> Scanner::number() {
  std::size_t start = at_;
  std::string_view digits = run(is_digit);
  if (digits.empty()) return refuse("A number is missing");
  auto number = to_number<std::uint64_t>(digits);
  if (!number || *number > std::numeric_limits<std::int64_t>::max())  // RFC 9051 §9 number64
    return refuse_at(start, "The number is too great");
  return *number;
}

Result<std::uint64_t> Scanner::nz_number() {
  std::size_t start = at_;
  TRY(auto value, number());
  if (value == 0) return refuse_at(start, "The number cannot be 0");
  return value;
}

Result<std::uint32_t> Scanner::nz_number32() {
  std::size_t start = at_;
  TRY(auto value, nz_number());
  if (value > std::numeric_limits<std::uint32_t>::max())
    return refuse_at(start, "The number is too great");
  return static_cast<std::uint32_t>(value);
}

Result<std::uint64_t> Scanner::mod_sequence_or_0() {
  return number();
}

Result<SequenceSet> Scanner::sequence_set() {
  std::size_t start = at_;
  std::string_view text =
      run([](char c) { return is_digit(c) || c == ':' || c == ',' || c == '*'; });
  if (text.empty()) return refuse("A set of messages is missing");
  auto set = SequenceSet::parse(text, limits_.ranges_max);
  if (!set) set.error().at += start;
  return set;
}

Result<std::string> mailbox(Scanner& in) {
  TRY(std::string written, in.astring());
  if (equals_ignore_case(written, "INBOX")) return std::string("INBOX");  // RFC 3501 §5.1
  auto name = decode_utf7(written);
  // Not taken literally: LIST would then show another name than was created, since it must
  // encode the "&".
  if (!name)
    return in.refuse_with("CANNOT", "Not a mailbox name in modified UTF-7: & is written as &-");
  return *std::move(name);
}

Result<std::string> new_mailbox(Scanner& in) {
  Scanner ahead = in;
  TRY(std::string written, ahead.astring());
  if (!all_ascii(written))
    return in.refuse_with("CANNOT", "Write the name of a new mailbox in modified UTF-7");
  return mailbox(in);
}

std::string pattern_of(std::string_view written) {
  return decode_utf7(written).value_or(std::string(written));
}

Result<std::string> list_mailbox(Scanner& in) {
  if (in.next_is('"') || in.next_is('{')) {
    TRY(std::string written, in.string());
    return pattern_of(written);
  }
  std::string_view written = in.run(is_list_char);
  if (written.empty()) return in.refuse("A pattern is missing");
  return pattern_of(written);
}

namespace {

struct SystemFlag {
  std::string_view name;
  std::uint8_t bit;
};
constexpr SystemFlag kSystemFlags[] = {
    {"Answered", Flags::answered}, {"Flagged", Flags::flagged}, {"Deleted", Flags::deleted},
    {"Seen", Flags::seen},         {"Draft", Flags::draft},
};

}  // namespace

// flag = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword / flag-extension
// flag-extension = "\" atom
// A flag-extension that we do not know is none that we keep, and \Recent cannot be stored: both are
// passed over. RFC 3501 §7.1: "If the client attempts to STORE a flag that is not in the
// PERMANENTFLAGS list, the server will either ignore the change or store the state change for the
// remainder of the current session only."
Result<> flag(Scanner& in, FlagNames& into) {
  std::size_t start = in.at();
  if (!in.take('\\')) {
    TRY(std::string_view keyword, in.atom());
    if (!all_ascii(keyword)) return in.refuse_at(start, "A keyword is ASCII");
    if (keyword.size() > in.limits().keyword_octets_max)
      return in.refuse_at(
          start, fmt::format("A keyword has at most {} octets", in.limits().keyword_octets_max));
    auto same = [&](const std::string& k) { return equals_ignore_case(k, keyword); };
    if (std::ranges::any_of(into.keywords, same)) return {};
    if (into.keywords.size() == in.limits().flags_max)
      return in.too_many("keywords", in.limits().flags_max);
    into.keywords.emplace_back(keyword);
    return {};
  }
  TRY(std::string_view name, in.atom());
  for (const SystemFlag& system : kSystemFlags)
    if (equals_ignore_case(system.name, name)) into.system |= system.bit;
  return {};
}

Result<FlagNames> flag_list(Scanner& in) {
  FlagNames flags;
  TRY_VOID(parenthesised(in, true, [&](Scanner& s) { return flag(s, flags); }));
  return flags;
}

}  // namespace posta::wire::imap

#include "server/imap/print.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "wire/imap/utf7.h"
#include "wire/message/imap_text.h"

namespace posta::server::imap {

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), number);
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void append_flags(std::string& out, const std::vector<std::string>& keywords, Flags flags,
                  bool recent) {
  struct Name {
    Flags::System flag;
    std::string_view text;
  };
  static constexpr Name kNames[] = {{Flags::answered, "\\Answered "},
                                    {Flags::flagged, "\\Flagged "},
                                    {Flags::deleted, "\\Deleted "},
                                    {Flags::seen, "\\Seen "},
                                    {Flags::draft, "\\Draft "}};
  out += "FLAGS (";
  const std::size_t empty = out.size();
  for (const Name& name : kNames)
    if (flags.has(name.flag)) out += name.text;
  if (recent) out += "\\Recent ";
  for (std::size_t i = 0; i < keywords.size() && flags.keywords >> i != 0; ++i) {
    if ((flags.keywords >> i & 1) == 0) continue;
    out += keywords[i];
    out += ' ';
  }
  if (out.size() > empty) out.pop_back();
  out += ')';
}

void append_date_time(std::string& out, WallTime time) {
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  // RFC 3501 §9 date-time: the year has four digits.
  int year = std::clamp(static_cast<int>(date.year()), 0, 9999);
  fmt::format_to(std::back_inserter(out), "\"{:>2}-{}-{:04} {:02}:{:02}:{:02} +0000\"",
                 static_cast<unsigned>(date.day()),
                 kMonths[static_cast<unsigned>(date.month()) - 1], year, clock.hours().count(),
                 clock.minutes().count(), clock.seconds().count());
}

void append_astring(std::string& out, std::string_view text) {
  // RFC 3501 §9 ASTRING-CHAR: any character but the atom-specials, "]" allowed.
  constexpr std::string_view kSpecial = "(){ %*\"\\";
  bool plain = !text.empty() && std::ranges::all_of(text, [&](char c) {
    return c > 0x20 && c < 0x7F && !kSpecial.contains(c);
  });
  if (plain) {
    out += text;
  } else {
    wire::message::append_string(out, text);
  }
}

void append_mailbox(std::string& out, std::string_view utf8) {
  append_astring(out, wire::imap::encode_utf7(utf8));
}

}  // namespace posta::server::imap

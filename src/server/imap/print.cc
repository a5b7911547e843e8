#include "server/imap/print.h"

#include <algorithm>
#include <charconv>
#include <chrono>

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
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  // RFC 3501 §9 date-time: the year has four digits.
  auto year = static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9999));
  std::string_view form = "\" 0-Jan-0000 00:00:00 +0000\"";
  char text[28];
  std::ranges::copy(form, text);
  auto put = [&text](std::size_t at, unsigned number) {  // two digits
    text[at] = static_cast<char>('0' + number / 10);
    text[at + 1] = static_cast<char>('0' + number % 10);
  };
  put(1, static_cast<unsigned>(date.day()));
  if (text[1] == '0') text[1] = ' ';
  kMonths.copy(text + 4, 3, 3 * (static_cast<unsigned>(date.month()) - 1));
  put(8, year / 100);
  put(10, year % 100);
  put(13, static_cast<unsigned>(clock.hours().count()));
  put(16, static_cast<unsigned>(clock.minutes().count()));
  put(19, static_cast<unsigned>(clock.seconds().count()));
  out.append(text, sizeof text);
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

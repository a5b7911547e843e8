#include "wire/message/date.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/text.h"

namespace posta::wire::message {

namespace {

constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};

struct Zone {
  std::string_view name;
  int hours;
};

// RFC 5322 §4.3; other names count as -0000. CET, MET and their like are INTEROP.
constexpr Zone kZones[] = {
    {"ut", 0},   {"utc", 0},  {"gmt", 0},  {"z", 0},    {"est", -5}, {"edt", -4},
    {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7},
    {"cet", 1},  {"cest", 2}, {"met", 1},  {"mest", 2}, {"jst", 9},
};

struct Found {
  std::optional<int> day, month, year, zone;  // zone in minutes
  std::optional<int> time;                    // seconds of the day
  bool pm = false, am = false;
};

// hh:mm[:ss], or nothing if it is out of range.
std::optional<int> parse_time(std::string_view token) {
  int part[3] = {0, 0, 0};
  std::size_t n = 0;
  for (std::string_view piece : split(token.substr(0, token.find('.')), ':')) {
    auto value = to_number<int>(piece);
    if (n == 3 || !value || *value < 0 || piece.size() > 2) return std::nullopt;
    part[n++] = *value;
  }
  if (n < 2 || part[0] > 23 || part[1] > 59 || part[2] > 60) return std::nullopt;
  return part[0] * 3600 + part[1] * 60 + std::min(part[2], 59);  // a leap second is the one before
}

// "+hhmm", "+hh:mm", "+hh".
std::optional<int> parse_offset(std::string_view token) {
  int sign = token.front() == '-' ? -1 : 1;
  std::string digits;
  for (char c : token.substr(1)) {
    if (is_digit(c))
      digits += c;
    else if (c != ':')
      return std::nullopt;
  }
  if (digits.size() == 2) digits += "00";
  auto value = digits.size() == 4 ? to_number<int>(digits) : std::nullopt;
  if (!value || *value % 100 > 59) return std::nullopt;
  return sign * (*value / 100 * 60 + *value % 100);
}

void take_word(std::string_view token, Found& found) {
  std::string word = to_lower(token);
  if (word == "pm") found.pm = true;
  if (word == "am") found.am = true;
  if (!found.month && word.size() >= 3) {
    for (int m = 0; m < 12; ++m) {
      if (!word.starts_with(kMonths[m])) continue;
      found.month = m + 1;
      return;
    }
  }
  if (found.zone) return;
  for (const Zone& zone : kZones)
    if (word == zone.name) found.zone = zone.hours * 60;
}

void take_number(std::string_view digits, Found& found) {
  auto value = digits.size() <= 4 ? to_number<int>(digits) : std::nullopt;
  if (!value) return;
  if (!found.day && digits.size() <= 2) {
    found.day = *value;
  } else if (!found.year) {
    // RFC 5322 §4.3: 00-49 is 2000 to 2049, 50-99 and three digits count from 1900.
    int y = *value;
    if (digits.size() <= 2) y += y < 50 ? 2000 : 1900;
    if (digits.size() == 3) y += 1900;
    found.year = y;
  }
}

void take(std::string_view token, Found& found) {
  if (token.find(':') != std::string_view::npos && is_digit(token.front())) {
    std::size_t sign = token.find_first_of("+-");  // "05:14:51+0000"
    if (sign != std::string_view::npos && !found.zone)
      found.zone = parse_offset(token.substr(sign));
    if (!found.time) found.time = parse_time(token.substr(0, sign));
  } else if ((token.front() == '+' || token.front() == '-') && token.size() > 2) {
    if (!found.zone) found.zone = parse_offset(token);
  } else {
    while (!token.empty()) {  // "21-Nov-2026", "21Nov"
      bool number = is_digit(token.front()), word = is_alpha(token.front());
      std::size_t n = 1;
      while (n < token.size() && number == is_digit(token[n]) && word == is_alpha(token[n])) ++n;
      if (number) take_number(token.substr(0, n), found);
      if (word) take_word(token.substr(0, n), found);
      token.remove_prefix(n);
    }
  }
}

// One past the comment that begins at `at` (RFC 5322 §3.2.2: comments nest).
std::size_t comment_end(std::string_view text, std::size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '(')
      ++depth;
    else if (text[at] == ')' && --depth == 0)
      return at + 1;
  }
  return text.size();
}

// "2026-11-21T05:14:51Z". INTEROP: some programs write RFC 3339 into Date.
bool take_iso(std::string_view token, Found& found) {
  if (token.size() < 10 || token[4] != '-' || token[7] != '-') return false;
  auto year = to_number<int>(token.substr(0, 4)), month = to_number<int>(token.substr(5, 2)),
       day = to_number<int>(token.substr(8, 2));
  if (!year || !month || !day) return false;
  found.year = year;
  found.month = month;
  found.day = day;
  if (token.size() > 11 && (token[10] == 'T' || token[10] == 't')) {
    std::string_view time = token.substr(11);
    if (ascii_lower(time.back()) == 'z') {
      found.zone = 0;
      time.remove_suffix(1);
    }
    if (!time.empty()) take(time, found);
  }
  return true;
}

}  // namespace

std::optional<Date> parse_date(std::string_view body) {
  constexpr std::size_t kDateMax = 200;  // octets; no date is longer, comments included
  body = trim(body).substr(0, kDateMax);
  Found found;
  for (std::size_t at = 0; at < body.size();) {
    constexpr std::string_view kBetween = " \t\r\n,()";
    if (body[at] == '(') {
      at = comment_end(body, at);
    } else if (kBetween.contains(body[at])) {
      ++at;
    } else {
      std::size_t end = std::min(body.find_first_of(kBetween, at), body.size());
      std::string_view token = body.substr(at, end - at);
      if (found.year || !take_iso(token, found)) take(token, found);
      at = end;
    }
  }
  if (!found.day || !found.month || !found.year) return std::nullopt;
  namespace chrono = std::chrono;
  chrono::year_month_day ymd{chrono::year(*found.year),
                             chrono::month(static_cast<unsigned>(*found.month)),
                             chrono::day(static_cast<unsigned>(*found.day))};
  if (!ymd.ok() || *found.year < 1 || *found.year > 9999) return std::nullopt;
  int time = found.time.value_or(0);
  if (found.pm && time < 12 * 3600) time += 12 * 3600;
  if (found.am && time >= 12 * 3600) time -= 12 * 3600;
  // More than a day from UTC is no zone (RFC 5322 §3.3 allows 9959): RFC 5256 §2.2, then it is UTC.
  int zone = found.zone.value_or(0);
  if (zone <= -24 * 60 || zone >= 24 * 60) zone = 0;
  std::int64_t days = chrono::sys_days(ymd).time_since_epoch().count();
  return Date{days * 86400 + time - zone * 60, zone};
}

std::string print_date(const Date& date) {
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view kNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  namespace chrono = std::chrono;
  std::int64_t local = date.seconds + date.zone_minutes * 60;
  std::int64_t days = local / 86400 - (local % 86400 < 0 ? 1 : 0);
  int second = static_cast<int>(local - days * 86400);
  chrono::sys_days day{chrono::days(days)};
  chrono::year_month_day ymd{day};
  int zone = std::abs(date.zone_minutes);
  return fmt::format(
      "{}, {} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}", kDays[chrono::weekday(day).c_encoding()],
      unsigned(ymd.day()), kNames[unsigned(ymd.month()) - 1], int(ymd.year()), second / 3600,
      second / 60 % 60, second % 60, date.zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}

}  // namespace posta::wire::message

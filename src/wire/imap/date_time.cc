#include "wire/imap/date_time.h"

#include <iterator>

#include <fmt/format.h>

#include "base/text.h"

namespace posta::wire::imap {

namespace {

using std::chrono::year_month_day;

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// From `least` to `most` digits.
Result<int> digits(Scanner& in, std::size_t least, std::size_t most) {
  std::size_t start = in.at();
  std::size_t taken = 0;
  std::string_view text = in.run([&](char c) { return is_digit(c) && taken++ < most; });
  if (text.size() < least) return in.refuse_at(start, "Not a date");
  return to_number<int>(text).value_or(0);
}

Result<std::chrono::month> date_month(Scanner& in) {
  std::size_t start = in.at();
  std::string_view word = in.run(is_alpha);
  for (unsigned i = 0; i < std::size(kMonths); ++i)
    if (equals_ignore_case(word, kMonths[i])) return std::chrono::month(i + 1);
  return in.refuse_at(start, "A month is Jan to Dec");
}

// date-text = date-day "-" date-month "-" date-year
Result<year_month_day> date_text(Scanner& in) {
  std::size_t start = in.at();
  TRY(int day, digits(in, 1, 2));
  TRY_VOID(in.expect('-'));
  TRY(auto month, date_month(in));
  TRY_VOID(in.expect('-'));
  TRY(int year, digits(in, 4, 4));
  year_month_day found(std::chrono::year(year), month,
                       std::chrono::day(static_cast<unsigned>(day)));
  if (!found.ok()) return in.refuse_at(start, "There is no such day");
  return found;
}

// time = 2DIGIT ":" 2DIGIT ":" 2DIGIT          60 is a leap second
Result<std::chrono::seconds> time_of_day(Scanner& in) {
  std::size_t start = in.at();
  TRY(int hours, digits(in, 2, 2));
  TRY_VOID(in.expect(':'));
  TRY(int minutes, digits(in, 2, 2));
  TRY_VOID(in.expect(':'));
  TRY(int seconds, digits(in, 2, 2));
  if (hours > 23 || minutes > 59 || seconds > 60) return in.refuse_at(start, "Not a time of day");
  return std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
}

// zone = ("+" / "-") 4DIGIT
Result<std::chrono::minutes> zone(Scanner& in) {
  std::size_t start = in.at();
  bool west = in.take('-');
  if (!west && !in.take('+')) return in.refuse("Not a zone: +0100");
  TRY(int hours, digits(in, 2, 2));
  TRY(int minutes, digits(in, 2, 2));
  if (hours > 23 || minutes > 59) return in.refuse_at(start, "Not a zone: +0100");
  auto east = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return west ? -east : east;
}

}  // namespace

Result<year_month_day> date(Scanner& in) {
  bool quoted = in.take('"');
  TRY(auto day, date_text(in));
  if (quoted) TRY_VOID(in.expect('"'));
  return day;
}

// date-day-fixed = (SP DIGIT) / 2DIGIT          INTEROP: a digit without its blank
Result<WallTime> date_time(Scanner& in) {
  TRY_VOID(in.expect('"'));
  in.blanks();
  TRY(auto day, date_text(in));
  TRY_VOID(in.space());
  TRY(auto time, time_of_day(in));
  TRY_VOID(in.space());
  TRY(auto east, zone(in));
  TRY_VOID(in.expect('"'));
  return WallTime(std::chrono::sys_days(day) + time - east);
}

void append_date(std::string& out, year_month_day day) {
  fmt::format_to(std::back_inserter(out), "{}-{}-{:04}", static_cast<unsigned>(day.day()),
                 kMonths[(static_cast<unsigned>(day.month()) - 1) % 12],
                 static_cast<int>(day.year()));
}

void append_date_time(std::string& out, WallTime time) {
  auto days = std::chrono::floor<std::chrono::days>(time);
  auto seconds = std::chrono::floor<std::chrono::seconds>(time - days).count();
  year_month_day day(days);
  char text[] = "\"DD-Mmm-YYYY hh:mm:ss +0000\"";
  auto two = [](char* at, std::int64_t n) {
    at[0] = static_cast<char>('0' + n / 10 % 10);
    at[1] = static_cast<char>('0' + n % 10);
  };
  unsigned d = static_cast<unsigned>(day.day());
  two(text + 1, d);
  if (d < 10) text[1] = ' ';
  kMonths[static_cast<unsigned>(day.month()) - 1].copy(text + 4, 3);
  int year = static_cast<int>(day.year());
  two(text + 8, year / 100);
  two(text + 10, year % 100);
  two(text + 13, seconds / 3600);
  two(text + 16, seconds / 60 % 60);
  two(text + 19, seconds % 60);
  out += text;
}

}  // namespace posta::wire::imap

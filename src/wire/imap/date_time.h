// date_time.h: dates as IMAP writes them (RFC 3501 §9 date, date-time).
//
//   date      = date-text / DQUOTE date-text DQUOTE         1-Feb-1994
//   date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
//               " 7-Feb-1994 21:52:25 -0800"
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "mail/time.h"
#include "wire/imap/scanner.h"

namespace posta::wire::imap {

Result<std::chrono::year_month_day> date(Scanner& in);
Result<WallTime> date_time(Scanner& in);

void append_date(std::string& out, std::chrono::year_month_day day);
void append_date_time(std::string& out, WallTime time);  // with its quotes, in UTC

}  // namespace posta::wire::imap

#include "app/admin_common.h"

namespace posta::app {

using runtime::Task;

Answer wrong(const Error& error) {
  return {1, "", "posta: " + error.what + "\n"};
}
Answer wrong(std::string what) {
  return {1, "", "posta: " + what + "\n"};
}

Answer said(bool json, const boost::json::value& value, std::string words) {
  return {0, json ? boost::json::serialize(value) + "\n" : std::move(words), ""};
}

// "none" takes a setting away.
std::optional<std::string> unless_none(const std::string& text) {
  if (text == "none") return std::nullopt;
  return text;
}

std::string time_text(WallTime time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z", int(date.year()),
                     unsigned(date.month()), unsigned(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

Task<Answer> administer(House& house, Request request) {
  AdminOptions options;
  if (auto usage = parse_admin(request.args, options)) co_return *usage;
  if (options.group == "account")
    co_return co_await account_command(house, options, std::move(request.input));
  if (options.group == "app-password") co_return co_await app_password_command(house, options);
  if (options.group == "domain") co_return co_await domain_command(house, options);
  if (options.group == "alias") co_return co_await alias_command(house, options);
  co_return co_await queue_command(house, options);
}

}  // namespace posta::app

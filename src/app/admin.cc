#include <algorithm>

#include "app/admin_common.h"
#include "ops/targets.h"

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

Answer page(const AdminOptions& options, const boost::json::array& list, std::string words,
            const std::string& none, const std::string& last) {
  Answer answer = said(options.json, list, list.empty() ? none + "\n" : std::move(words));
  if (list.size() >= options.limit) answer.more = last;
  return answer;
}

std::string time_text(WallTime time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z", int(date.year()),
                     unsigned(date.month()), unsigned(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

Task<Result<AccountId>> account_named(House& house, const std::string& text) {
  auto address = Address::parse(text);
  if (!address) co_return fail(Error::Kind::syntax, "not an address: " + text);
  CO_TRY(auto account, co_await house.directory().account(*address));
  if (!account) co_return fail(Error::Kind::not_found, "no account " + address->str());
  co_return account->id;
}

Task<> forgive_logins(House& house, Address account, Answer& answer) {
  auto done = co_await house.logins().forgive(std::move(account));
  if (!done)
    answer.err += "posta: warning: wrong passwords still count: " + done.error().what + "\n";
}

Task<> warn_of_targets(House& house, Address alias, std::vector<Address> targets, Answer& answer) {
  auto trouble = co_await ops::trouble_with(house.directory(), alias, std::move(targets));
  if (!trouble) co_return;
  for (const std::string& one : *trouble) answer.err += "posta: warning: " + one + "\n";
}

Task<> warn_of_dead_ends(House& house, Address gone, Answer& answer) {
  auto dead = co_await ops::dead_ends_at(house.directory(), std::move(gone));
  if (!dead) co_return;
  for (const std::string& one : *dead) answer.err += "posta: warning: " + one + "\n";
}

namespace {

// Bare names mean the default domain, as they do for logins: "ann" is ann@example.org.
Task<Result<>> complete_names(House& house, AdminOptions& options) {
  static const std::vector<std::string> kGroups = {"account", "app-password", "alias", "mailbox",
                                                   "undelete"};
  if (std::ranges::find(kGroups, options.group) == kGroups.end()) co_return Result<>();
  CO_TRY(auto system, co_await house.directory().system());
  if (system.default_domain.empty()) co_return Result<>();
  auto complete = [&](std::string& name) {
    if (!name.empty() && name.find('@') == std::string::npos)
      name += "@" + system.default_domain.str();
  };
  complete(options.name);
  if (options.group == "alias") std::ranges::for_each(options.targets, complete);
  co_return Result<>();
}

}  // namespace

Task<Answer> administer(House& house, Request request) {
  AdminOptions options;
  if (auto usage = parse_admin(request.args, options)) co_return *usage;
  auto completed = co_await complete_names(house, options);
  if (!completed) co_return wrong(completed.error());
  if (options.group == "account")
    co_return co_await account_command(house, options, std::move(request.input));
  if (options.group == "app-password") co_return co_await app_password_command(house, options);
  if (options.group == "domain") co_return co_await domain_command(house, options);
  if (options.group == "alias") co_return co_await alias_command(house, options);
  if (options.group == "mailbox") co_return co_await mailbox_command(house, options);
  if (options.group == "undelete") co_return co_await undelete_command(house, options);
  if (options.group == "status") co_return co_await status_command(house, options);
  if (options.group == "trace") co_return co_await trace_command(house, options);
  if (options.group == "checkpoint") co_return co_await checkpoint_command(house, options);
  co_return co_await queue_command(house, options);
}

}  // namespace posta::app

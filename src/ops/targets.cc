#include "ops/targets.h"

#include <fmt/format.h>

#include <set>

namespace posta::ops {

namespace {

constexpr std::size_t kFollowedMax = 1000;  // addresses; mta/route follows no more either
constexpr std::size_t kPage = 1000;         // aliases read at one time

}  // namespace

Address catch_all_of(const Domain& domain) {
  Address out;
  out.local = "*";
  out.domain = domain;
  return out;
}

Task<Result<std::string>> trouble_with(directory::Directory& directory, Address alias,
                                       std::vector<Address> targets) {
  std::set<std::string> seen;
  while (!targets.empty() && seen.size() < kFollowedMax) {
    Address next = std::move(targets.back());
    targets.pop_back();
    if (!seen.insert(next.str()).second) continue;
    CO_TRY(auto entry, co_await directory.look_up(next));
    if (std::holds_alternative<directory::Unknown>(entry))
      co_return next.str() + " does not exist here";
    if (std::holds_alternative<directory::Disabled>(entry))
      co_return next.str() + " is switched off";
    auto* led_on = std::get_if<directory::IsAlias>(&entry);
    if (!led_on) continue;
    // Whoever is unknown is caught, and by whom he is to be caught again.
    if (led_on->alias == alias)
      co_return alias.local == "*" ? next.str() + " does not exist here"
                                   : alias.str() + " leads back to itself";
    for (Address& target : led_on->targets) targets.push_back(std::move(target));
  }
  co_return std::string();
}

Task<Result<std::vector<std::string>>> dead_ends(directory::Directory& directory) {
  std::vector<std::string> out;
  CO_TRY(auto domains, co_await directory.domains());
  for (const auto& domain : domains) {
    if (!domain.catch_all) continue;
    CO_TRY(std::string trouble,
           co_await trouble_with(directory, catch_all_of(domain.name), {*domain.catch_all}));
    if (!trouble.empty())
      out.push_back(fmt::format("unknown names of {}: {}", domain.name.str(), trouble));
  }
  for (std::string after;;) {
    CO_TRY(auto aliases, co_await directory.aliases(after, kPage));
    for (const auto& alias : aliases) {
      CO_TRY(std::string trouble, co_await trouble_with(directory, alias.address, alias.targets));
      if (!trouble.empty()) out.push_back(alias.address.str() + ": " + trouble);
    }
    if (aliases.size() < kPage) co_return out;
    after = aliases.back().address.str();
  }
}

}  // namespace posta::ops

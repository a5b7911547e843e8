#include "ops/targets.h"

#include <cctype>
#include <functional>
#include <set>

#include "directory/fold.h"

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

namespace {

struct DeadEnd {
  Address target;
  std::string why;  // in words, beginning with the target
};

Task<Result<std::vector<DeadEnd>>> dead_ends_of(directory::Directory& directory, Address alias,
                                                std::vector<Address> targets) {
  std::vector<DeadEnd> out;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < targets.size() && seen.size() < kFollowedMax; ++i) {
    Address next = targets[i];
    if (!seen.insert(next.str()).second) continue;
    CO_TRY(auto entry, co_await directory.look_up(next));
    auto* led_on = std::get_if<directory::IsAlias>(&entry);
    if (std::holds_alternative<directory::Unknown>(entry)) {
      out.push_back({next, next.str() + " does not exist here"});
    } else if (std::holds_alternative<directory::Disabled>(entry)) {
      out.push_back({next, next.str() + " is switched off"});
    } else if (led_on && led_on->alias == alias) {
      // Whoever is unknown is caught, and by whom he is to be caught again.
      out.push_back({next, alias.local == "*" ? next.str() + " does not exist here"
                                              : alias.str() + " leads back to itself"});
    } else if (led_on) {
      targets.insert(targets.end(), led_on->targets.begin(), led_on->targets.end());
    }
  }
  co_return out;
}

// "info@example.org", or of a catch-all "unknown names of example.org".
std::string words_of(const Address& alias) {
  if (alias.local == "*") return "unknown names of " + alias.domain.str();
  return alias.str();
}

// The address, or one with a detail: "ann" and "ann+shop".
bool means(const Address& target, const Address& address) {
  if (target.domain != address.domain) return false;
  std::string written = directory::fold_local(target.local);
  std::string wanted = directory::fold_local(address.local);
  return written == wanted || (written.starts_with(wanted) &&
                               !std::isalnum(static_cast<unsigned char>(written[wanted.size()])));
}

// Of every catch-all and alias that has a target with `wanted(target)`.
Task<Result<std::vector<std::string>>> all_dead_ends(directory::Directory& directory,
                                                     std::function<bool(const Address&)> wanted) {
  std::vector<std::string> out;
  auto look = [&](Address alias, std::vector<Address> targets) -> Task<Result<>> {
    CO_TRY(auto dead, co_await dead_ends_of(directory, alias, std::move(targets)));
    for (const DeadEnd& one : dead)
      if (wanted(one.target)) out.push_back(words_of(alias) + ": " + one.why);
    co_return {};
  };
  CO_TRY(auto domains, co_await directory.domains());
  for (const auto& domain : domains)
    if (domain.catch_all)
      CO_TRY_VOID(co_await look(catch_all_of(domain.name), {*domain.catch_all}));
  for (std::string after;;) {
    CO_TRY(auto aliases, co_await directory.aliases(after, kPage));
    for (const auto& alias : aliases) CO_TRY_VOID(co_await look(alias.address, alias.targets));
    if (aliases.size() < kPage) co_return out;
    after = aliases.back().address.str();
  }
}

}  // namespace

Task<Result<std::vector<std::string>>> trouble_with(directory::Directory& directory, Address alias,
                                                    std::vector<Address> targets) {
  CO_TRY(auto dead, co_await dead_ends_of(directory, std::move(alias), std::move(targets)));
  std::vector<std::string> out;
  for (DeadEnd& one : dead) out.push_back(std::move(one.why));
  co_return out;
}

Task<Result<std::vector<std::string>>> dead_ends(directory::Directory& directory) {
  return all_dead_ends(directory, [](const Address&) { return true; });
}

Task<Result<std::vector<std::string>>> dead_ends_at(directory::Directory& directory,
                                                    Address address) {
  return all_dead_ends(directory, [address = std::move(address)](const Address& target) {
    return means(target, address);
  });
}

}  // namespace posta::ops

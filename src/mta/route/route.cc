#include "mta/route/route.h"

#include <algorithm>
#include <set>

namespace posta::mta {

namespace {

Reply no_such_user() {
  return {550, {5, 1, 1}, "No such user here"};
}  // RFC 5321 §3.6.2, RFC 3463 §3.2
Reply switched_off() {
  return {550, {5, 2, 1}, "This mailbox is disabled"};
}
Reply alias_loop() {
  return {550, {5, 4, 6}, "Aliases of this address form a loop"};
}
Reply too_many() {
  return {550, {5, 4, 6}, "This address expands to too many others"};
}

// One expansion: what is still to be looked up, and what came of the rest.
struct Expansion {
  struct Pending {
    Address address;
    std::size_t depth;
  };
  std::vector<Pending> pending;
  std::set<Address> seen;        // asked already: a second path to it adds nothing
  std::set<AccountId> accounts;  // each account gets one copy
  std::vector<Destination> found;

  // A branch that leads nowhere is a place too: who wrote there must learn of it.
  void refuse(Address address, Reply reply) {
    found.push_back({std::move(address), NoRoute{std::move(reply)}});
  }
  bool nobody() const {
    return std::ranges::all_of(
        found, [](const Destination& d) { return std::holds_alternative<NoRoute>(d.route); });
  }
};

void take_entry(Expansion& expansion, const Expansion::Pending& from, directory::Entry entry,
                const std::shared_ptr<const RelayHost>& relay) {
  if (std::holds_alternative<directory::NotLocal>(entry)) {
    // An alias may lead abroad; whether a stranger may name a foreign address is intake's rule.
    expansion.found.push_back({from.address, RemoteRoute{from.address.domain, relay}});
  } else if (std::holds_alternative<directory::Unknown>(entry)) {
    expansion.refuse(from.address, no_such_user());
  } else if (std::holds_alternative<directory::Disabled>(entry)) {
    expansion.refuse(from.address, switched_off());
  } else if (auto* account = std::get_if<directory::IsAccount>(&entry)) {
    if (expansion.accounts.insert(account->account.id).second)
      expansion.found.push_back(
          {from.address, LocalRoute{std::move(account->account), std::move(account->detail)}});
  } else {
    for (auto& target : std::get<directory::IsAlias>(entry).targets)
      expansion.pending.push_back({std::move(target), from.depth + 1});
  }
}

}  // namespace

Task<Result<std::vector<Destination>>> Router::resolve(Address address) {
  Expansion expansion;
  expansion.pending.push_back({std::move(address), 0});
  const Address first = expansion.pending.front().address;
  while (!expansion.pending.empty()) {
    Expansion::Pending next = std::move(expansion.pending.back());
    expansion.pending.pop_back();
    if (next.depth > limits_.alias_depth_max) {
      expansion.refuse(std::move(next.address), alias_loop());
      continue;
    }
    if (!expansion.seen.insert(next.address).second) continue;
    if (expansion.seen.size() > limits_.expansion_max) {
      expansion.found.clear();
      expansion.refuse(first, too_many());
      break;
    }
    auto entry = co_await directory_.look_up(next.address);
    if (!entry) co_return Failure(std::move(entry).error());
    take_entry(expansion, next, *std::move(entry), relay_);
  }
  if (expansion.found.empty()) expansion.refuse(first, alias_loop());
  if (directory::is_role(first.local) && expansion.nobody()) {
    CO_TRY(auto postmaster, co_await directory_.postmaster(first.domain));
    if (auto* account = std::get_if<directory::IsAccount>(&postmaster))
      co_return std::vector{Destination{first, LocalRoute{std::move(account->account), {}}}};
  }
  co_return std::move(expansion.found);
}

}  // namespace posta::mta

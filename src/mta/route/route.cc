#include "mta/route/route.h"

#include <set>

namespace posta::mta {

namespace {

Reply no_such_user() {
  return {550, {5, 1, 1}, "No such user here"};
}  // RFC 5321 §3.6.2, RFC 3463 §3.2
Reply switched_off() {
  return {550, {5, 2, 1}, "This mailbox is disabled"};
}
Reply not_ours() {
  return {550, {5, 7, 1}, "Relaying denied"};
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
  std::optional<Reply> refusal;  // the first reason why a branch led nowhere

  void refuse(Reply reply) {
    if (!refusal) refusal = std::move(reply);
  }
};

void take_entry(Expansion& expansion, const Expansion::Pending& from, directory::Entry entry,
                const std::shared_ptr<const RelayHost>& relay) {
  if (std::holds_alternative<directory::NotLocal>(entry)) {
    // An alias may lead abroad; whether a stranger may name a foreign address is intake's rule.
    expansion.found.push_back({from.address, RemoteRoute{from.address.domain, relay}});
  } else if (std::holds_alternative<directory::Unknown>(entry)) {
    expansion.refuse(no_such_user());
  } else if (std::holds_alternative<directory::Disabled>(entry)) {
    expansion.refuse(switched_off());
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
  Address first = expansion.pending.front().address;
  while (!expansion.pending.empty()) {
    Expansion::Pending next = std::move(expansion.pending.back());
    expansion.pending.pop_back();
    if (next.depth > limits_.alias_depth_max) {
      expansion.refuse(alias_loop());
      continue;
    }
    if (!expansion.seen.insert(next.address).second) {
      expansion.refuse(alias_loop());  // said only if nothing else is found
      continue;
    }
    if (expansion.seen.size() > limits_.expansion_max) {
      expansion.found.clear();
      expansion.refusal = too_many();
      break;
    }
    auto entry = co_await directory_.look_up(next.address);
    if (!entry) co_return Failure(std::move(entry).error());
    take_entry(expansion, next, *std::move(entry), relay_);
  }
  if (expansion.found.empty())
    expansion.found.push_back({first, NoRoute{expansion.refusal.value_or(not_ours())}});
  co_return std::move(expansion.found);
}

}  // namespace posta::mta

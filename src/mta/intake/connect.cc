// connect.cc: may this peer speak at all?

#include "mta/intake/events.h"
#include "mta/intake/intake.h"
#include "mta/intake/transaction.h"

namespace posta::mta {

namespace {

// Origins name an IPv6 address as the literals of RFC 5321 §4.1.3 do.
std::optional<net::IpAddress> address_of(std::string_view peer) {
  constexpr std::string_view kTag = "IPv6:";
  if (peer.starts_with(kTag)) peer.remove_prefix(kTag.size());
  auto address = net::IpAddress::parse(peer);
  if (!address) return std::nullopt;
  return *address;
}

}  // namespace

Intake::Intake(Deps deps, IntakeConfig config)
    : deps_(deps), allowance_(deps.store, deps.events), digests_(config.limits.digests_octets_max) {
  configure(std::move(config));
}

void Intake::configure(IntakeConfig config) {
  std::lock_guard lock(mutex_);
  config_ = &configs_.emplace_back(std::move(config));
}

Intake::~Intake() = default;

// RFC 5321 §3.1: 554 instead of 220, and then nothing but QUIT; or RFC 7504 §3: 521, and the end.
// How full the disk or the server is never decides here: that is said where it matters, to MAIL.
Task<std::optional<Reply>> Intake::connect(Origin origin) {
  const IntakeConfig& config = this->config();
  auto address = address_of(origin.peer);
  bool refused = address && std::ranges::any_of(config.refused_networks, [&](const auto& network) {
                   return network.contains(*address);
                 });
  if (!refused) co_return std::nullopt;
  Reply reply(config.refuse_at_once ? 521 : 554, {5, 7, 1},
              config.host.str() + " takes no mail from your network");
  events::connection_refused(deps_.events, origin, reply);
  co_return reply;
}

}  // namespace posta::mta

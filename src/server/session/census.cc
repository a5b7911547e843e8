#include "server/session/census.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/codec.h"

namespace posta::server {

namespace {

net::IpAddress counted_as(const net::IpAddress& address) {
  if (!address.is_v6()) return address;
  std::array<std::uint8_t, 16> network = address.octets();
  std::fill(network.begin() + 8, network.end(), 0);
  return net::IpAddress::v6(network);
}

}  // namespace

bool Hall::enter() {
  if (seats_.fetch_add(1, std::memory_order_relaxed) < seats_max_) return true;
  leave();
  return false;
}

Census::~Census() {
  CHECK(sessions_ == 0 && by_address_.empty());
}

void Census::set_limits(CensusLimits limits) {
  std::lock_guard lock(mutex_);
  limits_ = limits;
}

std::expected<Census::Seat, Census::Full> Census::enter(const net::IpAddress& address,
                                                        bool trusted) {
  net::IpAddress key = counted_as(address);
  std::lock_guard lock(mutex_);
  if (sessions_ >= limits_.sessions_max) return std::unexpected(Full::sessions);
  auto here = by_address_.find(key);
  const std::size_t seated = here == by_address_.end() ? 0 : here->second;
  if (!trusted && seated >= limits_.sessions_per_address_max) return std::unexpected(Full::address);
  if (hall_ && !hall_->enter()) return std::unexpected(Full::descriptors);
  ++by_address_[key];
  ++sessions_;
  return Seat(*this, key);
}

void Census::leave(const net::IpAddress& key) {
  std::lock_guard lock(mutex_);
  auto here = by_address_.find(key);
  CHECK(here != by_address_.end() && sessions_ > 0);
  --sessions_;
  if (--here->second == 0) by_address_.erase(here);
  if (hall_) hall_->leave();
}

std::size_t Census::sessions() const {
  std::lock_guard lock(mutex_);
  return sessions_;
}

// Milliseconds and a running number below them: two sessions of one millisecond differ.
std::string Census::new_session_id(WallTime now) {
  auto at_least = static_cast<std::uint64_t>(now.time_since_epoch().count()) << 12;
  std::uint64_t last = last_id_.load(std::memory_order_relaxed);
  std::uint64_t id;
  do {
    id = std::max(last + 1, at_least);
  } while (!last_id_.compare_exchange_weak(last, id, std::memory_order_relaxed));
  return base32_name(id);
}

}  // namespace posta::server

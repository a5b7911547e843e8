// census.h: how many sessions there are, in all and from one address.
//
// One for each service, shared by its loops. Whoever is let in holds a Seat until the session ends;
// who is not is told so (SMTP: 421 4.7.0, POP3: -ERR [SYS/TEMP]) and the connection is closed.
//
// What all services share is a Hall: every session holds a descriptor, and the store must never be
// left without.
//
// IPv6 hosts choose their last 64 bits as they like, so a /64 counts as one address.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/limits.h"
#include "mail/time.h"
#include "net/endpoint.h"

namespace posta::server {

struct CensusLimits {
  std::size_t sessions_max = 20'000;           // sessions of the service
  std::size_t sessions_per_address_max = 100;  // trusted networks are exempt
};

inline constexpr LimitInfo kCensusLimits[] = {
    {"sessions_max", "sessions", "421 4.7.0", "RFC 5321 §3.8"},
    {"sessions_per_address_max", "sessions", "421 4.7.0", "RFC 5321 §3.8"},
};

// How many sessions all services may have together. Any thread.
class Hall {
 public:
  explicit Hall(std::size_t seats_max = std::numeric_limits<std::size_t>::max())
      : seats_max_(seats_max) {}
  Hall(const Hall&) = delete;
  Hall& operator=(const Hall&) = delete;

  bool enter();
  void leave() { seats_.fetch_sub(1, std::memory_order_relaxed); }
  std::size_t seats_max() const { return seats_max_; }

 private:
  const std::size_t seats_max_;
  std::atomic<std::size_t> seats_ = 0;
};

class Census {
 public:
  // `hall` outlives it; null: the service has the host to itself.
  explicit Census(CensusLimits limits, Hall* hall = nullptr) : limits_(limits), hall_(hall) {}
  Census(const Census&) = delete;
  Census& operator=(const Census&) = delete;
  ~Census();  // every seat has been given back

  // Proof of having been let in. Any thread may give it back.
  class Seat {
   public:
    Seat(Seat&& other) noexcept
        : census_(std::exchange(other.census_, nullptr)), key_(other.key_) {}
    Seat& operator=(Seat&&) = delete;
    ~Seat() {
      if (census_) census_->leave(key_);
    }

   private:
    friend class Census;
    Seat(Census& census, net::IpAddress key) : census_(&census), key_(key) {}
    Census* census_;
    net::IpAddress key_;
  };

  // Which limit said no: that of the service, of one address, or of the hall.
  enum class Full { sessions, address, descriptors };

  // Any thread. The lock inside is held for one look at a map, never over a wait.
  std::expected<Seat, Full> enter(const net::IpAddress& address, bool trusted);
  std::size_t sessions() const;
  // For those who come later; nobody is put out. Any thread.
  void set_limits(CensusLimits limits);

  // Names a session in events: unique over restarts (as far as the clock does not jump back), grows
  // with time.
  std::string new_session_id(WallTime now);

 private:
  void leave(const net::IpAddress& key);

  mutable std::mutex mutex_;
  CensusLimits limits_;  // under mutex_
  Hall* const hall_;
  std::size_t sessions_ = 0;                          // under mutex_
  std::map<net::IpAddress, std::size_t> by_address_;  // under mutex_
  std::atomic<std::uint64_t> last_id_ = 0;
};

}  // namespace posta::server

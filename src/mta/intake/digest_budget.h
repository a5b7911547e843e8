// digest_budget.h: memory for the structure of messages that are being received, of all sessions.
//
// What a digest holds grows with the headers and parts of its message, up to some megabytes for one
// that is built to hurt. An ordinary message needs no share; large ones take theirs from one
// budget, and if that is used up they are put off. Any thread.
#pragma once

#include <atomic>
#include <utility>

#include "base/limits.h"

namespace posta::mta {

class DigestBudget {
 public:
  static constexpr Octets kFree = 64_KiB;  // of each message: not counted

  explicit DigestBudget(Octets octets_max) : octets_max_(octets_max) {}
  Octets used() const { return used_.load(std::memory_order_relaxed); }

  // What one message has taken; given back at its end.
  class Share {
   public:
    explicit Share(DigestBudget& budget) : budget_(budget) {}
    ~Share() { budget_.used_.fetch_sub(taken_, std::memory_order_relaxed); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // False: there is not so much left, and nothing more was taken.
    bool grow_to(Octets held) {
      const Octets wanted = held > kFree ? held - kFree : 0;
      if (wanted <= taken_) return true;
      const Octets more = wanted - taken_;
      if (budget_.used_.fetch_add(more, std::memory_order_relaxed) + more > budget_.octets_max_) {
        budget_.used_.fetch_sub(more, std::memory_order_relaxed);
        return false;
      }
      taken_ = wanted;
      return true;
    }

   private:
    DigestBudget& budget_;
    Octets taken_ = 0;
  };

 private:
  const Octets octets_max_;
  std::atomic<Octets> used_ = 0;
};

}  // namespace posta::mta

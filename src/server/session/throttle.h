// throttle.h: failures of one kind, by name: who fails too often must wait.
//
//   auto attempt = throttle.begin(key, now);     null: too many failures, come back later
//   ... is it true?
//   attempt->failed(now) / attempt->succeeded()  neither: it was not answered
//
// A name's failures count within a window that begins with the first of them; at `failures_max`
// nothing more is tried until the window has passed. Attempts that go on at the same time count
// too (a tenth), so that guesses made in parallel are not free.
//
// Bounded: the names that failed longest ago are forgotten. What is worth remembering over a
// restart lies in the store, in a fixed number of slots (docs/formats/keys.md, C/login), so a flood
// of names takes no more room there either: a slot keeps the name that failed last.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "mail/time.h"
#include "store/store.h"

namespace posta::server {

class Throttle {
 public:
  struct Limits {
    std::size_t failures_max = 20;
    std::chrono::seconds window{600};
    std::size_t entries_max = 100'000;
  };
  // `kind`: one octet, apart from those of other throttles in the store. `store` may be null.
  Throttle(char kind, Limits limits, store::Store* store);
  ~Throttle();  // no attempt is left

  // Attempts at one time for each failure that is still free.
  static constexpr std::size_t kAttemptsAFailure = 10;

  class Attempt {
   public:
    Attempt(Throttle& throttle, std::string key) : throttle_(&throttle), key_(std::move(key)) {}
    Attempt(Attempt&& other) noexcept
        : throttle_(std::exchange(other.throttle_, nullptr)), key_(std::move(other.key_)) {}
    Attempt& operator=(Attempt&& other) noexcept {
      std::swap(throttle_, other.throttle_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Attempt();
    void failed(WallTime now) { throttle_->note_failure(key_, now); }
    void succeeded() { throttle_->forget(key_); }

   private:
    Throttle* throttle_;
    std::string key_;
  };
  // Reads the store if the name is not known here. Error: the store could not answer.
  runtime::Task<Result<std::optional<Attempt>>> begin(std::string key, WallTime now);
  // The same for who is exempt from the limit: its failures count for the others.
  Attempt begin_exempt(std::string key);

  std::size_t entries() const;
  // For attempts that come later. Any thread.
  void set_limits(Limits limits);

  // C/login/: what a slot holds. Pure.
  struct Note {
    std::string digest;  // of the key, 16 octets
    std::uint64_t failures = 0;
    WallTime since;
    friend bool operator==(const Note&, const Note&) = default;
  };
  static std::string encode(const Note& note);
  static std::optional<Note> decode(std::string_view record);
  static constexpr std::size_t kSlots = 16'384;
  static constexpr std::size_t kNoteFrom = 3;  // failures: fewer are not worth a write

 private:
  struct Count {
    std::size_t failures = 0;
    std::size_t attempts = 0;  // going on now
    WallTime since;
    std::list<std::string>::iterator place;  // in order_
  };
  Count& find_or_make(const std::string& key);  // under mutex_
  void leave(const std::string& key);
  void note_failure(const std::string& key, WallTime now);
  void forget(const std::string& key);
  bool expired(const Count& count, WallTime now) const;
  std::string slot_key(std::string_view digest) const;
  static std::string digest_of(std::string_view key);

  const char kind_;
  store::Store* const store_;
  mutable std::mutex mutex_;
  Limits limits_;                                  // under mutex_
  std::unordered_map<std::string, Count> counts_;  // under mutex_
  std::list<std::string> order_;                   // under mutex_; the latest first
};

}  // namespace posta::server

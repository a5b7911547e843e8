// throttle.h: failures of one kind, by name: who fails too often must wait.
//
//   auto attempt = throttle.begin(key, now);     null: too many failures, come back later
//   ... is it true?
//   attempt->failed(now, from) / attempt->succeeded(from)     neither: it was not answered
//
// A name's failures count within a window that begins with the first of them; at `failures_max`
// nothing more is tried until the window has passed. Attempts that go on at the same time count
// too, so that guesses made in parallel are not free. A success forgets the failures that came from
// where it came from, and no others: an owner who looks for mail each minute does not keep a
// stranger's guessing alive.
//
// Bounded: the names that failed longest ago are forgotten. What is worth remembering over a
// restart lies in the store, in a fixed number of slots (docs/formats/keys.md, C/login), so a flood
// of names takes no more room there either: a slot keeps the name that failed last.
#pragma once

#include <list>
#include <map>
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
    // So many attempts under way count as a failure. More than one where many people share a name,
    // and come at once when a server starts anew: an address.
    std::size_t attempts_a_failure = 1;
  };
  // `kind`: one octet, apart from those of other throttles in the store. `store` may be null.
  Throttle(char kind, Limits limits, store::Store* store);
  ~Throttle();  // no attempt is left

  class Attempt {
   public:
    Attempt(Throttle& throttle, std::string key, bool exempt)
        : throttle_(&throttle), key_(std::move(key)), exempt_(exempt) {}
    Attempt(Attempt&& other) noexcept
        : throttle_(std::exchange(other.throttle_, nullptr)),
          key_(std::move(other.key_)),
          exempt_(other.exempt_) {}
    Attempt& operator=(Attempt&& other) noexcept {
      std::swap(throttle_, other.throttle_);
      std::swap(key_, other.key_);
      std::swap(exempt_, other.exempt_);
      return *this;
    }
    ~Attempt();
    void failed(WallTime now, std::string_view from = {}) {
      throttle_->note_failure(key_, now, from);
    }
    void succeeded(std::string_view from = {}) { throttle_->forget(key_, from); }

   private:
    Throttle* throttle_;
    std::string key_;
    bool exempt_;
  };
  // Reads the store if the name is not known here. Error: the store could not answer.
  runtime::Task<Result<std::optional<Attempt>>> begin(std::string key, WallTime now);
  // The same for who is exempt from the limit: its failures count for the others.
  Attempt begin_exempt(std::string key);

  // Until when the name is refused; nothing: it is not. Error as of begin().
  runtime::Task<Result<std::optional<WallTime>>> refused_until(std::string key, WallTime now);
  // Its failures are forgotten, here and in the store.
  runtime::Task<Result<>> forgive(std::string key);

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
    // Of them, those since the start, by where they came from: so many places at most as there may
    // be failures, and what is beyond is forgotten with the window only.
    std::map<std::string, std::size_t, std::less<>> from;
    std::size_t attempts = 0;  // going on now: the name stays
    std::size_t counted = 0;   // of them, those that are not exempt
    WallTime since;
    std::list<std::string>::iterator place;  // in order_
  };
  Count& find_or_make(const std::string& key);  // under mutex_
  // What the store has noted of a name.
  runtime::Task<Result<std::optional<Note>>> noted(std::string key);
  void leave(const std::string& key, bool exempt);
  void note_failure(const std::string& key, WallTime now, std::string_view from);
  void forget(const std::string& key, std::string_view from);
  bool expired(WallTime since, WallTime now) const;  // under mutex_
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

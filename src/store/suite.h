// suite.h: what every Store must do: one set of tests, run on each backend (*_test.cc of the
// backends instantiate it). Tests only.
//
// A World is a store with the means to run tasks on it, to let time pass, and to run out of space.
#pragma once

#include <gtest/gtest.h>

#include "runtime/nursery.h"
#include "store/store.h"

namespace posta::store::suite {

class World {
 public:
  virtual ~World() = default;
  virtual Store& store() = 0;
  virtual void run(Task<> task) = 0;
  virtual void advance(Duration duration) = 0;
  virtual void reopen() = 0;                             // closes it in order, and opens it again
  virtual void set_free(std::uint64_t octets) = 0;       // on the disk; 0: writes fail
  virtual std::unique_ptr<World> open_checkpoint() = 0;  // makes one, and opens it
};

// Seeded (SplitMix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

struct Backend {
  std::string name;
  std::function<std::unique_ptr<World>(Limits)> make;
};

class StoreSuite : public testing::TestWithParam<Backend> {
 protected:
  // The store of the test; made at its first use, with `limits` as they are then.
  World& world() {
    if (!world_) world_ = GetParam().make(limits);
    return *world_;
  }
  Store& store() { return world().store(); }
  void run(Task<> task) { world().run(std::move(task)); }

  Limits limits;

 private:
  std::unique_ptr<World> world_;
};

// Tests say what they expect with these; a failure of the store itself fails the test.
inline Task<Committed> committed(Store& store, Batch batch) {
  auto done = co_await store.commit(std::move(batch));
  if (!done) {
    ADD_FAILURE() << describe(done.error());
    co_return Committed{};
  }
  co_return std::move(*done);
}

inline Task<std::optional<std::string>> value_of(Store& store, std::string key) {
  auto snapshot = store.snapshot();
  auto value = co_await snapshot->get(key);
  if (!value) ADD_FAILURE() << describe(value.error());
  co_return value ? *value : std::nullopt;
}

// "key=value key=value ..." of everything in the range.
inline Task<std::string> listed(Store& store, Range range, std::size_t limit = 1000,
                                bool reverse = false) {
  auto snapshot = store.snapshot();
  auto pairs = co_await snapshot->scan(range, limit, reverse);
  if (!pairs) co_return describe(pairs.error());
  std::string out;
  for (const KeyValue& pair : *pairs) {
    if (!out.empty()) out += ' ';
    out += pair.key + '=' + pair.value;
  }
  co_return out;
}

// Octets that compress about as well as mail does; the same for the same seed.
inline std::string text(std::size_t octets, std::uint64_t seed = 1) {
  static constexpr std::string_view kWords[] = {"the ",   "letter ", "of ",      "which ", "you ",
                                                "wrote ", "is ",     "here\r\n", "and ",   "I "};
  std::string out;
  while (out.size() < octets) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    out += kWords[seed >> 33 & 7];
    if ((seed >> 40 & 3) == 0) out += static_cast<char>('a' + (seed >> 50) % 26);
  }
  out.resize(octets);
  return out;
}

// A body of these octets, finished.
inline Task<std::unique_ptr<BodyWriter>> body_of(Store& store, std::string octets,
                                                 std::size_t piece = 100'000) {
  auto body = store.new_body();
  for (std::size_t i = 0; i < octets.size(); i += piece) {
    auto wrote = co_await body->write(octets.substr(i, piece));
    if (!wrote) ADD_FAILURE() << describe(wrote.error());
  }
  auto finished = co_await body->finish();
  if (!finished) ADD_FAILURE() << describe(finished.error());
  co_return body;
}

// A head that is a number: the next uid of an account.
struct NumberHead final : Head {
  explicit NumberHead(std::uint64_t n) : number(n) {}
  std::uint64_t number;
};

inline std::uint64_t number_of(const std::shared_ptr<const Head>& head) {
  return static_cast<const NumberHead&>(*head).number;
}

}  // namespace posta::store::suite

// letters.h: the messages that the load program sends: each of its own, all of one size.
//
// The text is made of words of a made-up language whose frequencies fall as those of real ones do
// (Zipf), so that it compresses about as prose does (docs/bench.md says how much). There are
// kTexts different texts; Subject, Message-ID and Date differ in every message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace posta::bench {

class Letters {
 public:
  static constexpr std::size_t kTexts = 64;
  static constexpr std::size_t kOctetsMin = 700;  // the header and some text

  // Messages of `octets` octets, as they are on the wire less the final dot. `run` is a number that
  // makes the Message-IDs of this run different from those of other runs.
  Letters(std::size_t octets, std::uint64_t run);

  // Appends message `number`, dot-stuffed, with the dot that ends it (RFC 5321 §4.5.2).
  void append(std::string& out, std::uint64_t number) const;

 private:
  std::vector<std::string> texts_;
  std::size_t subject_, id_;  // where the number stands in each text
};

}  // namespace posta::bench

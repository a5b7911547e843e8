// ledger.h: what the clients know: only what a wire has told them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace posta::sim {

struct Letter {
  enum class Fate {
    unsure,    // no answer after the end of the data: it may be there, once
    accepted,  // 250
    refused,   // 4yz or 5yz, or never sent to its end: it is nowhere
  };
  unsigned number = 0;          // its Subject says "sim-<number>."
  std::string from;             // empty: the null reverse-path
  std::vector<std::string> to;  // RCPT answered 250
  std::string data;             // the message, lines end in CRLF
  Fate fate = Fate::refused;
  std::string queue_id;  // of what was accepted
};

struct Ledger {
  std::deque<Letter> letters;
  // By account: unique-ids that QUIT has removed, and what a unique-id names (a hash of the
  // octets).
  std::map<std::string, std::set<std::string>> removed;
  std::map<std::string, std::map<std::string, std::uint64_t>> named;
  // By account: passwords that it may have, the youngest last.
  std::map<std::string, std::vector<std::string>> passwords;
  // What no law allows. Each says what and where.
  std::vector<std::string> complaints;
  // How often something happened, so that a test can see that it did.
  std::map<std::string, unsigned> story;

  Letter& new_letter() {
    Letter& letter = letters.emplace_back();
    letter.number = static_cast<unsigned>(letters.size());
    return letter;
  }
};

}  // namespace posta::sim

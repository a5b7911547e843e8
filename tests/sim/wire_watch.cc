#include "sim/wire_watch.h"

#include <fmt/format.h>

#include "base/codec.h"

namespace posta::sim {

namespace {

// The middle of `secret` in base64 when `before` octets (0 to 2) of a group of three come first:
// what it looks like whatever stands around it (RFC 4648 section 4).
std::string inside_base64(const std::string& secret, std::size_t before) {
  std::string encoded = base64_encode(std::string(before, 'x') + secret);
  encoded.erase(encoded.find_last_not_of('=') + 1);
  const std::size_t of_others = (before * 8 + 5) / 6;  // characters that hold bits of `before`
  const std::size_t whole = (before + secret.size()) * 8 / 6;
  return encoded.substr(of_others, whole - of_others);
}

}  // namespace

WireWatch::WireWatch(net::sim::SimNetwork& network, Ledger& ledger, net::IpAddress stranger)
    : network_(network), ledger_(ledger), stranger_(stranger) {
  network_.watch([this](const auto& crossing) { see(crossing); });
}

void WireWatch::learn_new_passwords() {
  std::size_t known = 0;
  for (const auto& [account, passwords] : ledger_.passwords) known += passwords.size();
  if (known == std::exchange(known_, known)) return;
  for (const auto& [account, passwords] : ledger_.passwords) {
    for (const std::string& password : passwords) {
      CHECK(password.size() >= 9);
      needles_.insert(password);
      for (std::size_t before : {0u, 1u, 2u}) needles_.insert(inside_base64(password, before));
    }
  }
  for (const std::string& needle : needles_) longest_ = std::max(longest_, needle.size());
}

void WireWatch::see(const net::sim::SimNetwork::Crossing& crossing) {
  learn_new_passwords();
  const bool trusted = crossing.client.ip == stranger_ || crossing.client.ip.is_loopback();
  if (trusted && !crossing.answer) return;
  std::string& text = tails_[{crossing.link, crossing.answer}];
  text += crossing.octets;
  for (const std::string& needle : needles_) {
    if (text.find(needle) == std::string::npos) continue;
    ledger_.complaints.push_back(fmt::format("a password crossed in clear, {} {} at {}",
                                             crossing.answer ? "said to" : "said by",
                                             crossing.client.str(), crossing.server.str()));
    text.clear();
  }
  if (text.size() > longest_) text.erase(0, text.size() - longest_);
}

}  // namespace posta::sim

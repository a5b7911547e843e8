// message.h: what supervisor, server and helper say to each other, and the parser of it.
//
//   server -> supervisor    ready  stopping  alive  reloaded  refused TEXT
//   supervisor -> server    configuration [memory file]  listener INDEX TEXT [socket]  reload
//                           helper [channel]
//   server -> helper        ping  read_certificates  bind INDEX
//   helper -> server        pong  certificates [memory file]  listener INDEX [socket]  refused TEXT
//
// A message is one packet of kMessageOctets, always, with at most one descriptor:
//
//   octets 0-3    "PST1"
//   octet  4      kind
//   octet  5      length of the text, 0 to kTextOctetsMax
//   octets 6-7    0
//   octets 8-11   number, big-endian
//   octets 12-    the text, then zeros
//
// No message names a path, a user or a size that the reader would allocate. Both ends are the same
// program, so there is one version; a packet that is anything else is an Error, never obeyed in
// part.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "guard/descriptor.h"

namespace posta::guard {

enum class Kind : std::uint8_t {
  ready = 1,
  stopping,
  alive,
  reloaded,
  refused,
  configuration,
  listener,
  reload,
  helper,
  ping,
  pong,
  read_certificates,
  certificates,
  bind,
};
inline constexpr Kind kKindLast = Kind::bind;

inline constexpr std::size_t kMessageOctets = 256;
inline constexpr std::size_t kTextOctetsMax = kMessageOctets - 12;

struct Message {
  Kind kind = Kind::ping;
  std::uint32_t number = 0;
  std::string text;  // printing cuts it after kTextOctetsMax

  bool operator==(const Message&) const = default;
};

using Packet = std::array<char, kMessageOctets>;
Packet print_message(const Message& message);
Result<Message> parse_message(std::span<const char> packet);

// One end of a packet_pair().
class Channel {
 public:
  Channel() = default;
  explicit Channel(Descriptor end) : end_(std::move(end)) {}

  bool open() const { return end_.valid(); }
  int descriptor() const { return end_.get(); }
  Descriptor release() { return std::move(end_); }

  // Waits up to `patience` for room. Error{closed}: nobody is at the other end.
  Result<> send(const Message& message, int descriptor = -1);

  struct Received {
    Message message;
    Descriptor descriptor;  // not valid: none came
  };
  // Error{unavailable}: nothing is there yet. Error{closed}: the other end is gone.
  // Error{syntax}: a packet that is no message; it is consumed, its descriptors are closed.
  Result<Received> receive();
  // The same, waiting up to `patience`: Error{timeout}.
  Result<Received> receive_within(std::chrono::milliseconds patience);

  static constexpr std::chrono::milliseconds kSendPatience{5000};

 private:
  Descriptor end_;
};

}  // namespace posta::guard

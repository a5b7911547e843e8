#include "guard/message.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace posta::guard {

namespace {

constexpr std::string_view kMagic = "PST1";
constexpr std::size_t kHead = 12;

Failure malformed(std::string what, std::size_t at) {
  return fail(Error::Kind::syntax, std::move(what), at);
}

}  // namespace

Packet print_message(const Message& message) {
  Packet out{};
  std::string_view text = std::string_view(message.text).substr(0, kTextOctetsMax);
  std::ranges::copy(kMagic, out.begin());
  out[4] = static_cast<char>(message.kind);
  out[5] = static_cast<char>(text.size());
  for (int i = 0; i < 4; ++i)
    out[static_cast<std::size_t>(8 + i)] = static_cast<char>(message.number >> (24 - 8 * i));
  std::ranges::copy(text, out.begin() + kHead);
  return out;
}

Result<Message> parse_message(std::span<const char> packet) {
  if (packet.size() != kMessageOctets) return malformed("a message has another length", 0);
  std::string_view octets(packet.data(), packet.size());
  if (!octets.starts_with(kMagic)) return malformed("not a message", 0);
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(octets[i]); };
  Message out;
  if (at(4) < 1 || at(4) > static_cast<unsigned>(kKindLast))
    return malformed("a message of an unknown kind", 4);
  out.kind = static_cast<Kind>(at(4));
  std::size_t length = at(5);
  if (length > kTextOctetsMax) return malformed("the text of a message is too long", 5);
  if (at(6) != 0 || at(7) != 0) return malformed("a message with reserved octets", 6);
  for (std::size_t i = 8; i < 12; ++i) out.number = out.number << 8 | at(i);
  std::size_t junk = octets.find_first_not_of('\0', kHead + length);
  if (junk != octets.npos) return malformed("a message with octets after its text", junk);
  out.text = octets.substr(kHead, length);
  return out;
}

Result<> Channel::send(const Message& message, int descriptor) {
  Packet packet = print_message(message);
  iovec part{packet.data(), packet.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (descriptor >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  }
  for (;;) {
    if (sendmsg(end_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return {};
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET)
      return fail(Error::Kind::closed, "nobody is at the other end");
    if (errno != EAGAIN) return system_failure("send a message");
    pollfd room{end_.get(), POLLOUT, 0};
    int ready = poll(&room, 1, static_cast<int>(kSendPatience.count()));
    if (ready == 0) return fail(Error::Kind::timeout, "the other end does not listen");
  }
}

Result<Channel::Received> Channel::receive() {
  char packet[kMessageOctets + 1];  // one more, so that too long a packet is seen
  iovec part{packet, sizeof packet};
  alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t n;
  do {
    n = recvmsg(end_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n == 0 || (n < 0 && errno == ECONNRESET))
    return fail(Error::Kind::closed, "the other end is gone");
  if (n < 0 && errno == EAGAIN) return fail(Error::Kind::unavailable, "no message yet");
  if (n < 0) return system_failure("receive a message");

  Received out;
  int descriptors = 0;
  for (cmsghdr* one = CMSG_FIRSTHDR(&header); one; one = CMSG_NXTHDR(&header, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
    std::size_t count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i, ++descriptors) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(one) + i * sizeof fd, sizeof fd);
      out.descriptor = Descriptor(fd);  // owned from here, whatever is wrong with the rest
    }
  }
  if (descriptors > 1 || header.msg_flags & (MSG_CTRUNC | MSG_TRUNC))
    return malformed("a message that brings too much", 0);
  TRY(out.message, parse_message({packet, static_cast<std::size_t>(n)}));
  return out;
}

Result<Channel::Received> Channel::receive_within(std::chrono::milliseconds patience) {
  for (;;) {
    auto received = receive();
    if (received || !received.error().is(Error::Kind::unavailable)) return received;
    pollfd input{end_.get(), POLLIN, 0};
    int ready = poll(&input, 1, static_cast<int>(patience.count()));
    if (ready == 0) return fail(Error::Kind::timeout, "no answer in time");
    if (ready < 0 && errno != EINTR) return system_failure("wait for a message");
  }
}

}  // namespace posta::guard

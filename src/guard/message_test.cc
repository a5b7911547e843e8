#include "guard/message.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace posta::guard {
namespace {

using namespace std::chrono_literals;

struct Ends {
  Ends() {
    auto pair = packet_pair();
    EXPECT_TRUE(pair);
    here = Channel(std::move(pair->first));
    there = Channel(std::move(pair->second));
  }
  Channel here, there;
};

TEST(Message, EveryKindPrintsAndParsesBack) {
  for (unsigned kind = 1; kind <= static_cast<unsigned>(kKindLast); ++kind) {
    Message message{static_cast<Kind>(kind), 0xfedcba98, "smtp 192.0.2.1:25"};
    EXPECT_EQ(parse_message(print_message(message)), message);
  }
}

TEST(Message, ATextThatIsTooLongIsCut) {
  auto parsed = parse_message(print_message({Kind::refused, 0, std::string(1000, 'x')}));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text, std::string(kTextOctetsMax, 'x'));
}

TEST(Message, AnythingElseIsAnErrorAtTheOctetThatIsWrong) {
  struct Case {
    std::size_t octet;
    char value;
    std::size_t at;
  };
  const Packet good = print_message({Kind::pong, 7, "ab"});
  const Case cases[] = {
      {.octet = 0, .value = 'X', .at = 0},
      {.octet = 4, .value = 0, .at = 4},
      {.octet = 4, .value = static_cast<char>(static_cast<int>(kKindLast) + 1), .at = 4},
      {.octet = 5, .value = '\xff', .at = 5},
      {.octet = 5, .value = 1, .at = 13},  // the b is behind the text now
      {.octet = 6, .value = 1, .at = 6},
      {.octet = 7, .value = 1, .at = 6},
      {.octet = 255, .value = 1, .at = 255},
  };
  for (const auto& c : cases) {
    Packet packet = good;
    packet[c.octet] = c.value;
    auto parsed = parse_message(packet);
    ASSERT_FALSE(parsed) << c.octet;
    EXPECT_EQ(parsed.error().at, c.at) << c.octet;
  }
  for (std::size_t length : {std::size_t{0}, kMessageOctets - 1})
    EXPECT_FALSE(parse_message(std::span(good).first(length)));
}

TEST(Channel, MessagesArriveWholeAndInOrderWithTheirDescriptors) {
  Ends ends;
  auto file = to_memory_file("a certificate");
  ASSERT_TRUE(file);
  ASSERT_TRUE(ends.here.send({Kind::configuration, 1, ""}, file->get()));
  ASSERT_TRUE(ends.here.send({Kind::reload, 2, "x"}));
  auto first = ends.there.receive(), second = ends.there.receive();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->message, (Message{Kind::configuration, 1, ""}));
  EXPECT_EQ(from_memory_file(first->descriptor, 100), "a certificate");
  EXPECT_EQ(second->message, (Message{Kind::reload, 2, "x"}));
  EXPECT_FALSE(second->descriptor.valid());
  EXPECT_TRUE(ends.there.receive().error().is(Error::Kind::unavailable));
}

TEST(Channel, TheEndOfTheOtherSideIsSeenByBoth) {
  Ends ends;
  ends.there = Channel();
  EXPECT_TRUE(ends.here.receive().error().is(Error::Kind::closed));
  EXPECT_TRUE(ends.here.send({Kind::ping, 0, ""}).error().is(Error::Kind::closed));
}

TEST(Channel, WhatIsNoMessageIsConsumedAndTheNextOneIsRead) {
  Ends ends;
  std::string junk(kMessageOctets * 3, 'x');
  for (std::size_t length : {std::size_t{1}, kMessageOctets, junk.size()})
    ASSERT_EQ(write(ends.here.descriptor(), junk.data(), length), ssize_t(length));
  ASSERT_TRUE(ends.here.send({Kind::ping, 3, ""}));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ends.there.receive().error().is(Error::Kind::syntax));
  EXPECT_EQ(ends.there.receive()->message.number, 3u);
}

TEST(Channel, DescriptorsOfARefusedMessageAreClosed) {
  Ends ends;
  int before = dup(0);
  close(before);  // the lowest free number
  Packet packet = print_message({Kind::listener, 0, ""});
  iovec part{packet.data(), packet.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(3 * sizeof(int));
  const int fds[3] = {0, 0, 0};
  std::memcpy(CMSG_DATA(rights), fds, sizeof fds);
  ASSERT_GT(sendmsg(ends.here.descriptor(), &header, 0), 0);
  EXPECT_TRUE(ends.there.receive().error().is(Error::Kind::syntax));
  int after = dup(0);
  close(after);
  EXPECT_EQ(after, before) << "nothing is left open";
}

TEST(Channel, NobodyWaitsForEver) {
  Ends ends;
  EXPECT_TRUE(ends.there.receive_within(0ms).error().is(Error::Kind::timeout));
}

TEST(MemoryFile, OnlySealedAndShortOnesAreRead) {
  auto file = to_memory_file(std::string(1000, 'k'));
  ASSERT_TRUE(file);
  EXPECT_TRUE(from_memory_file(*file, 999).error().is(Error::Kind::limit));
  EXPECT_EQ(write(file->get(), "x", 1), -1) << "sealed";
  Descriptor null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(from_memory_file(null, 999).error().is(Error::Kind::corrupt));
}

}  // namespace
}  // namespace posta::guard

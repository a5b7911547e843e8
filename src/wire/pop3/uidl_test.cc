#include "wire/pop3/uidl.h"

#include <gtest/gtest.h>

#include "wire/pop3/limits.h"

namespace posta::wire::pop3 {
namespace {

TEST(UidlFormat, PrintsAsTheFormerServerDid) {
  struct Case {
    std::string_view pattern;
    std::string_view id;
  };
  const Case cases[] = {
      {kUidlPattern, "000000FF5F5E1000"}, {"%08xu%08xv", "000000ff5f5e1000"},
      {"%u.%v", "255.1600000000"},        {"UID%u-%v", "UID255-1600000000"},
      {"%v.%u", "1600000000.255"},        {"%Xu", "FF"},
      {"%012u", "000000000255"},          {"%%%u", "%255"},
  };
  for (const auto& c : cases) {
    auto format = UidlFormat::parse(c.pattern);
    ASSERT_TRUE(format) << c.pattern << ": " << format.error().what;
    EXPECT_EQ(format->print(Uid(255), UidValidity(1600000000)), c.id);
  }
}

// RFC 1939 §7: 1 to 70 characters from 0x21 to 0x7E, unique within the maildrop.
TEST(UidlFormat, WhatCannotBeAUniqueIdIsRefused) {
  for (std::string_view pattern :
       {"", "%v", "abc", "%", "%08", "%0u", "%021u", "%8u", "%q", "%X", "%u %v", "%u\x7f",
        "%u\xc3\xbc", "%u%v", "%u1%v", "%Xuab%v", "%u%08v", "%020u%020u%020u%020u"}) {
    auto format = UidlFormat::parse(pattern);
    ASSERT_FALSE(format) << pattern;
    EXPECT_TRUE(format.error().is(Error::Kind::config)) << pattern;
  }
  EXPECT_TRUE(UidlFormat::parse("%08Xu%v"));  // one of fixed length: no doubt where it ends
  EXPECT_TRUE(UidlFormat::parse("%u%08Xv"));
  EXPECT_TRUE(UidlFormat::parse("%u-%v"));
}

TEST(UidlFormat, TheLongestIdFits) {
  const std::string pattern = "%u-" + std::string(kUniqueIdOctetsMax - 11, 'x');
  auto format = UidlFormat::parse(pattern);
  ASSERT_TRUE(format);
  EXPECT_EQ(format->print(Uid(~0u), {}).size(), kUniqueIdOctetsMax);
  EXPECT_FALSE(UidlFormat::parse(pattern + "x"));
}

}  // namespace
}  // namespace posta::wire::pop3

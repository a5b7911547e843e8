#include "wire/imap/utf7.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace posta::wire::imap {
namespace {

TEST(Utf7, NamesAreReadAndWritten) {
  struct Case {
    std::string_view wire;
    std::string_view utf8;
  };
  const Case cases[] = {
      {"", ""},
      {"Sent Items", "Sent Items"},
      {"&-", "&"},
      {"Q&-A", "Q&A"},
      {"&-&-", "&&"},
      {"~peter/mail/&U,BTFw-/&ZeVnLIqe-",  // RFC 3501 §5.1.3
       "~peter/mail/\xE5\x8F\xB0\xE5\x8C\x97/\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"},
      {"Entw&APw-rfe", "Entw\xC3\xBCrfe"},
      {"&2D3eCQ-", "\xF0\x9F\x98\x89"},  // beyond 16 bits: a pair
      {"a&AAk-b", "a\tb"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(decode_utf7(c.wire), c.utf8) << c.wire;
    EXPECT_EQ(encode_utf7(c.utf8), c.wire) << c.wire;
  }
}

TEST(Utf7, PlainUtf8IsReadToo) {
  EXPECT_EQ(decode_utf7("Entw\xC3\xBCrfe"), "Entw\xC3\xBCrfe");
}

TEST(Utf7, WhatIsNotTheOneFormOfANameIsNone) {
  const std::string_view cases[] = {
      "&",              // no end
      "A&B",            // the same
      "&AP",            //
      "&AGE-",          // "a" needs no encoding
      "&ACo-",          // nor does "*": LIST would take it for a wildcard
      "&ACY-",          // nor "&": that is "&-"
      "&APx-",          // unused bits that are not zero
      "&AP-",           // not a whole character
      "&U,BTFw-&ZeVn-"  // two shifts that should be one
      "&2D0-",          // half a pair
      "&3gk-",          // the other half
      "&AP/8-",         // "/" is "," here
      "\xFF",           // neither
  };
  for (std::string_view name : cases) EXPECT_EQ(decode_utf7(name), std::nullopt) << name;
}

TEST(Utf7, AnyOctetsHaveANameThatReadsBackAsUtf8) {
  for (int c = 0; c < 256; ++c) {
    auto back = decode_utf7(encode_utf7(std::string(1, static_cast<char>(c)) + "&\xE2\x82\xAC"));
    ASSERT_TRUE(back) << c;
    EXPECT_TRUE(is_utf8(*back));
  }
}

}  // namespace
}  // namespace posta::wire::imap

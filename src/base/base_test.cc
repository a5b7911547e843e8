#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/codec.h"
#include "base/result.h"
#include "base/text.h"

namespace posta {
namespace {

TEST(Bytes, KeysSortAsTheirNumbers) {
  std::string previous;
  for (std::uint64_t n : {0ull, 1ull, 255ull, 256ull, 65535ull, 65536ull, ~0ull}) {
    std::string key;
    put_be64(key, n);
    EXPECT_EQ(get_be64(key), n);
    EXPECT_LE(previous, key);
    previous = key;
  }
}

TEST(Bytes, WhatAWriterWritesAReaderReads) {
  Writer w(1);
  w.number(0).number(127).number(128).number(~0ull).signed_number(-1).signed_number(INT64_MIN);
  w.text("hello").boolean(true).raw("tail");
  Reader r(w.str());
  EXPECT_EQ(r.octet(), 1);
  EXPECT_EQ(r.number(), 0u);
  EXPECT_EQ(r.number(), 127u);
  EXPECT_EQ(r.number(), 128u);
  EXPECT_EQ(r.number(), ~0ull);
  EXPECT_EQ(r.signed_number(), -1);
  EXPECT_EQ(r.signed_number(), INT64_MIN);
  EXPECT_EQ(r.text(), "hello");
  EXPECT_TRUE(r.boolean());
  EXPECT_EQ(r.raw(4), "tail");
  EXPECT_TRUE(r.done());
}

TEST(Bytes, AReaderRemembersItsFirstFailure) {
  Reader cut(
      "\x05"
      "abc");
  EXPECT_EQ(cut.text(), "");
  EXPECT_FALSE(cut.ok());
  EXPECT_EQ(cut.number(), 0u);
  std::string ones(10, '\xff');
  Reader overflow(ones);
  overflow.number();
  EXPECT_FALSE(overflow.ok());
}

TEST(Codec, Base64IsStrict) {
  struct Case {
    std::string_view text;
    std::optional<std::string> octets;
  };
  const Case cases[] = {
      // RFC 4648 §10
      {"", ""},
      {"Zg==", "f"},
      {"Zm8=", "fo"},
      {"Zm9v", "foo"},
      {"Zm9vYg==", "foob"},
      {"Zm9vYmE=", "fooba"},
      {"Zm9vYmFy", "foobar"},
      {"Zg=", {}},
      {"Zg", {}},
      {"Zh==", {}},
      {"Z===", {}},
      {"Zm 9v", {}},
      {"=m9v", {}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(base64_decode(c.text), c.octets) << c.text;
    if (c.octets) EXPECT_EQ(base64_encode(*c.octets), c.text);
  }
}

TEST(Codec, NamesOfNumbersReadBack) {
  for (std::uint64_t n : {0ull, 31ull, 32ull, 123456789ull, ~0ull})
    EXPECT_EQ(parse_base32_name(base32_name(n)), n);
  EXPECT_EQ(parse_base32_name(""), std::nullopt);
  EXPECT_EQ(parse_base32_name("U"), std::nullopt);
  EXPECT_EQ(parse_base32_name("ZZZZZZZZZZZZZ"), std::nullopt);
}

TEST(Codec, Crc32cOfTheStandardVector) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
}

TEST(Text, Utf8IsWellFormedOrNot) {
  EXPECT_TRUE(is_utf8("gr\xc3\xbc\xc3\x9f"));
  EXPECT_TRUE(is_utf8("\xf0\x9f\x93\xae"));
  EXPECT_FALSE(is_utf8("\xc0\x80"));          // overlong
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(is_utf8("\xe2\x82"));          // cut
}

TEST(Text, WhatIsPrintableIsOneLineAndWhatItSeems) {
  const std::pair<std::string, std::string> cases[] = {
      {"plain, and Gr\u00fc\u00dfe \u65e5\u672c \U0001F4EE",
       "plain, and Gr\u00fc\u00dfe \u65e5\u672c \U0001F4EE"},
      {"a\r\n\tb\x7f", "a\\x0d\\x0a\\x09b\\x7f"},
      {std::string("\0", 1), "\\x00"},
      {"\u0080\u009b\u009f\u00a0", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\u00a0"},  // C1; a space is none
      {"\u2027\u2028\u2029", "\u2027\\xe2\\x80\\xa8\\xe2\\x80\\xa9"},        // separators
      {"\u202a\u202e\u202f", "\\xe2\\x80\\xaa\\xe2\\x80\\xae\u202f"},  // embeddings, overrides
      {"\u2065\u2066\u2069\u206a", "\u2065\\xe2\\x81\\xa6\\xe2\\x81\\xa9\u206a"},  // isolates
      {"\u061c\u200e\u200f", "\\xd8\\x9c\\xe2\\x80\\x8e\\xe2\\x80\\x8f"},          // marks
      {"\x9b"
       "1m\xe2\x80",
       "\\x9b1m\\xe2\\x80"},  // no UTF-8
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(printable(text), shown);
}

TEST(Text, AMistypedWordFindsItsNeighbour) {
  EXPECT_EQ(closest("hostnme", {"hostname", "domain"}), "hostname");
  EXPECT_EQ(closest("lsit", {"set", "list"}), "list");
  EXPECT_EQ(closest("foo", {"tool"}), std::nullopt);
  EXPECT_EQ(closest("zzzz", {"hostname", "domain"}), std::nullopt);
}

TEST(Text, NumbersAreWholeOrNothing) {
  EXPECT_EQ(to_number<int>("42"), 42);
  EXPECT_EQ(to_number<int>("42 "), std::nullopt);
  EXPECT_EQ(to_number<std::uint8_t>("256"), std::nullopt);
  EXPECT_EQ(to_number<int>(""), std::nullopt);
}

}  // namespace
}  // namespace posta

#include <gtest/gtest.h>

#include "wire/smtp/data_decoder.h"
#include "wire/smtp/data_encoder.h"

namespace posta::wire::smtp {
namespace {

struct Decoded {
  std::string message;
  std::string rest;  // what was left: the next command
  bool done = false;
  bool mixed = false;
  Content content;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

Decoded decode(std::string_view octets, const DecoderOptions& options, std::size_t step) {
  DataDecoder decoder(options);
  Decoded out;
  while (!octets.empty() && !decoder.done() && !decoder.mixed()) {
    std::string_view input = octets.substr(0, step);
    const std::size_t before = input.size();
    for (std::string_view part; !(part = decoder.take(input)).empty();) out.message += part;
    octets.remove_prefix(before - input.size());
  }
  out.rest = decoder.mixed() ? "" : octets;
  out.done = decoder.done();
  out.mixed = decoder.mixed();
  out.content = decoder.content();
  return out;
}

Decoded decode(std::string_view octets, const DecoderOptions& options = {}) {
  Decoded whole = decode(octets, options, octets.size() + 1);
  for (std::size_t step : {1, 2, 3, 5})
    EXPECT_EQ(decode(octets, options, step).message, whole.message) << "cut by " << step;
  EXPECT_EQ(decode(octets, options, 1), whole);
  return whole;
}

TEST(DataDecoder, UndoesDotsAndEndsAtTheDot) {
  struct Case {
    std::string_view octets;
    std::string_view message;
    std::string_view rest = "";
  };
  const Case cases[] = {
      // RFC 5321 §4.5.2
      {"Subject: a\r\n\r\nhello\r\n.\r\n", "Subject: a\r\n\r\nhello\r\n"},
      {"..\r\n.\r\n", ".\r\n"},
      {".From: a\r\n\r\n.x\r\n..x\r\n...\r\n.\r\n", "From: a\r\n\r\nx\r\n.x\r\n..\r\n"},
      {"a.\r\n.\r\n", "a.\r\n"},
      {".\r\n", ""},
      {"\r\n.\r\n", "\r\n"},
      {"a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n"},
      {"a\r\n.\r\n.\r\n", "a\r\n", ".\r\n"},
      {".\r\n.\r\n", "", ".\r\n"},
  };
  for (const auto& c : cases) {
    Decoded seen = decode(c.octets);
    EXPECT_TRUE(seen.done) << c.octets;
    EXPECT_EQ(seen.message, c.message) << c.octets;
    EXPECT_EQ(seen.rest, c.rest) << c.octets;
    EXPECT_FALSE(seen.content.bare_line_ends()) << c.octets;
    EXPECT_EQ(seen.content.octets, c.message.size()) << c.octets;
  }
}

// SMTP smuggling: none of these ends the data, the command behind it is part of the message, and
// the bare line end is found. Each stands for one pair of servers that once read it differently.
TEST(DataDecoder, NothingButCrlfDotCrlfEndsTheData) {
  const std::string_view tricks[] = {
      "\n.\n",     "\n.\r\n",     "\r\n.\n",     "\r.\r",         "\r.\n",          "\r\n.\r",
      "\r.\r\n",   "\n.\r",       "\r\n.\r\r\n", "\r\r\n.\r\r\n", "\r\n.\rX\n",     "\n\r.\n\r",
      "\n\r.\r\n", "\r\n\r.\r\n", "\r\n\n.\r\n", "\r\n.\n\r\n",   "\n..\n",         "\n.\n.\n",
      "\r\r.\r\r", "\r\n\r.\r",   "\n\n.\n\n",   "\r\n.\r\r",     "\r\n.\rRSET\r\n"};
  for (std::string_view trick : tricks) {
    const std::string octets = "Subject: a\r\n\r\nhello" + std::string(trick) +
                               "MAIL FROM:<evil@example.net>\r\nRCPT TO:<ann@example.org>\r\n" +
                               "DATA\r\nevil\r\n.\r\nQUIT\r\n";
    Decoded seen = decode(octets);
    EXPECT_TRUE(seen.done) << testing::PrintToString(trick);
    EXPECT_EQ(seen.rest, "QUIT\r\n") << testing::PrintToString(trick);
    EXPECT_TRUE(seen.content.bare_line_ends()) << testing::PrintToString(trick);
    EXPECT_NE(seen.message.find("MAIL FROM:<evil"), std::string::npos);

    Decoded clean = decode(octets, {.normalise = true});
    EXPECT_EQ(clean.rest, "QUIT\r\n") << testing::PrintToString(trick);
    EXPECT_TRUE(clean.content.bare_line_ends());
    EXPECT_EQ(clean.content.octets, clean.message.size());
    for (std::size_t i = 0; i < clean.message.size(); ++i) {
      if (clean.message[i] == '\r') EXPECT_EQ(clean.message[i + 1], '\n');
      if (clean.message[i] == '\n') EXPECT_EQ(clean.message[i - 1], '\r');
    }
  }
  for (std::string_view trick : {"\0.\r\n", "\r\n.\0\r\n", "\r\n .\r\n", "\r\n. \r\n"}) {
    Decoded seen = decode("a" + std::string(trick) + "b\r\n.\r\nQUIT\r\n");
    EXPECT_EQ(seen.rest, "QUIT\r\n");
  }
}

TEST(DataDecoder, NormalisedLineEndsAreCrlf) {
  struct Case {
    std::string_view octets;
    std::string_view message;
  };
  const Case cases[] = {
      {"a\nb\r\n.\r\n", "a\r\nb\r\n"},
      {"a\rb\r\n.\r\n", "a\r\nb\r\n"},
      {"a\r\r\n.\r\n", "a\r\n\r\n"},
      {"a\n\nb\r\n.\r\n", "a\r\n\r\nb\r\n"},
      {"a\n.\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"},  // the dot is text and stays
      {"a\n..\nb\r\n.\r\n", "a\r\n..\r\nb\r\n"},
      {"a\r\n.\nb\r\n.\r\n", "a\r\n\r\nb\r\n"},
      {"a\r\n.\rb\r\n.\r\n", "a\r\n\r\nb\r\n"},
      {"\n\r\r\n.\r\n", "\r\n\r\n\r\n"},
  };
  for (const auto& c : cases) {
    Decoded seen = decode(c.octets, {.normalise = true});
    EXPECT_TRUE(seen.done);
    EXPECT_EQ(seen.message, c.message) << testing::PrintToString(c.octets);
    EXPECT_EQ(seen.content.octets, c.message.size());
    EXPECT_TRUE(seen.content.bare_line_ends());
  }
}

TEST(DataDecoder, ByHandLinesEndInLf) {
  const DecoderOptions by_hand{.line_ends = LineEnds::bare_lf};
  Decoded seen = decode("Subject: a\n\n..hello\n.\nquit\n", by_hand);
  EXPECT_TRUE(seen.done);
  EXPECT_EQ(seen.message, "Subject: a\r\n\r\n.hello\r\n");
  EXPECT_EQ(seen.rest, "quit\n");
  EXPECT_FALSE(seen.content.bare_line_ends());
  EXPECT_EQ(seen.content.octets, seen.message.size());
  EXPECT_EQ(decode(".\n", by_hand).message, "");
  EXPECT_TRUE(decode("a\rb\n.\n", by_hand).content.bare_cr);
}

TEST(DataDecoder, CrlfByHandIsMixing) {
  for (std::string_view octets :
       {"a\r\nb\n.\n", "a\n.\r\nMAIL FROM:<evil@example.net>\n", "\r\n"}) {
    Decoded seen = decode(octets, {.line_ends = LineEnds::bare_lf});
    EXPECT_TRUE(seen.mixed) << octets;
    EXPECT_FALSE(seen.done) << octets;
    EXPECT_EQ(seen.rest, "") << octets;  // nothing behind it is obeyed
  }
}

TEST(DataDecoder, FindsWhatAMessageIsLike) {
  struct Case {
    std::string what;
    std::string octets;
    Content content;
  };
  const std::string full(998, 'x');
  const Case cases[] = {
      {"plain", "a\r\n.\r\n", {.octets = 3}},
      {"8 bit", "\xc3\xbc\r\n.\r\n", {.octets = 4, .eight_bit = true}},
      {"NUL", std::string("a\0\r\n.\r\n", 7), {.octets = 4, .nul = true}},
      {"bare CR", "a\rb\r\n.\r\n", {.octets = 5, .bare_cr = true}},
      {"bare LF", "a\nb\r\n.\r\n", {.octets = 5, .bare_lf = true}},
      {"LF at once", "\nb\r\n.\r\n", {.octets = 4, .bare_lf = true}},
      {"998 octets", full + "\r\n.\r\n", {.octets = 1000}},  // RFC 5321 §4.5.3.1.6
      {"998 and a dot doubled", "." + full + "\r\n.\r\n", {.octets = 1000}},
      {"999 octets", "x" + full + "\r\n.\r\n", {.octets = 1001, .long_line = true}},
      {"the last line", "a\r\nx" + full + "\r\n.\r\n", {.octets = 1004, .long_line = true}},
      {"many lines", full + "\r\n" + full + "\r\n.\r\n", {.octets = 2000}},
  };
  for (const auto& c : cases) {
    Decoded seen = decode(c.octets);
    EXPECT_EQ(seen.content, c.content) << c.what;
    EXPECT_EQ(decode(c.octets, {}, 999).content, c.content) << c.what;
  }
}

// RFC 1870 §6.3: the refusal comes after the end of the data.
TEST(DataDecoder, AMessageTooBigIsSwallowedToItsTrueEnd) {
  const DecoderOptions options{.message_octets_max = 10};
  DataDecoder fits(options);
  std::string_view input = "12345678\r\n.\r\nQUIT\r\n";
  std::string message;
  for (std::string_view part; !(part = fits.take(input)).empty();) message += part;
  EXPECT_FALSE(fits.too_big());
  EXPECT_EQ(message, "12345678\r\n");

  DataDecoder big(options);
  input = "123456789\r\n.\nHELP\r\nmore\r\n.\r\nQUIT\r\n";
  while (!big.take(input).empty()) {
  }
  EXPECT_TRUE(big.too_big());
  EXPECT_TRUE(big.done());
  EXPECT_EQ(input, "QUIT\r\n");
  EXPECT_TRUE(big.content().bare_lf);

  DataDecoder dripped(options);
  std::size_t given = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string_view octet = "x";
    given += dripped.take(octet).size();
  }
  EXPECT_EQ(given, 10u);  // never more than the limit
}

TEST(DataDecoder, AMessageWithoutDotsComesInOneSlice) {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "a line of text\r\n";
  std::string octets = lines + ".\r\n";
  std::string_view input = octets;
  DataDecoder decoder;
  EXPECT_EQ(decoder.take(input), lines);
  EXPECT_EQ(decoder.take(input), "");
  EXPECT_TRUE(decoder.done());
}

TEST(BdatDecoder, TakesWhatTheCountsSay) {
  BdatDecoder decoder;
  decoder.begin_chunk(5, false);
  std::string_view input = "a\r\n.\r\nb\r\nQUIT";
  EXPECT_EQ(decoder.take(input), "a\r\n.\r");
  EXPECT_TRUE(decoder.chunk_done());
  EXPECT_FALSE(decoder.done());
  EXPECT_EQ(decoder.take(input), "");  // what follows is a command
  decoder.begin_chunk(4, true);
  EXPECT_FALSE(decoder.done());
  EXPECT_EQ(decoder.take(input), "\nb\r\n");
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(input, "QUIT");
  EXPECT_FALSE(decoder.content().bare_line_ends());
  EXPECT_EQ(decoder.content().octets, 9u);
}

TEST(BdatDecoder, MayEndWithAnEmptyChunk) {
  BdatDecoder decoder;
  decoder.begin_chunk(2, false);
  std::string_view input = "a\r";
  EXPECT_EQ(decoder.take(input), "a\r");
  decoder.begin_chunk(0, true);
  EXPECT_TRUE(decoder.done());
  EXPECT_TRUE(decoder.content().bare_cr);
}

TEST(BdatDecoder, FindsAndNormalisesBareLineEnds) {
  struct Case {
    std::vector<std::string_view> chunks;
    std::string_view message;
  };
  const Case cases[] = {
      {{"a\nb\rc\r\n"}, "a\r\nb\r\nc\r\n"},
      {{"a\r", "\nb"}, "a\r\nb"},  // a CRLF over two chunks is one
      {{"a\r", "b"}, "a\r\nb"},
      {{"a\r"}, "a\r\n"},
      {{"a\r", ""}, "a\r\n"},
      {{"\n.\n"}, "\r\n.\r\n"},
  };
  for (const auto& c : cases) {
    BdatDecoder decoder({.normalise = true});
    std::string message;
    for (std::size_t i = 0; i < c.chunks.size(); ++i) {
      decoder.begin_chunk(c.chunks[i].size(), i + 1 == c.chunks.size());
      std::string_view input = c.chunks[i];
      for (std::string_view part; !(part = decoder.take(input)).empty();) message += part;
    }
    EXPECT_TRUE(decoder.done());
    EXPECT_EQ(message, c.message);
    EXPECT_EQ(decoder.content().octets, message.size());
    EXPECT_EQ(decoder.content().bare_line_ends(),
              c.chunks.front() != "a\r" || c.chunks.size() == 1 || !c.chunks[1].starts_with('\n'));
  }
}

TEST(BdatDecoder, AMessageTooBigIsSwallowed) {
  BdatDecoder decoder({.message_octets_max = 4});
  decoder.begin_chunk(6, true);
  std::string_view input = "123456QUIT";
  EXPECT_EQ(decoder.take(input), "");
  EXPECT_TRUE(decoder.done());
  EXPECT_TRUE(decoder.too_big());
  EXPECT_EQ(input, "QUIT");
}

std::string encode(std::string_view message, std::size_t step) {
  DataEncoder encoder;
  std::string out;
  while (!message.empty()) {
    std::string_view piece = message.substr(0, step);
    message.remove_prefix(piece.size());
    for (std::string_view part; !(part = encoder.take(piece)).empty();) out += part;
  }
  return out.append(encoder.finish());
}

TEST(DataEncoder, DoublesDotsAndNeverSendsABareLineEnd) {
  struct Case {
    std::string_view message;
    std::string_view octets;
  };
  const Case cases[] = {
      {"", ".\r\n"},
      {"a\r\n", "a\r\n.\r\n"},
      {"a", "a\r\n.\r\n"},
      {".\r\n", "..\r\n.\r\n"},
      {"a\r\n.b\r\n..\r\n", "a\r\n..b\r\n...\r\n.\r\n"},
      {"a.b\r\n", "a.b\r\n.\r\n"},
      {"a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r\r\n", "a\r\n\r\n.\r\n"},
      {"a\r", "a\r\n.\r\n"},
      {"\n", "\r\n.\r\n"},
      {"\r\n.\r\nQUIT\r\n", "\r\n..\r\nQUIT\r\n.\r\n"},
  };
  for (const auto& c : cases)
    for (std::size_t step : {1, 2, 3, 100})
      EXPECT_EQ(encode(c.message, step), c.octets) << testing::PrintToString(c.message) << step;
}

}  // namespace
}  // namespace posta::wire::smtp

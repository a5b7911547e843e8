#include "server/imap/section.h"

namespace posta::server::imap {
namespace {

using What = wire::imap::Section::What;

constexpr std::string_view kPrefix = "Return-Path: <>\r\n";
constexpr std::string_view kMessage =
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "one\r\n"
    "--b\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: inner\r\n"
    "\r\n"
    "two\r\n"
    "--b--\r\n";

std::string section(std::string_view message, std::vector<std::uint32_t> part, What what) {
  auto digest = wire::message::digest_of(message);
  wire::imap::Section wanted;
  wanted.part = std::move(part);
  wanted.what = what;
  auto range = range_of(wanted, digest.header_size(), digest, kPrefix.size());
  if (!range) return "NIL";
  return (std::string(kPrefix) + std::string(message)).substr(range->offset, range->length);
}

TEST(Section, PartsAreWhereTheirOwnerSeesThem) {
  EXPECT_EQ(section(kMessage, {}, What::whole), std::string(kPrefix) + std::string(kMessage));
  EXPECT_EQ(section(kMessage, {}, What::header),
            std::string(kPrefix) + "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
  EXPECT_EQ(section(kMessage, {}, What::text).substr(0, 5), "--b\r\n");
  EXPECT_EQ(section(kMessage, {1}, What::whole), "one");
  EXPECT_EQ(section(kMessage, {1}, What::mime), "Content-Type: text/html\r\n\r\n");
  EXPECT_EQ(section(kMessage, {2}, What::header), "Subject: inner\r\n\r\n");
  EXPECT_EQ(section(kMessage, {2}, What::text), "two");
  EXPECT_EQ(section(kMessage, {2, 1}, What::whole), "two");
  EXPECT_EQ(section(kMessage, {2, 1}, What::mime), "Subject: inner\r\n\r\n");
  EXPECT_EQ(section(kMessage, {1}, What::header), "NIL");
  EXPECT_EQ(section(kMessage, {3}, What::whole), "NIL");
}

// RFC 3501 §6.4.5: "Every message has at least one part number."
TEST(Section, AMessageThatIsNoMultipartHasPartOne) {
  constexpr std::string_view kPlain = "Subject: x\r\n\r\nbody";
  EXPECT_EQ(section(kPlain, {1}, What::whole), "body");
  EXPECT_EQ(section(kPlain, {1}, What::mime), std::string(kPrefix) + "Subject: x\r\n\r\n");
  EXPECT_EQ(section(kPlain, {2}, What::whole), "NIL");
}

TEST(Section, APartialIsCutAtTheEnd) {
  auto is = [](Range range, std::uint64_t offset, std::uint64_t length) {
    return range.offset == offset && range.length == length;
  };
  EXPECT_TRUE(is(cut({10, 5}, {0, 100}), 10, 5));
  EXPECT_TRUE(is(cut({10, 5}, {3, 1}), 13, 1));
  EXPECT_TRUE(is(cut({10, 5}, {5, 1}), 15, 0));
  EXPECT_TRUE(is(cut({10, 5}, {~0ull, ~0ull}), 15, 0));
}

TEST(Section, FieldsAreSelectedWithTheirFoldingAndTheBlankLine) {
  constexpr std::string_view kHeader = "A: 1\r\nb: 2\r\n folded\r\nA: 3\r\nC: 4\r\n\r\n";
  auto selected = [](std::string_view header, const std::vector<std::string>& names, bool others) {
    const wire::message::FieldNames prepared(names);
    std::string out, in_steps;
    FieldSelection whole(header, prepared, others), steps(header, prepared, others);
    EXPECT_FALSE(whole.put(out, 1000));
    while (steps.put(in_steps, 1)) {
    }
    EXPECT_EQ(in_steps, out);
    end_fields(out);
    return out;
  };
  EXPECT_EQ(selected(kHeader, {"B", "a"}, false), "A: 1\r\nb: 2\r\n folded\r\nA: 3\r\n\r\n");
  EXPECT_EQ(selected(kHeader, {"A", "B"}, true), "C: 4\r\n\r\n");
  EXPECT_EQ(selected("", {"A"}, false), "\r\n");
  EXPECT_EQ(selected("A: cut", {"A"}, false), "A: cut\r\n\r\n");
}

// A command may name a thousand fields, and a header have hundreds of thousands.
TEST(Section, ManyNamesCostNoMoreThanFew) {
  std::string header;
  for (int i = 0; i < 300'000; ++i) header += "x:\n";
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("x-" + std::string(50, 'a') + std::to_string(i));
  const wire::message::FieldNames prepared(names);
  std::string out;
  FieldSelection selection(header, prepared, false);
  int steps = 0;
  while (selection.put(out, 500)) ++steps;
  EXPECT_EQ(steps, 600);
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace posta::server::imap

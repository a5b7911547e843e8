// The digest: structure, ENVELOPE, BODYSTRUCTURE, limits, records.

#include "wire/message/digest.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/bytes.h"
#include "base/codec.h"
#include "wire/message/digest_laws.h"
#include "wire/message/text_of.h"
#include "wire/message/transfer.h"

namespace posta::wire::message {
namespace {

std::string crlf(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

// "multipart/mixed(text/plain message/rfc822(text/html))"
std::string tree(const Digest& d, std::uint32_t index = 0) {
  const Part& p = d.parts[index];
  std::string out = p.type + "/" + p.subtype;
  if (p.end == index + 1) return out;
  out += "(";
  for (std::uint32_t i = index + 1; i < p.end; i = d.parts[i].end)
    out += (i == index + 1 ? "" : " ") + tree(d, i);
  return out + ")";
}

std::string body_of(std::string_view message, const Part& p) {
  return std::string(message.substr(p.body_start, p.body_size()));
}

TEST(Digest, StructureIsWhatTheDelimitersSay) {
  struct Case {
    std::string_view claim, message, tree;
  };
  const Case cases[] = {
      {"nothing at all", "", "text/plain"},
      {"only a header", "Subject: x\n", "text/plain"},
      {"no header", "\nbody\n", "text/plain"},
      {"a type without subtype is text/plain (RFC 2045 §5.2)", "Content-Type: text\n\nx",
       "text/plain"},
      {"two parts",
       "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/html\n\ny\n"
       "--b--\n",
       "multipart/mixed(text/plain text/html)"},
      {"the first Content-Type counts",
       "Content-Type: text/html\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n",
       "text/html"},
      {"no closing delimiter", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n",
       "multipart/mixed(text/plain)"},
      {"blanks after a delimiter are padding (RFC 2046 §5.1.1)",
       "Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\nx\n--b--  \n--b\n\ny\n",
       "multipart/mixed(text/plain)"},
      {"an outer delimiter ends inner parts (RFC 2046 §5.1.2)",
       "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; "
       "boundary=b\n\n--b\n\nx\n--a\n\ny\n--a--\n",
       "multipart/mixed(multipart/mixed(text/plain) text/plain)"},
      {"of two boundaries that fit, the longer",
       "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; "
       "boundary=ab\n\n--ab\n\nx\n--ab\n\ny\n--ab--\n--a--\n",
       "multipart/mixed(multipart/mixed(text/plain text/plain))"},
      {"parts of a digest are messages (RFC 2046 §5.1.5)",
       "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b\nContent-Type: "
       "text/plain\n\nz\n--b--\n",
       "multipart/digest(message/rfc822(text/plain) text/plain)"},
      {"messages in messages",
       "Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nContent-Type: "
       "text/html\n\nx",
       "message/rfc822(message/rfc822(text/html))"},
      {"a multipart without boundary is text (RFC 2045 §5.2)",
       "Content-Type: multipart/mixed\n\n--b\n\nx\n--b--\n", "text/plain"},
      {"a multipart without parts is text", "Content-Type: multipart/mixed; boundary=b\n\nx\n",
       "text/plain"},
      {"a multipart that only closes is text",
       "Content-Type: multipart/mixed; boundary=b\n\nx\n--b--\n", "text/plain"},
      {"a delimiter ends a header",
       "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\ny\n--b--",
       "multipart/mixed(text/html text/plain)"},
      {"a delimiter ends a message that has only begun",
       "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n--b--",
       "multipart/mixed(message/rfc822(text/plain))"},
      {"a quoted boundary with specials",
       "Content-Type: multipart/mixed; boundary=\"=_(b) :/\"\n\n--=_(b) :/\n\nx\n--=_(b) :/--",
       "multipart/mixed(text/plain)"},
      {"an extended boundary",
       "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\n\n--ab\n\nx\n--ab--",
       "multipart/mixed(text/plain)"},
  };
  for (const Case& c : cases) {
    for (const std::string& message : {std::string(c.message), crlf(c.message)}) {
      Digest d = digest_of(message);
      EXPECT_EQ(tree(d), c.tree) << c.claim;
      EXPECT_EQ(broken_law(d), "") << c.claim;
      EXPECT_EQ(broken_law_of_kept(d, message), "") << c.claim;
      for (std::uint64_t seed = 0; seed < 20; ++seed)
        EXPECT_TRUE(d == digest_of_pieces(message, seed)) << c.claim;
    }
  }
}

constexpr std::string_view kNested =
    "From: Bob <bob@example.net>\r\n"
    "Subject: outer\r\n"
    "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
    "\r\n"
    "preamble\r\n"
    "--b\r\n"
    "\r\n"
    "one\r\ntwo\r\n"
    "\r\n--b\r\n"
    "Content-Type: message/rfc822\r\n"
    "Content-Description: forwarded\r\n"
    "\r\n"
    "From: Ann <ann@example.org>\r\n"
    "Subject: inner\r\n"
    "Content-Type: multipart/alternative; boundary=c\r\n"
    "\r\n"
    "--c\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain\r\n--c\r\n"
    "Content-Type: text/html\r\nContent-ID: <h@x>\r\n\r\n<p>html</p>\r\n--c--\r\n"
    "--b\r\n"
    "Content-Type: application/pdf; name=a.pdf\r\n"
    "Content-Transfer-Encoding: BASE64\r\n"
    "Content-Disposition: attachment; filename*=utf-8''%C3%A4.pdf\r\n"
    "Content-Language: de, en\r\n"
    "Content-Location: http://x/\r\n"
    "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n"
    "\r\n"
    "JVBERg==\r\n"
    "--b--\r\n"
    "epilogue\r\n";

TEST(Digest, OffsetsAndLinesAreThoseOfTheParts) {
  Digest d = digest_of(kNested);
  EXPECT_EQ(tree(d),
            "multipart/mixed(text/plain message/rfc822(multipart/alternative(text/plain "
            "text/html)) application/pdf)");
  EXPECT_EQ(body_of(kNested, d.parts[1]), "one\r\ntwo\r\n");
  EXPECT_EQ(d.parts[1].lines, 2u);
  EXPECT_TRUE(body_of(kNested, d.parts[2]).starts_with("From: Ann"));
  EXPECT_TRUE(body_of(kNested, d.parts[2]).ends_with("--c--"));
  EXPECT_EQ(d.parts[3].header_start, d.parts[2].body_start);
  EXPECT_EQ(body_of(kNested, d.parts[4]), "plain");
  EXPECT_EQ(d.parts[4].lines, 0u);
  EXPECT_EQ(body_of(kNested, d.parts[5]), "<p>html</p>");
  EXPECT_EQ(octets_of(d.parts[6], kNested), "%PDF");
  EXPECT_EQ(filename(d.parts[6]), "\u00e4.pdf");
  EXPECT_TRUE(is_attachment(d.parts[6]) && !is_attachment(d.parts[1]));
  EXPECT_EQ(kNested.substr(d.parts[6].header_start).substr(0, 16), "Content-Type: ap");
  EXPECT_EQ(d.preview, "one two");
}

TEST(Digest, BodystructureIsThatOfRfc3501) {
  Digest d = digest_of(kNested);
  EXPECT_EQ(d.bodystructure,
            "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"us-ascii\") NIL NIL \"7BIT\" 10 2 NIL NIL NIL NIL)"
            "(\"MESSAGE\" \"RFC822\" NIL NIL \"forwarded\" \"7BIT\" 220 "
            "(NIL \"inner\" ((\"Ann\" NIL \"ann\" \"example.org\")) ((\"Ann\" NIL \"ann\" "
            "\"example.org\")) ((\"Ann\" NIL \"ann\" \"example.org\")) NIL NIL NIL NIL NIL) "
            "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"utf-8\") NIL NIL \"7BIT\" 5 0 NIL NIL NIL NIL)"
            "(\"TEXT\" \"HTML\" NIL \"<h@x>\" NIL \"7BIT\" 11 0 NIL NIL NIL NIL)"
            " \"ALTERNATIVE\" (\"BOUNDARY\" \"c\") NIL NIL NIL) 13 NIL NIL NIL NIL)"
            "(\"APPLICATION\" \"PDF\" (\"NAME\" \"a.pdf\") NIL NIL \"BASE64\" 8 "
            "\"Q2hlY2sgSW50ZWdyaXR5IQ==\" (\"ATTACHMENT\" (\"FILENAME*\" \"utf-8''%C3%A4.pdf\")) "
            "(\"de\" \"en\") \"http://x/\")"
            " \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL NIL)");
  EXPECT_EQ(print_body(digest_of("Content-Type: text/html\r\n\r\nx\r\n"), false),
            "(\"TEXT\" \"HTML\" NIL NIL NIL \"7BIT\" 3 1)");
}

TEST(Digest, SectionsAreNumberedAsInRfc3501) {
  Digest d = digest_of(kNested);
  struct Case {
    std::vector<std::uint32_t> section;
    int part;  // -1: none
  };
  const Case cases[] = {
      {{}, 0},   {{1}, 1},  {{2}, 2},     {{2, 1}, 4},  {{2, 2}, 5},     {{3}, 6},
      {{4}, -1}, {{0}, -1}, {{1, 1}, -1}, {{2, 3}, -1}, {{2, 1, 1}, -1}, {{3, 1}, -1},
  };
  for (const Case& c : cases) {
    const Part* p = find_part(d, c.section);
    EXPECT_EQ(p ? static_cast<int>(p - d.parts.data()) : -1, c.part);
  }
  Digest plain = digest_of("Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny");
  const std::uint32_t one[] = {1, 1};
  EXPECT_EQ(find_part(plain, std::span(one, 1)), &plain.parts[0]);
  EXPECT_EQ(find_part(plain, one), &plain.parts[1]);
}

TEST(Digest, EnvelopeIsThatOfRfc3501) {
  struct Case {
    std::string_view header, envelope;
  };
  const Case cases[] = {
      {"\n", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"},
      {"Date:\nSubject: \nFrom:\nMessage-ID: <1@x>\nIn-Reply-To:\n\n",
       "(\"\" \"\" NIL NIL NIL NIL NIL NIL \"\" \"<1@x>\")"},  // §7.4.2: present but empty
      {"From: a@b.c\nSender:\nReply-To: d@e.f\nTo: g@h.i, Jo <j@k.l>\n\n",
       "(NIL NIL ((NIL NIL \"a\" \"b.c\")) ((NIL NIL \"a\" \"b.c\")) ((NIL NIL \"d\" \"e.f\")) "
       "((NIL NIL \"g\" \"h.i\")(\"Jo\" NIL \"j\" \"k.l\")) NIL NIL NIL NIL)"},
      {"To: Friends: a@b.c;, root\nTo: z@y.x\n\n",  // RFC 5322 §4.5.3: two fields, one list
       "(NIL NIL NIL NIL NIL ((NIL NIL \"Friends\" NIL)(NIL NIL \"a\" \"b.c\")(NIL NIL NIL NIL)"
       "(NIL NIL \"root\" \"\")(NIL NIL \"z\" \"y.x\")) NIL NIL NIL NIL)"},
      {"Subject: say \"hi\" \\o/\n\n",
       "(NIL \"say \\\"hi\\\" \\\\o/\" NIL NIL NIL NIL NIL NIL NIL NIL)"},
      {"Subject: =?utf-8?q?=C3=BC?=\n folded\n\n",
       "(NIL \"=?utf-8?q?=C3=BC?= folded\" NIL NIL NIL NIL NIL NIL NIL NIL)"},
      {"Subject: gr\u00fc\u00df\n\n",  // RFC 6532: as it is
       "(NIL {6}\r\ngr\u00fc\u00df NIL NIL NIL NIL NIL NIL NIL NIL)"},
      {"Cc: <@a,@b:c@d.e>\n\n",
       "(NIL NIL NIL NIL NIL NIL ((NIL \"@a,@b\" \"c\" \"d.e\")) NIL NIL NIL)"},
  };
  for (const Case& c : cases) EXPECT_EQ(digest_of(crlf(c.header)).envelope, c.envelope) << c.header;
}

TEST(Digest, WhatIsSortedAndThreadedIsRead) {
  Digest d = digest_of(
      "Date: Sat, 21 Nov 2026 05:14:51 +0100\r\nFrom: =?utf-8?q?J=C3=B6rg?= <j@x.y>\r\n"
      "Subject: Re: [l] =?utf-8?q?gr=C3=BC=C3=9F?=\r\nMessage-ID: <3@x>\r\n"
      "In-Reply-To: Your mail <2@x> of <today>\r\nReferences: <1@x>\r\n <2@ x>\r\n\r\n");
  EXPECT_EQ(d.subject, "Re: [l] gr\u00fc\u00df");
  EXPECT_EQ(d.base_subject, "gr\u00fc\u00df");
  EXPECT_TRUE(d.reply_or_forward);
  EXPECT_EQ(d.from, "J\u00f6rg");
  EXPECT_EQ(d.date, (Date{1795234491, 60}));
  EXPECT_EQ(d.message_id, hash_message_id("3@x"));
  EXPECT_EQ(d.references,
            (std::vector<std::uint64_t>{hash_message_id("<1@x>"), hash_message_id("2@x")}));
  EXPECT_EQ(d.in_reply_to, (std::vector<std::uint64_t>{hash_message_id("2@x")}));
}

TEST(Digest, PreviewIsTheFirstTextAPersonWouldRead) {
  struct Case {
    std::string_view claim, message, preview;
  };
  const Case cases[] = {
      {"plain", "\nHello\n\n  world \n", "Hello world"},
      {"quoted-printable in latin-1",
       "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: "
       "quoted-printable\n\ngr=FC=\n=DF\n",
       "gr\u00fc\u00df"},
      {"html",
       "Content-Type: text/html\n\n<head><title>t</title></head><style>p{}</style>"
       "<p>One&nbsp;&amp;<b>two</b></p><!-- c -->three &#x263a; a<b\n",
       "One &two three \u263a a"},
      {"html if the plain text is blank",
       "Content-Type: multipart/alternative; boundary=b\n\npre\n--b\n\n \n--b\nContent-Type: "
       "text/html\n\n<p>x</p>\n--b--",
       "x"},
      {"attachments are no preview",
       "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment\n\nno\n"
       "--b\n\nyes\n--b--",
       "yes"},
      {"nor are embedded messages",
       "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n\nno\n"
       "--b\n\nyes\n--b--",
       "yes"},
      {"a multipart without parts shows its text",
       "Content-Type: multipart/mixed; boundary=b\n\nlost text\n", "lost text"},
      {"nothing", "Content-Type: image/png\n\nx", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(digest_of(c.message).preview, c.preview) << c.claim;
  std::string long_text = "\n";
  for (int i = 0; i < 300; ++i) long_text += "\u65e5";
  Limits few;  // a character that a limit cuts does not change the charset that is guessed
  few.preview_octets_max = 8;
  EXPECT_EQ(digest_of(long_text, few).preview, "\u65e5\u65e5");
  EXPECT_EQ(digest_of(long_text).preview.size(), 200u * 3);  // RFC 8970: 200 characters
}

TEST(Digest, BeyondEachLimitTheRestIsOpaque) {
  Limits limits;
  limits.parts_max = 3;
  std::string parts = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 9; ++i) parts += "--b\r\n\r\nx\r\n";
  Digest d = digest_of(parts + "--b--\r\n", limits);
  EXPECT_EQ(d.parts.size(), 3u);
  EXPECT_EQ(d.parts[2].body_end, d.size);

  limits = {};
  limits.depth_max = 3;
  std::string deep;
  for (int i = 0; i < 9; ++i) deep += "Content-Type: message/rfc822\r\n\r\n";
  EXPECT_EQ(tree(digest_of(deep, limits)),
            "message/rfc822(message/rfc822(application/octet-stream))");

  limits = {};
  limits.fields_max = 2;
  d = digest_of("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", limits);
  ASSERT_EQ(d.fields.size(), 3u);
  EXPECT_EQ(d.fields[2].name, FieldName::nameless);
  EXPECT_EQ(d.fields[2].length, 12u);

  limits = {};
  limits.header_octets_max = 20;
  d = digest_of("Subject: abc\r\nFrom: somebody@example.org\r\nTo: x@y\r\n\r\nbody", limits);
  EXPECT_EQ(d.subject, "abc");
  EXPECT_EQ(broken_law(d), "");
  EXPECT_EQ(d.envelope.find("x@y"), std::string::npos);

  limits = {};
  limits.headers_octets_max = 60;
  std::string two =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
      "text/html\r\n\r\nx\r\n--b--\r\n";
  EXPECT_EQ(tree(digest_of(two)), "multipart/mixed(text/html)");
  EXPECT_EQ(tree(digest_of(two, limits)), "multipart/mixed(text/plain)");

  limits = {};
  limits.parameters_max = 1;
  limits.value_octets_max = 3;
  d = digest_of("Content-Type: text/html; a=12345; b=2\r\n\r\n", limits);
  EXPECT_EQ(d.parts[0].parameters, (std::vector<Parameter>{{"a", "123", false}}));

  limits = {};
  limits.addresses_max = 1;
  limits.references_max = 2;
  d = digest_of("To: a@b, c@d\r\nReferences: <1> <2> <3> <4>\r\n\r\n", limits);
  EXPECT_EQ(d.envelope, "(NIL NIL NIL NIL NIL ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL)");
  EXPECT_EQ(d.references, (std::vector<std::uint64_t>{hash_message_id("1"), hash_message_id("4")}));

  limits = {};
  limits.preview_octets_max = 5;
  EXPECT_EQ(digest_of("\r\n123456789", limits).preview, "12345");
  limits.preview_characters_max = 2;
  EXPECT_EQ(digest_of("\r\n123456789", limits).preview, "12");

  std::string boundary(kBoundaryOctetsMax + 1, 'b');
  EXPECT_EQ(tree(digest_of("Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" +
                           boundary + "\r\n\r\nx")),
            "text/plain");
}

// docs/formats/digest.md. A change here is a change of the format.
constexpr std::string_view kGolden =
    "02c202b50107ad0128225361742c203231204e6f7620323032362030353a31343a3531202b30313030222022"
    "52653a2068656c6c6f2220282822416e6e22204e494c2022616e6e2220226578616d706c652e6f7267222929"
    "20282822416e6e22204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e22204e"
    "494c2022616e6e2220226578616d706c652e6f7267222929204e494c204e494c204e494c204e494c20223c32"
    "40783e2229c70128282254455854222022504c41494e222028224348415253455422202275732d6173636969"
    "2229204e494c204e494c2022374249542220332030204e494c204e494c204e494c204e494c292822494d4147"
    "45222022504e4722204e494c204e494c204e494c2022424153453634222034204e494c202822415454414348"
    "4d454e542220282246494c454e414d45222022612e706e67222929204e494c204e494c2920224d4958454422"
    "202822424f554e44415259222022622229204e494c204e494c204e494c290348692e0952653a2068656c6c6f"
    "040503416e6ef6ea88b00d78494eb996f62821261507821d882789148a138c130005782d6f776e0a8d2ba901"
    "46726f6d3a20416e6e203c616e6e406578616d706c652e6f72673e0d0a446174653a205361742c203231204e"
    "6f7620323032362030353a31343a3531202b303130300d0a5375626a6563743a2052653a2068656c6c6f0d0a"
    "4d6573736167652d49443a203c3240783e0d0a5265666572656e6365733a203c3140783e0d0a436f6e74656e"
    "742d547970653a206d756c7469706172742f6d697865643b20626f756e646172793d620d0a01502f1ab312da"
    "ea940003010300b5018d010a096d756c746970617274056d697865640437626974010008626f756e64617279"
    "01620101ba01020300047465787405706c61696e0437626974010007636861727365740875732d6173636969"
    "0801c6016f040005696d61676503706e67066261736536340a6174746163686d656e7401000866696c656e61"
    "6d6505612e706e67";

// Version 1, which had no kept fields.
constexpr std::string_view kGoldenBefore =
    "01c202b50107ad0128225361742c203231204e6f7620323032362030353a31343a3531202b30313030222022"
    "52653a2068656c6c6f2220282822416e6e22204e494c2022616e6e2220226578616d706c652e6f7267222929"
    "20282822416e6e22204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e22204e"
    "494c2022616e6e2220226578616d706c652e6f7267222929204e494c204e494c204e494c204e494c20223c32"
    "40783e2229c70128282254455854222022504c41494e222028224348415253455422202275732d6173636969"
    "2229204e494c204e494c2022374249542220332030204e494c204e494c204e494c204e494c292822494d4147"
    "45222022504e4722204e494c204e494c204e494c2022424153453634222034204e494c202822415454414348"
    "4d454e542220282246494c454e414d45222022612e706e67222929204e494c204e494c2920224d4958454422"
    "202822424f554e44415259222022622229204e494c204e494c204e494c290348692e0952653a2068656c6c6f"
    "040503416e6ef6ea88b00d78494eb996f62821261507021d082709140a130c130005782d6f776e0a0d2b0150"
    "2f1ab312daea940003010300b5018d010a096d756c746970617274056d697865640437626974010008626f75"
    "6e6461727901620101ba01020300047465787405706c61696e0437626974010007636861727365740875732d"
    "61736369690801c6016f040005696d61676503706e67066261736536340a6174746163686d656e7401000866"
    "696c656e616d6505612e706e67";

constexpr std::string_view kGoldenMessage =
    "From: Ann <ann@example.org>\r\n"
    "Date: Sat, 21 Nov 2026 05:14:51 +0100\r\n"
    "Subject: Re: hello\r\n"
    "Message-ID: <2@x>\r\n"
    "References: <1@x>\r\n"
    "X-Own: 1\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\n\r\nHi.\r\n"
    "--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n";

TEST(Record, TheGoldenRecordIsWrittenAndReadUnchanged) {
  Digest d = digest_of(kGoldenMessage);
  ASSERT_EQ(hex_encode(encode(d)), kGolden);
  auto octets = hex_decode(kGolden);
  ASSERT_TRUE(octets);
  auto back = decode(*octets);
  ASSERT_TRUE(back) << describe(back.error());
  EXPECT_TRUE(*back == d);
}

TEST(Record, OneOfTheVersionBeforeIsReadAndKeepsNoField) {
  auto octets = hex_decode(kGoldenBefore);
  ASSERT_TRUE(octets);
  auto back = decode(*octets);
  ASSERT_TRUE(back) << describe(back.error());
  Digest d = digest_of(kGoldenMessage);
  d.kept.clear();
  for (FieldRange& f : d.fields) f.kept = false;
  EXPECT_TRUE(*back == d);
  auto view = DigestView::open(*octets);
  std::string out;
  EXPECT_FALSE(view->put_fields(FieldNames({"subject"}), out));
  EXPECT_TRUE(view->put_fields(FieldNames({"cc"}), out));  // the index says that there is none
  EXPECT_EQ(out, "");
}

TEST(Record, AViewReadsWithoutDecoding) {
  Digest d = digest_of(kGoldenMessage);
  std::string record = encode(d);
  auto view = DigestView::open(record);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->envelope(), d.envelope);
  EXPECT_EQ(view->bodystructure(), d.bodystructure);
  EXPECT_EQ(view->preview(), "Hi.");
  EXPECT_EQ(view->base_subject(), "hello");
  EXPECT_TRUE(view->reply_or_forward());
  EXPECT_EQ(view->from(), "Ann");
  EXPECT_EQ(view->size(), kGoldenMessage.size());
  EXPECT_EQ(view->header_size(), d.header_size());
  EXPECT_EQ(view->date(), (Date{1795234491, 60}));
  EXPECT_EQ(view->message_id(), hash_message_id("2@x"));
  EXPECT_EQ(*view->body(), print_body(d, false));
  std::string names;
  view->each_field([&](std::string_view name, std::uint64_t offset, std::uint64_t length) {
    names += std::string(name) + " ";
    EXPECT_TRUE(starts_with_ignore_case(kGoldenMessage.substr(offset, length), name));
    return name != "x-own";
  });
  EXPECT_EQ(names, "from date subject message-id references x-own ");
}

TEST(Record, DamageIsFound) {
  std::string record = encode(digest_of(kGoldenMessage));
  for (std::size_t n = 0; n < record.size(); ++n)
    EXPECT_FALSE(decode(std::string_view(record).substr(0, n))) << n;
  EXPECT_FALSE(decode(record + "x"));
  record[0] = 3;
  EXPECT_EQ(decode(record).error().kind, Error::Kind::corrupt);
}

}  // namespace
}  // namespace posta::wire::message

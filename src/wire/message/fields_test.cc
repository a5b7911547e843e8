// Header fields, addresses, dates, words, parameters and subjects.

#include <gtest/gtest.h>

#include "base/text.h"
#include "wire/message/address_list.h"
#include "wire/message/charset.h"
#include "wire/message/date.h"
#include "wire/message/encoded_word.h"
#include "wire/message/field_name.h"
#include "wire/message/header.h"
#include "wire/message/mime_field.h"
#include "wire/message/subject.h"

namespace posta::wire::message {
namespace {

TEST(Header, FieldsCoverTheHeaderWithoutAGap) {
  std::string_view header =
      "From bob Sat Nov 21\r\n"
      "From: bob\r\n"
      "Subject : a\r\n\tb\n"
      "no colon here\r\n"
      ": no name\r\n"
      "X-Last: 1\r\n"
      "\r\nBody: not this\r\n";
  HeaderReader reader(header);
  std::vector<std::string> names, bodies;
  std::size_t at = 0;
  for (Field f; reader.next(f); at += f.length) {
    EXPECT_EQ(f.offset, at);
    names.emplace_back(f.name);
    bodies.push_back(unfold(f.body));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"", "From", "Subject", "", "", "X-Last"}));
  EXPECT_EQ(bodies[1], "bob");
  EXPECT_EQ(bodies[2], "a\tb");
  EXPECT_EQ(header_size(header), at + 2);
  EXPECT_EQ(find_field(header, "x-LAST"), " 1");
  EXPECT_EQ(find_field(header, "body"), std::nullopt);
}

TEST(Header, EveryKnownNameIsFoundWhateverItsCase) {
  for (int i = 2; i < static_cast<int>(FieldName::count_); ++i) {
    auto name = static_cast<FieldName>(i);
    EXPECT_EQ(field_name(to_string(name)), name) << to_string(name);
  }
  EXPECT_EQ(field_name("MESSAGE-id"), FieldName::message_id);
  EXPECT_EQ(field_name("X-Unheard-Of"), FieldName::other);
  EXPECT_EQ(field_name(""), FieldName::nameless);
}

std::string show(std::string_view body) {
  std::string out;
  for (const Address& a : parse_address_list(body)) {
    switch (a.kind) {
      case Address::Kind::group_start: out += "{" + a.name + " "; break;
      case Address::Kind::group_end: out += "}"; break;
      case Address::Kind::mailbox:
        out += "[" + a.name + "|" + a.route + "|" + a.local + "|" + a.domain + "]";
    }
  }
  return out;
}

TEST(AddressList, EveryFormOfAnAddressIsRead) {
  struct Case {
    std::string_view body, shown;
  };
  const Case cases[] = {
      {"ann@example.org", "[||ann|example.org]"},
      {"Ann <ann@example.org>", "[Ann||ann|example.org]"},
      {"\"Doe, \\\"J\\\" Jane\" <jane@example.org>", "[Doe, \"J\" Jane||jane|example.org]"},
      {"John Q. Public <j@example.org>", "[John Q. Public||j|example.org]"},  // RFC 5322 §4.1
      {"ann@example.org (Ann Example)", "[Ann Example||ann|example.org]"},
      {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
       "[Pete||pete|silly.test]"},  // RFC 5322 §A.5
      {"A Group:Ed Jones <joe@where.test>,joe@where.test;, x@y.z",
       "{A Group [Ed Jones||joe|where.test][||joe|where.test]}[||x|y.z]"},  // RFC 5322 §A.1.3
      {"undisclosed-recipients:;", "{undisclosed-recipients }"},
      {"Mary <@node.test,@b.test:mary@example.net>, , jdoe@test  . example",
       "[Mary|@node.test,@b.test|mary|example.net][||jdoe|test.example]"},  // RFC 5322 §A.6.1
      {"\"joe blow\"@example.org", "[||joe blow|example.org]"},
      {"ann@[192.0.2.1]", "[||ann|[192.0.2.1]]"},
      {"=?utf-8?q?J=C3=B6rg?= <j@x.y>", "[=?utf-8?q?J=C3=B6rg?=||j|x.y]"},
      {"J\u00f6rg <j\u00f6rg@b\u00fccher.example>", "[J\u00f6rg||j\u00f6rg|b\u00fccher.example]"},
      {"<>", "[|||]"},
      {"", ""},
      {",,;", ""},
      {"root", "[||root|]"},
      {"ann@example.org <ann@example.org>", "[ann@example.org||ann|example.org]"},
      {"a@b.c\r\n\t, d@e.f", "[||a|b.c][||d|e.f]"},
      {"<a@b.c> <d@e.f>", "[||a|b.c][||d|e.f]"},
      {"Unclosed <a@b.c, d@e.f", "[Unclosed||a|b.c][||d|e.f]"},
      {"\"unclosed <a@b.c>", "[\"unclosed||a|b.c]"},
      {"(unclosed <a@b.c>", "[(unclosed||a|b.c]"},
      {"Friends: a@b.c", "{Friends [||a|b.c]}"},
  };
  for (const Case& c : cases) EXPECT_EQ(show(c.body), c.shown) << c.body;
}

TEST(AddressList, NoMoreThanTheLimitAreKept) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "a@b.c, ";
  std::vector<Address> out;
  parse_address_list(many, out, 7);
  EXPECT_EQ(out.size(), 7u);
}

TEST(AddressList, WhatIsPrintedReadsBack) {
  EXPECT_EQ(print_mailbox("", "a@b.c"), "a@b.c");
  for (std::string_view name :
       {"Ann", "Doe, Jane", "J\u00f6rg \u2713", "a \"b\" \\c", "=?x", " b "}) {
    auto list = parse_address_list(print_mailbox(name, "\"a b\"@c.d"));
    ASSERT_EQ(list.size(), 1u) << name;
    EXPECT_EQ(display_name(list[0]), name);
    EXPECT_EQ(address_of(list[0]), "\"a b\"@c.d");
  }
}

TEST(Date, ReadsWhatSendersWrite) {
  struct Case {
    std::string_view body;
    std::string_view printed;  // empty: no date
  };
  const Case cases[] = {
      {"Sat, 21 Nov 2026 05:14:51 +0000", "Sat, 21 Nov 2026 05:14:51 +0000"},
      {"21 Nov 2026 05:14 -0330", "Sat, 21 Nov 2026 05:14:00 -0330"},
      {"Fri, 21 Nov 97 09(comment):55:06 -0600", "Fri, 21 Nov 1997 00:00:00 -0600"},
      {"Fri, 21 Nov 1997 09:55:06 EST", "Fri, 21 Nov 1997 09:55:06 -0500"},  // RFC 5322 §4.3
      {"21 Nov 49 09:55:06 GMT", "Sun, 21 Nov 2049 09:55:06 +0000"},
      {"21 Nov 50 09:55:06 Z", "Tue, 21 Nov 1950 09:55:06 +0000"},
      {"21 Nov 126 09:55:06 XYZ", "Sat, 21 Nov 2026 09:55:06 +0000"},
      {"Sat Nov 21 05:14:51 2026", "Sat, 21 Nov 2026 05:14:51 +0000"},
      {"21-Nov-2026 05:14:51 +0200 (EET)", "Sat, 21 Nov 2026 05:14:51 +0200"},
      {"2026-11-21T05:14:51Z", "Sat, 21 Nov 2026 05:14:51 +0000"},
      {"2026-11-21T05:14:51.25+01:00", "Sat, 21 Nov 2026 05:14:51 +0100"},
      {"Thu,\r\n 1\tJanuary 1970 00:00:00 +0000", "Thu, 1 Jan 1970 00:00:00 +0000"},
      {"31 Dec 1969 23:59:60 +0000", "Wed, 31 Dec 1969 23:59:59 +0000"},
      {"29 Feb 2024 25:61:00 +0000", "Thu, 29 Feb 2024 00:00:00 +0000"},  // RFC 5256 §2.2
      {"1 Mar 2026 12:00:00 +9999", "Sun, 1 Mar 2026 12:00:00 +0000"},
      {"29 Feb 2023 12:00:00 +0000", ""},
      {"yesterday", ""},
      {"Nov 2026", ""},
      {"", ""},
  };
  for (const Case& c : cases) {
    auto date = parse_date(c.body);
    EXPECT_EQ(date ? print_date(*date) : "", c.printed) << c.body;
  }
  EXPECT_EQ(parse_date("Sat, 21 Nov 2026 05:14:51 +0100")->seconds, 1795234491);
}

TEST(EncodedWord, DecodesAndForgives) {
  struct Case {
    std::string_view text, decoded;
  };
  const Case cases[] = {
      {"plain", "plain"},
      {"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"},  // RFC 2047 §8
      {"(=?ISO-8859-1?Q?a_b?=)", "(a b)"},
      {"=?ISO-8859-1?Q?a?= b", "a b"},
      {"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"},  // RFC 2231 §5
      {"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=  =?ISO-8859-2?B?dQ==?=",
       "If you can read this you"},
      {"=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "\u00fc"},  // INTEROP: a character cut in two
      {"=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=", "\u30c6\u30b9\u30c8"},
      {"=?utf-8?q?not closed", "=?utf-8?q?not closed"},
      {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
      {"=??q?abc?=", "=??q?abc?="},
      {"=?nonsense?q?abc=FC?=", "abc\u00fc"},
      {"=?utf-8?q?a=0D=0Ab?=", "a  b"},
      {"gr\xfc\xdf", "gr\u00fc\u00df"},
      {"=?utf-8?q?a=zz?=", "a=zz"},
      {"x =?utf-8?q?a?= =?utf-8?q?b?= y", "x ab y"},
  };
  for (const Case& c : cases) EXPECT_EQ(decode_words(c.text), c.decoded) << c.text;
}

TEST(EncodedWord, WhatIsEncodedFitsItsLinesAndReadsBack) {
  std::string long_text;
  for (int i = 0; i < 60; ++i) long_text += i % 7 == 0 ? "\u65e5\u672c " : "w\u00f6rter";
  for (std::string_view text :
       {std::string_view("plain words"), std::string_view("gr\u00fc\u00dfe"),
        std::string_view(long_text), std::string_view("=?not?a?word"),
        std::string_view("a b c d e f g h i j k l m n o p q r s t u "
                         "v w x y z a b c d e f g h i j k l m n o p q r s t u v w x y z")}) {
    std::string encoded = encode_text(text, 9);
    EXPECT_TRUE(all_ascii(encoded));
    EXPECT_EQ(decode_words(unfold(encoded)), text);
    std::size_t column = 9;
    for (std::string_view line : split(encoded, '\n')) {
      EXPECT_LE(column + trim(line).size(), 77u) << encoded;
      column = 1;
    }
  }
}

std::string show(const std::vector<Parameter>& list) {
  std::string out;
  for (const Parameter& p : list) out += p.name + (p.extended ? "*" : "") + "=" + p.value + "|";
  return out;
}

TEST(MimeField, ParametersAreReadHoweverTheyAreWritten) {
  struct Case {
    std::string_view body, type, parameters;
  };
  const Case cases[] = {
      {"text/plain", "text/plain", ""},
      {" Text/Plain; CharSet=us-ascii (Plain text)", "text/plain", "charset=us-ascii|"},
      {"text/plain; charset=\"us-\\ascii\"", "text/plain", "charset=us-ascii|"},
      {"text/plain charset=utf-8 format=flowed", "text/plain", "charset=utf-8|format=flowed|"},
      {"application/pdf; name=a file.pdf; x=1", "application/pdf", "name=a file.pdf|x=1|"},
      {"application/pdf; name=\"a\r\n b\";;x", "application/pdf", "name=a b|"},
      {"message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu\"",
       "message/external-body", "access-type=URL|url=ftp://cs.utk.edu|"},  // RFC 2231 §3
      {"application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
       "application/x-stuff", "title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A|"},
      {"application/x-stuff; title*2=\"isn't it!\"; "
       "title*0*=us-ascii'en'This%20is%20even%20more%20;"
       " title*1*=%2A%2A%2Afun%2A%2A%2A%20",
       "application/x-stuff",
       "title*=us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it!|"},
      {"a/b; x*0=1; x*2=3", "a/b", "x=1|"},  // a gap ends it
      {"text", "", ""},
      {"text/", "", ""},
      {"/plain", "", ""},
      {"", "", ""},
      {"text/plain; =x; charset", "text/plain", ""},
      {"multipart/mixed; boundary=\"unclosed", "multipart/mixed", "boundary=unclosed|"},
  };
  for (const Case& c : cases) {
    auto media = parse_media_type(c.body);
    EXPECT_EQ(media ? media->type + "/" + media->subtype : "", c.type) << c.body;
    EXPECT_EQ(media ? show(media->parameters) : "", c.parameters) << c.body;
  }
}

TEST(MimeField, ValuesAreDecodedWhateverTheirForm) {
  struct Case {
    Parameter parameter;
    std::string_view decoded;
  };
  const Case cases[] = {
      {{"filename", "plain.txt", false}, "plain.txt"},
      {{"filename", "UTF-8''%e2%82%ac%20rates", true}, "\u20ac rates"},
      {{"filename", "iso-8859-1'de'%FCber", true}, "\u00fcber"},
      {{"filename", "%FCber", true}, "\u00fcber"},
      {{"filename", "=?utf-8?Q?=C3=BCber?=", false}, "\u00fcber"},
      {{"filename", "100%", true}, "100%"},
  };
  for (const Case& c : cases) EXPECT_EQ(decoded_value(c.parameter), c.decoded) << c.parameter.value;
  auto d = parse_disposition("Attachment; filename=\"a.txt\"; filename*=utf-8''%C3%A4.txt");
  EXPECT_EQ(d.type, "attachment");
  EXPECT_EQ(decoded_value(*find_parameter(d.parameters, "filename")), "\u00e4.txt");
  EXPECT_EQ(find_parameter(d.parameters, "size"), nullptr);
  EXPECT_EQ(parse_disposition("filename=x").type, "attachment");
  EXPECT_EQ(parse_languages("de, en-GB (British)"), (std::vector<std::string>{"de", "en-GB"}));
  EXPECT_EQ(first_token(" (c) Base64 ; x"), "Base64");
}

TEST(Subject, BaseSubjectFollowsTheProcedureOfRfc5256) {
  struct Case {
    std::string_view subject, base;
    bool reply;
  };
  const Case cases[] = {
      {"hello", "hello", false},
      {"Re: hello", "hello", true},
      {"RE:  re: [list] Fwd : hello   world (fwd) (FWD)", "hello world", true},
      {"[list] hello", "hello", false},
      {"[list] [x] re[2]: hello", "hello", true},
      {"[list]", "[list]", false},
      {"[fwd: [list] re: hello]", "hello", true},
      {"re:", "", true},
      {"Regarding: x", "Regarding: x", false},
      {"fw [blob]: x", "x", true},
      {"[a[b] x", "[a[b] x", false},
      {"", "", false},
      {" \t ", "", false},
  };
  for (const Case& c : cases) {
    BaseSubject base = base_subject(c.subject);
    EXPECT_EQ(base.text, c.base) << c.subject;
    EXPECT_EQ(base.reply_or_forward, c.reply) << c.subject;
  }
}

TEST(Charset, NamesAreReadAsSendersMeanThem) {
  struct Case {
    std::string_view octets, charset, utf8;
  };
  const Case cases[] = {
      {"gr\xfc\xdf", "iso-8859-1", "gr\u00fc\u00df"},
      {"\x80 5", "ISO-8859-1", "\u20ac 5"},
      {"\xc3\xbc", "us-ascii", "\u00fc"},
      {"\xfc", "us-ascii", "\u00fc"},
      {"\xc3\xbc", " UTF-8 ", "\u00fc"},
      {"a\xff"
       "b",
       "utf-8",
       "a\uFFFD"
       "b"},
      {"\xcf\xd0", "koi8-r", "\u043e\u043f"},
      {"\xd6\xd0", "gb2312", "\u4e2d"},
      {"\xb0\xa1", "ks_c_5601-1987", "\uac00"},
      {"Hi Mom -+Jjo--!", "utf-7", "Hi Mom -\u263a-!"},
      {"abc", "x-no-such-charset", "abc"},
      {"\xfc", "utf-8,swaplfnl", "\u00fc"},
  };
  for (const Case& c : cases) EXPECT_EQ(to_utf8(c.octets, c.charset), c.utf8) << c.charset;
  EXPECT_EQ(first_characters("a\u00e4\u65e5\U0001F600b", 4), "a\u00e4\u65e5\U0001F600");
  EXPECT_EQ(first_characters("ab", 5), "ab");
}

}  // namespace
}  // namespace posta::wire::message

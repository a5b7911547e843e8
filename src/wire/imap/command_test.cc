#include "wire/imap/command.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace posta::wire::imap {
namespace {

std::string parsed(std::string_view octets, const Limits& limits = {}) {
  auto command = parse_command(octets, {.limits = limits});
  if (command) return to_string(*command);
  const Refused& r = command.error();
  return (r.no ? "NO [" + r.code + "] " : "BAD ") + r.text + " at " + std::to_string(r.at);
}

struct Case {
  std::string_view octets;
  std::string_view printed{};  // empty: as written
};

void expect_all(std::span<const Case> cases) {
  for (const Case& c : cases) {
    std::string_view wanted = c.printed.empty() ? c.octets : c.printed;
    auto command = parse_command(c.octets, {});
    ASSERT_TRUE(command) << c.octets << ": " << command.error().text << " at "
                         << command.error().at;
    EXPECT_EQ(to_string(*command), wanted) << c.octets;
    auto again = parse_command(wanted, {});
    ASSERT_TRUE(again) << wanted;
    if (!std::holds_alternative<Search>(command->body))  // its charset may change
      EXPECT_EQ(*again, *command) << wanted;
    EXPECT_EQ(to_string(*again), wanted);
    EXPECT_TRUE(wanted.substr(command->tag.size() + 1).starts_with(verb_of(command->body)) ||
                std::holds_alternative<Unknown>(command->body))
        << wanted;
  }
}

TEST(Command, OfAnyStateIsReadAndPrinted) {
  const Case cases[] = {
      {"a CAPABILITY"},
      {"a noop ", "a NOOP"},
      {"A0001 LOGOUT"},
      {"ab CHECK"},  // inventory #154
      {"[x]-1.2+3 NOOP"},
      {"a STARTTLS"},
      {"a ID NIL"},  // RFC 2971 §3.1
      {"a ID ()", "a ID NIL"},
      {"a id (\"name\" \"sodr\" \"version\" \"19.34\" \"vendor\" NIL)",
       "a ID (\"name\" \"sodr\" \"version\" \"19.34\" \"vendor\" NIL)"},
      {"a AUTHENTICATE plain", "a AUTHENTICATE PLAIN"},
      {"a AUTHENTICATE PLAIN AGEAYg=="},  // RFC 4959 §3
      {"a AUTHENTICATE EXTERNAL ="},
      {"a LOGIN ann secret", "a LOGIN \"ann\" \"secret\""},
      {"a login \"ann@example.org\" \"a \\\"b\\\\\"",
       "a LOGIN \"ann@example.org\" \"a \\\"b\\\\\""},
      {"a LOGIN {3}\r\nann {5+}\r\na\r\nb ", "a LOGIN \"ann\" {5+}\r\na\r\nb "},
      {"a LOGIN gr\xC3\xBC\xC3\x9F \"\xC3\xBC\"", "a LOGIN \"gr\xC3\xBC\xC3\x9F\" \"\xC3\xBC\""},
      {"a LOGIN x]y \"\"", "a LOGIN \"x]y\" \"\""},
      {"a ENABLE condstore X-GOOD", "a ENABLE CONDSTORE X-GOOD"},  // RFC 5161 §3.1
      {"a XLIST \"\" *", "a XLIST"},
      {"a uid thread references", "a UID THREAD"},
  };
  expect_all(cases);
}

TEST(Command, OnMailboxesIsReadAndPrinted) {
  const Case cases[] = {
      {"a SELECT inbox", "a SELECT \"INBOX\""},
      {"a select {5}\r\nInBoX", "a SELECT \"INBOX\""},
      {"a EXAMINE \"a b/c\""},
      {"a SELECT Entw&APw-rfe (CONDSTORE)", "a SELECT \"Entw&APw-rfe\" (CONDSTORE)"},
      {"a SELECT \"Entw\xC3\xBCrfe\"", "a SELECT \"Entw&APw-rfe\""},
      {"a CREATE owatagusiam/", "a CREATE \"owatagusiam/\""},
      {"a CREATE MyDrafts (USE (\\Drafts))", "a CREATE \"MyDrafts\" (USE (\\Drafts))"},
      {"a DELETE \"x\""},
      {"a RENAME a b", "a RENAME \"a\" \"b\""},
      {"a SUBSCRIBE #news.comp", "a SUBSCRIBE \"#news.comp\""},
      {"a UNSUBSCRIBE \"x\""},
      {"a STATUS blurdybloop (UIDNEXT MESSAGES)",
       "a STATUS \"blurdybloop\" (MESSAGES UIDNEXT)"},  // RFC 3501 §6.3.10
      {"a STATUS \"INBOX\" (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE "
       "DELETED DELETED-STORAGE)"},
      {"a STATUS x ( messages  SIZE )", "a STATUS \"x\" (MESSAGES SIZE)"},
      {"a APPEND saved-messages (\\Seen) {310}", "a APPEND \"saved-messages\" (\\Seen) {310+}"},
      {"a APPEND x (\\Recent \\Colour) {3}", "a APPEND \"x\" () {3+}"},
      {"a APPEND {5}\r\nInbox {310+}", "a APPEND \"INBOX\" () {310+}"},
      {"a APPEND x (\\Seen $Junk \\seen $junk) \" 7-Feb-1994 21:52:25 -0800\" {0}",
       "a APPEND \"x\" ($Junk \\Seen) \" 8-Feb-1994 05:52:25 +0000\" {0+}"},
      {"a APPEND x \"17-Jul-1996 02:44:25 +0000\" {1}",
       "a APPEND \"x\" () \"17-Jul-1996 02:44:25 +0000\" {1+}"},
      {"a NAMESPACE"},
      {"a IDLE"},
      {"a GETQUOTA \"\""},
      {"a GETQUOTAROOT INBOX", "a GETQUOTAROOT \"INBOX\""},
      {"a SETQUOTA \"\" (STORAGE 512 MESSAGE 100)", "a SETQUOTA \"\" ()"},
  };
  expect_all(cases);
}

TEST(Command, ListInAllItsFormsIsReadAndPrinted) {
  const Case cases[] = {
      {"a LIST \"\" \"*\""},
      {"a list ~/Mail/ %", "a LIST \"~/Mail/\" \"%\""},
      {"a LIST \"\" \"\""},
      {"a LSUB \"#news.\" \"comp.*\""},
      {"a LIST \"\" A&B*", "a LIST \"\" \"A&-B*\""},  // no modified UTF-7: stands for itself
      {"a LIST \"\" \"&U,BTFw-/%\""},
      // RFC 5258 §5
      {"a LIST (SUBSCRIBED) \"\" \"*\"", "a LIST (SUBSCRIBED) \"\" (\"*\") RETURN (SUBSCRIBED)"},
      {"a LIST () \"\" \"%\" RETURN (CHILDREN)", "a LIST \"\" (\"%\") RETURN (CHILDREN)"},
      {"a LIST (REMOTE) \"\" \"%\" RETURN (CHILDREN SUBSCRIBED)",
       "a LIST (REMOTE) \"\" (\"%\") RETURN (SUBSCRIBED CHILDREN)"},
      {"a LIST \"\" (\"INBOX\" \"Drafts\" \"Sent/%\")"},
      {"a LIST (RECURSIVEMATCH SUBSCRIBED) \"\" \"*2\"",
       "a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (\"*2\") RETURN (SUBSCRIBED)"},
      // RFC 5819 §3, RFC 6154 §5
      {"a LIST \"\" % RETURN (STATUS (MESSAGES UNSEEN))",
       "a LIST \"\" (\"%\") RETURN (STATUS (MESSAGES UNSEEN))"},
      {"a LIST (SPECIAL-USE) \"\" \"*\"", "a LIST (SPECIAL-USE) \"\" (\"*\") RETURN (SPECIAL-USE)"},
  };
  expect_all(cases);
}

TEST(Command, OnMessagesIsReadAndPrinted) {
  const Case cases[] = {
      {"a CHECK"},
      {"a CLOSE"},
      {"a UNSELECT"},
      {"a EXPUNGE"},
      {"a UID EXPUNGE 3000:3002"},  // RFC 4315 §2.1
      {"a COPY 2:4 MEETING", "a COPY 2:4 \"MEETING\""},
      {"a uid move 42:69 foo", "a UID MOVE 42:69 \"foo\""},
      {"a STORE 2:4 +FLAGS (\\Deleted)"},
      {"a STORE 1 -flags.silent \\Seen $Forwarded", "a STORE 1 -FLAGS.SILENT ($Forwarded \\Seen)"},
      {"a UID STORE 1:* FLAGS ()"},
      {"a STORE 7,5,9 (UNCHANGEDSINCE 320162338) +FLAGS.SILENT (\\Deleted)"},  // RFC 7162 §3.1.3
      {"a STORE 12 (UNCHANGEDSINCE 0) +FLAGS ($MDNSent)"},
      // RFC 3501 §7.1, §9 flag-extension: what we do not keep is passed over
      {"a STORE 1 +FLAGS (\\Recent \\Seen \\Colour)", "a STORE 1 +FLAGS (\\Seen)"},
      {"a STORE 1 FLAGS \\Recent", "a STORE 1 FLAGS ()"},
  };
  expect_all(cases);
}

TEST(Command, FetchIsReadAndPrinted) {
  const Case cases[] = {
      {"a FETCH 1 FLAGS", "a FETCH 1 (FLAGS)"},
      {"a FETCH 1:* fast", "a FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE)"},
      {"a FETCH 1 ALL", "a FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)"},
      {"a FETCH 1 (FULL UID)", "a FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY UID)"},
      {"a UID FETCH 4827313:4828442 (FLAGS UID)"},
      {"a FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])"},
      {"a FETCH 1 body.peek[header.fields.not (\"Subject\" {2}\r\nTo)]<0.2048>",
       "a FETCH 1 (BODY.PEEK[HEADER.FIELDS.NOT (Subject To)]<0.2048>)"},
      {"a FETCH 1 (BODY[] BODY[1] BODY[4.2.2.1] BODY[4.1.MIME] BODY[3.TEXT] BODY[3.HEADER])"},
      {"a FETCH 1 (BODYSTRUCTURE BODY ENVELOPE RFC822 RFC822.HEADER RFC822.TEXT RFC822.SIZE)"},
      {"a FETCH 1 BODY[0]", "a FETCH 1 (BODY[0])"},  // inventory #149, RFC 1730 §6.4.5
      {"a FETCH 1 BODY[2.0]", "a FETCH 1 (BODY[2.0])"},
      {"a FETCH 1 (RFC822.PEEK RFC822.TEXT.PEEK)"},  // inventory #150
      {"a FETCH 1 RFC822.HEADER.PEEK", "a FETCH 1 (RFC822.HEADER)"},
      {"a FETCH 1 (FLAGS MODSEQ) (CHANGEDSINCE 12345)"},  // RFC 7162 §3.1.4.1
      {"a FETCH 1 (FLAGS) (CHANGEDSINCE 0)"},
      {"a FETCH 1 BODY[HEADER.FIELDS (\"a b\")]", "a FETCH 1 (BODY[HEADER.FIELDS (\"a b\")])"},
  };
  expect_all(cases);
  auto header = parse_command("a FETCH 1 RFC822.HEADER", {});
  EXPECT_TRUE(std::get<Fetch>(header->body).items.front().peek);  // RFC 3501 §6.4.5
  auto zero = parse_command("a FETCH 1 BODY[0]", {});
  EXPECT_EQ(std::get<Fetch>(zero->body).items.front().section.what, Section::What::header);
}

TEST(Command, EverySearchKeyIsReadAndPrinted) {
  const Case cases[] = {
      {"a SEARCH ALL"},
      {"a SEARCH 1:3,7 UID 5:*", "a SEARCH (1:3,7 UID 5:*)"},
      {"a SEARCH *"},
      {"a SEARCH (ANSWERED DELETED DRAFT FLAGGED SEEN RECENT)"},
      {"a SEARCH UNANSWERED UNDELETED UNDRAFT UNFLAGGED UNSEEN",
       "a SEARCH (NOT ANSWERED NOT DELETED NOT DRAFT NOT FLAGGED NOT SEEN)"},
      {"a SEARCH NEW", "a SEARCH (RECENT NOT SEEN)"},
      {"a SEARCH OLD", "a SEARCH NOT RECENT"},
      {"a SEARCH KEYWORD $Junk UNKEYWORD x", "a SEARCH (KEYWORD $Junk NOT KEYWORD x)"},
      {"a SEARCH FROM \"Smith\" TO x CC y BCC z SUBJECT s",
       "a SEARCH (HEADER \"from\" \"Smith\" HEADER \"to\" \"x\" HEADER \"cc\" \"y\" HEADER "
       "\"bcc\" \"z\" HEADER \"subject\" \"s\")"},
      {"a SEARCH HEADER X-Spam \"\"", "a SEARCH HEADER \"x-spam\" \"\""},
      {"a SEARCH BODY a TEXT b", "a SEARCH (BODY \"a\" TEXT \"b\")"},
      {"a SEARCH (BEFORE 1-Feb-1994 ON 28-Feb-1994 SINCE 29-Feb-1996)"},
      {"a SEARCH SENTBEFORE \"1-Feb-1994\" SENTON 01-feb-1994 SENTSINCE 31-Dec-2026",
       "a SEARCH (SENTBEFORE 1-Feb-1994 SENTON 1-Feb-1994 SENTSINCE 31-Dec-2026)"},
      {"a SEARCH (LARGER 0 SMALLER 4294967296)"},
      {"a SEARCH OR NOT SEEN (DELETED FLAGGED)", "a SEARCH OR NOT SEEN (DELETED FLAGGED)"},
      {"a SEARCH ((SEEN))", "a SEARCH SEEN"},
      {"a UID SEARCH SEEN"},
      // RFC 4731 §3.1
      {"a SEARCH RETURN (MIN COUNT) FLAGGED"},
      {"a SEARCH RETURN () FLAGGED", "a SEARCH RETURN (ALL) FLAGGED"},
      // RFC 7162 §3.1.5
      {"a SEARCH MODSEQ \"/flags/\\\\draft\" all 620162338", "a SEARCH MODSEQ 620162338"},
      {"a SEARCH MODSEQ 0"},
      {"a SEARCH CHARSET utf-8 SUBJECT {6}\r\n\xC3\xBC\xC3\x9F\xC3\xA4",
       "a SEARCH CHARSET UTF-8 HEADER \"subject\" \"\xC3\xBC\xC3\x9F\xC3\xA4\""},
      {"a SEARCH CHARSET ISO-8859-1 BODY {1}\r\n\xFC", "a SEARCH CHARSET UTF-8 BODY \"\xC3\xBC\""},
      {"a SEARCH CHARSET KOI8-R BODY \"\xCB\xCF\xD4\"",
       "a SEARCH CHARSET UTF-8 BODY \"\xD0\xBA\xD0\xBE\xD1\x82\""},
      {"a SEARCH BODY \"\xC3\xBC\"", "a SEARCH CHARSET UTF-8 BODY \"\xC3\xBC\""},
  };
  expect_all(cases);
}

TEST(Command, NonsenseIsRefusedWithItsPlace) {
  struct Refusal {
    std::string_view octets;
    std::size_t at;
  };
  const Refusal cases[] = {
      {"", 0},
      {"+ NOOP", 0},
      {"a(b NOOP", 0},
      {"{3}\r\nabc NOOP", 0},
      {"a", 1},
      {"a ", 2},
      {"a NOOP x", 7},
      {"a LOGIN", 7},
      {"a LOGIN ann", 11},
      {"a LOGIN ann \"x", 12},
      {"a LOGIN ann \"\\x\"", 14},
      {"a LOGIN ann x y", 14},
      {"a LOGIN {5}\r\nann x", 18},
      {"a LOGIN {9}\r\nann x", 8},
      {"a LOGIN {3}ann x", 8},
      {"a LOGIN (ann) x", 8},
      {"a ID (\"name\")", 12},
      {"a ID \"name\"", 5},
      {"a AUTHENTICATE PLAIN a=b", 21},
      {"a SELECT", 8},
      {"a SELECT INBOX (QRESYNC (1 2))", 16},
      {"a SELECT INBOX ()", 16},
      {"a CREATE x (COLOUR (red))", 12},
      {"a STATUS INBOX ()", 16},
      {"a STATUS INBOX MESSAGES", 15},
      {"a STATUS INBOX (COLOUR)", 16},
      {"a LIST \"\"", 9},
      {"a LIST (RECURSIVEMATCH) \"\" *", 7},
      {"a LIST (REMOTE RECURSIVEMATCH) \"\" *", 7},
      {"a LIST (SPECIAL-USE RECURSIVEMATCH) \"\" *", 7},
      {"a LIST (COLOUR) \"\" *", 8},
      {"a LIST \"\" * RETURN (COLOUR)", 20},
      {"a LIST \"\" () ", 11},
      {"a APPEND INBOX", 14},
      {"a APPEND INBOX (\\) {3}", 17},
      {"a STORE 1 +FLAGS (\\*)", 19},
      {"a APPEND INBOX \"31-Feb-1994 00:00:00 +0000\" {3}", 16},
      {"a APPEND INBOX \"1-Feb-1994 24:00:00 +0000\" {3}", 27},
      {"a APPEND INBOX hello", 15},
      {"a APPEND INBOX {3}\r\nabc", 18},
      {"a COPY 0 x", 7},
      {"a COPY x y", 7},
      {"a STORE 1 COLOUR (x)", 10},
      {"a STORE 1 FLAGS", 15},
      {"a STORE 1 FLAGS (\\Seen", 22},
      {"a STORE 1 (UNCHANGEDSINCE x) FLAGS ()", 26},
      {"a STORE 1 FLAGS (a]b)", 18},
      {"a FETCH 1", 9},
      {"a FETCH 1 ()", 11},
      {"a FETCH 1 COLOUR", 10},
      {"a FETCH 1 BODY[MIME]", 15},
      {"a FETCH 1 BODY[1.2", 18},
      {"a FETCH 1 BODY[1.x]", 17},
      {"a FETCH 1 BODY[]<0.0>", 19},
      {"a FETCH 1 BODY[]<0>", 18},
      {"a FETCH 1 BODY.PEEK", 19},
      {"a FETCH 1 FLAGS (CHANGEDSINCE x)", 30},
      {"a FETCH 1 FLAGS (VANISHED)", 17},
      {"a FETCH 1 FLAGS UID", 16},
      {"a SEARCH", 8},
      {"a SEARCH COLOUR red", 9},
      {"a SEARCH OR SEEN", 16},
      {"a SEARCH (SEEN", 14},
      {"a SEARCH ON 1-Feb-94", 18},
      {"a SEARCH ON 30-Feb-1994", 12},
      {"a SEARCH LARGER x", 16},
      {"a SEARCH RETURN (SAVE) ALL", 17},
      {"a SEARCH MODSEQ \"/colours/x\" all 1", 16},
      {"a SETQUOTA \"\" (STORAGE)", 22},
  };
  for (const auto& c : cases) {
    auto command = parse_command(c.octets, {});
    ASSERT_FALSE(command) << c.octets;
    EXPECT_EQ(command.error().at, c.at) << c.octets << ": " << command.error().text;
    EXPECT_FALSE(command.error().no) << c.octets;
    bool tagged = c.octets.starts_with("a") && !c.octets.starts_with("a(");
    EXPECT_EQ(command.error().tag, tagged ? "a" : "") << c.octets;
  }
}

TEST(Command, SomeRefusalsAreNoWithACode) {
  EXPECT_TRUE(parsed("a SEARCH CHARSET X-NONE ALL").starts_with("NO [BADCHARSET (UTF-8 US-ASCII "));
  EXPECT_TRUE(parsed("a SEARCH CHARSET \"\" ALL").starts_with("NO [BADCHARSET"));
  EXPECT_TRUE(parsed("a SELECT A&B").starts_with("NO [CANNOT]"));
  EXPECT_TRUE(parsed("a SELECT \"\xFF\"").starts_with("NO [CANNOT]"));
  // RFC 3501 §5.1: a mailbox that is there may be named so, none may be made.
  EXPECT_TRUE(parsed("a CREATE \"Entw\xC3\xBCrfe\"").starts_with("NO [CANNOT]"));
  EXPECT_TRUE(parsed("a CREATE Entw\xC3\xBCrfe").starts_with("NO [CANNOT]"));
  EXPECT_TRUE(parsed("a RENAME a {2}\r\n\xC3\xBC").starts_with("NO [CANNOT]"));
  EXPECT_EQ(parsed("a RENAME \xC3\xBC b"), "a RENAME \"&APw-\" \"b\"");
}

TEST(Command, LimitsAreRefusedByName) {
  EXPECT_EQ(parsed("a SEARCH ((SEEN))", {.nesting_max = 3}), "a SEARCH SEEN");
  EXPECT_EQ(parsed("a SEARCH (((SEEN)))", {.nesting_max = 3}), "BAD More than 3 levels at 12");
  EXPECT_EQ(parsed("a SEARCH NOT NOT NOT SEEN", {.nesting_max = 3}),
            "BAD More than 3 levels at 21");
  EXPECT_EQ(parsed("a FETCH 1 BODY[1.1.1.1]", {.nesting_max = 3}), "BAD More than 3 levels at 22");
  EXPECT_EQ(parsed("a SEARCH SEEN DRAFT", {.search_keys_max = 1}),
            "BAD More than 1 search keys at 14");
  EXPECT_EQ(parsed("a FETCH 1,2,3 UID", {.ranges_max = 2}),
            "BAD More than 2 ranges of messages at 12");
  EXPECT_EQ(parsed("a FETCH 1 (UID FLAGS)", {.fetch_items_max = 1}), "BAD More than 1 items at 15");
  EXPECT_EQ(parsed("a FETCH 1 BODY[HEADER.FIELDS (A B)]", {.fetch_items_max = 1}),
            "BAD More than 1 header fields at 32");
  EXPECT_EQ(parsed("a LIST \"\" (a b)", {.patterns_max = 1}), "BAD More than 1 patterns at 13");
  EXPECT_EQ(parsed("a STORE 1 FLAGS (a b)", {.flags_max = 1}), "BAD More than 1 keywords at 20");
  EXPECT_EQ(parsed("a STORE 1 FLAGS (abc)", {.keyword_octets_max = 3}), "a STORE 1 FLAGS (abc)");
  EXPECT_EQ(parsed("a STORE 1 FLAGS (abcd)", {.keyword_octets_max = 3}),
            "BAD A keyword has at most 3 octets at 17");
  EXPECT_EQ(parsed("a ID (\"a\" \"b\" \"c\" \"d\")", {.id_fields_max = 1}),
            "BAD More than 1 fields at 14");
  EXPECT_EQ(parsed(std::string(kTagOctetsMax, 'x') + " NOOP").substr(kTagOctetsMax), " NOOP");
  EXPECT_EQ(parsed(std::string(kTagOctetsMax + 1, 'x') + " NOOP"),
            "BAD A command begins with a tag at 0");
}

}  // namespace
}  // namespace posta::wire::imap

// Controls: each law complains of what it is there for.
#include "imap/truth.h"

#include <gtest/gtest.h>

#include "imap/view.h"

namespace posta::imap {
namespace {

bool complains_of(const Truth& truth, std::string_view what) {
  return std::ranges::any_of(truth.complaints(),
                             [&](const std::string& c) { return c.contains(what); });
}

// A view of `octets`, responses one a line; those behind "no EXPUNGE" come during FETCH.
bool hear(View& view, std::string_view response, bool may_expunge = true) {
  auto parsed = parse_response(response);
  EXPECT_TRUE(parsed) << response;
  return parsed && view.hear(*parsed, may_expunge);
}

TEST(Truth, AllIsWell) {
  Truth truth;
  View view(truth, "one", "INBOX", false);
  EXPECT_TRUE(hear(view, "* 2 EXISTS"));
  EXPECT_TRUE(hear(view, "* 1 RECENT"));
  EXPECT_TRUE(hear(view, "* 1 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (7))"));
  EXPECT_TRUE(hear(view, "* 2 FETCH (UID 9 FLAGS (\\Recent) MODSEQ (8))"));
  truth.delete_asked("INBOX", 5);
  EXPECT_TRUE(hear(view, "* 1 EXPUNGE"));
  EXPECT_FALSE(hear(view, "* SEARCH 1"));
  truth.finish();
  EXPECT_EQ(view.at(1).uid, 9u);
  EXPECT_TRUE(truth.complaints().empty());
}

TEST(Truth, EachLawComplains) {
  struct Case {
    std::string_view responses[4];
    std::string_view complaint;
  };
  const Case cases[] = {
      {{"* 2 EXISTS", "* 1 EXISTS"}, "1 EXISTS, and 2 were there"},
      {{"* 1 EXISTS", "* 2 EXPUNGE"}, "2 EXPUNGE of 1"},
      {{"* 1 EXISTS", "* 2 RECENT"}, "2 RECENT of 1"},
      {{"* 1 EXISTS", "* 2 FETCH (UID 1)"}, "2 FETCH of 1"},
      {{"* 1 EXISTS", "* 1 FETCH (UID 1)", "* 1 FETCH (UID 2)"}, "was uid 1, is 2"},
      {{"* 2 EXISTS", "* 1 FETCH (UID 9)", "* 2 FETCH (UID 5)"}, "message 1 is uid 9"},
      {{"* 1 EXISTS", "* 1 FETCH (MODSEQ (9))", "* 1 FETCH (MODSEQ (8))"}, "8 after 9"},
      {{"* 1 EXISTS", "* 1 FETCH (UID 1 FLAGS () MODSEQ (9))",
        "* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (9))"},
       "flags () and (\\Seen)"},
      {{"* 1 EXISTS", "* 1 FETCH (UID 1 RFC822.SIZE 3 BODY[] \"ab\")"}, "RFC822.SIZE 3 of 2"},
      {{"* 1 EXISTS", "* 1 FETCH (UID 1 BODY[] \"Subject: imap-1.\")",
        "* 1 FETCH (UID 1 BODY[] \"Subject: imap-2.\")"},
       "was message 1, is 2"},
      {{"* 1 EXISTS", "* 1 FETCH (UID 1)", "* 1 EXPUNGE"}, "nobody asked for it"},
  };
  for (const Case& c : cases) {
    Truth truth;
    View view(truth, "one", "INBOX", false);
    for (std::string_view response : c.responses)
      if (!response.empty()) hear(view, response);
    truth.finish();
    EXPECT_TRUE(complains_of(truth, c.complaint)) << c.complaint;
  }
}

TEST(Truth, AnExpungeWhereNoneMayComeIsNoticed) {
  Truth truth;
  View view(truth, "one", "INBOX", false);
  hear(view, "* 1 EXISTS", false);
  EXPECT_TRUE(truth.complaints().empty());
  hear(view, "* 1 EXPUNGE", false);
  EXPECT_TRUE(complains_of(truth, "EXPUNGE where none may come"));
}

TEST(Truth, RecentTwiceIsNoticed) {
  Truth truth;
  for (const char* who : {"one", "two"}) {
    View view(truth, who, "INBOX", false);
    hear(view, "* 1 EXISTS");
    hear(view, "* 1 FETCH (UID 1 FLAGS (\\Recent))");
  }
  EXPECT_TRUE(complains_of(truth, "recent for one and for two"));
}

TEST(Truth, PromisesAreKept) {
  Truth truth;
  truth.promised("Box", 5, 1);
  truth.promised("Box", 4, 6);
  EXPECT_TRUE(complains_of(truth, "uid 4: new, and 5 was known before"));
  truth.promised("Box", 5, 1);
  EXPECT_TRUE(complains_of(truth, "uid 5: given twice"));
  auto before = truth.before("Box");
  truth.view("Box", {4}, before);
  EXPECT_TRUE(complains_of(truth, "uid 5: promised, and not in a later view"));
  truth.gone("Box", 4);
  truth.view("Box", {4, 5}, truth.before("Box"));
  EXPECT_TRUE(complains_of(truth, "uid 4: expunged, and in a later view"));
  truth.copied("Box", 5, "INBOX", 1, true);
  truth.copied("Box", 5, "INBOX", 2, true);
  EXPECT_TRUE(complains_of(truth, "uid 5: moved twice"));
  truth.uid_validity("Box", 1);
  truth.uid_validity("Box", 2);
  EXPECT_TRUE(complains_of(truth, "UIDVALIDITY was 1, is 2"));
}

}  // namespace
}  // namespace posta::imap

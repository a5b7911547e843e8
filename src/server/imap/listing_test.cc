#include "server/imap/listing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace posta::server::imap {
namespace {

TEST(ListPattern, MatchesAsRfc3501Says) {
  struct Case {
    std::string_view pattern, name;
    bool matches;
  };
  static constexpr Case kCases[] = {
      {"*", "a/b", true},
      {"%", "a/b", false},
      {"%", "a", true},
      {"%/%", "a/b", true},
      {"a*", "a/b/c", true},
      {"a%", "a/b", false},
      {"*b", "a/b", true},
      {"a/%", "a/b/c", false},
      {"a/%/c", "a/b/c", true},
      {"inbox", "INBOX", true},
      {"InB%", "INBOX", true},
      {"inbox/x", "INBOX/x", true},
      {"inbox/X", "INBOX/x", false},
      {"sent", "Sent", false},
      {"", "a", false},
      {"a", "ab", false},
      {"ab", "a", false},
      {"**%%*", "x/y", true},
      {"%b%", "abc", true},
      {"%b%", "a/b", false},
      {"INBOXes", "INBOXes", true},
      {"inboxes", "INBOXes", false},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(matches_pattern(c.pattern, c.name), c.matches) << c.pattern << " " << c.name;
}

TEST(ListPattern, ManyWildcardsTakeNoMoreThanTheProductOfTheLengths) {
  std::string pattern, name(1000, 'a');
  for (int i = 0; i < 300; ++i) pattern += "%a";
  EXPECT_FALSE(matches_pattern(pattern + "b", name));
}

std::vector<mailbox::MailboxRecord> records(std::initializer_list<const char*> names) {
  std::vector<mailbox::MailboxRecord> out;
  for (const char* name : names) {
    out.emplace_back().name = name;
    if (std::string_view(name) == "Sent") out.back().role = mailbox::Role::sent;
  }
  return out;
}

std::string print(const std::vector<Listed>& all) {
  std::string out;
  for (const Listed& listed : all)
    out += fmt::format("{} ({}){}{}\n", listed.name, fmt::join(listed.attributes, " "),
                       listed.child_subscribed ? " SUBSCRIBED" : "",
                       listed.child_special_use ? " SPECIAL-USE" : "");
  return out;
}

// RFC 5258 §5, example 9: CHILDINFO whether or not the children match, but not where it is
// redundant (§3.5).
TEST(Listing, RecursiveMatchTellsOfChildrenThatAreNotTold) {
  auto all = records({"INBOX", "foo2", "foo2/bar1", "foo2/bar2", "baz2", "baz2/bar2", "baz2/bar22",
                      "baz2/bar222", "eps2", "eps2/mamba", "qux2/bar2"});
  wire::imap::List command;
  command.extended = command.select_subscribed = command.recursive_match = true;
  command.patterns = {"*2"};
  EXPECT_EQ(print(listing(command, all,
                          {"foo2/bar1", "foo2/bar2", "baz2/bar2", "baz2/bar22", "baz2/bar222",
                           "eps2", "eps2/mamba", "qux2/bar2"})),
            "baz2/bar2 (\\HasNoChildren \\Subscribed)\n"
            "baz2/bar22 (\\HasNoChildren \\Subscribed)\n"
            "baz2/bar222 (\\HasNoChildren \\Subscribed)\n"
            "eps2 (\\HasChildren \\Subscribed) SUBSCRIBED\n"
            "foo2 (\\HasChildren) SUBSCRIBED\n"
            "foo2/bar2 (\\HasNoChildren \\Subscribed)\n"
            "qux2/bar2 (\\HasNoChildren \\Subscribed)\n");
}

// RFC 5258 §3.5: the table of what exists, what is selected, and what has such a child.
TEST(Listing, NonExistentNamesAreToldAsSuch) {
  wire::imap::List command;
  command.extended = true;
  command.patterns = {"%"};
  EXPECT_EQ(print(listing(command, records({"music/rock"}), {"gone", "lost/child"})),
            "music (\\NonExistent \\HasChildren)\n");
  command.select_subscribed = true;
  EXPECT_EQ(print(listing(command, records({"music/rock"}), {"gone", "lost/child"})),
            "gone (\\NonExistent \\HasNoChildren \\Subscribed)\n");
  command.recursive_match = true;
  EXPECT_EQ(print(listing(command, records({"music/rock"}), {"gone", "lost/child"})),
            "gone (\\NonExistent \\HasNoChildren \\Subscribed)\n"
            "lost (\\NonExistent \\HasNoChildren) SUBSCRIBED\n");
}

// RFC 3501 §6.3.9.
TEST(Listing, LsubShowsALevelAboveSubscribedNamesWithPercentAlone) {
  wire::imap::List command;
  command.lsub = true;
  command.patterns = {"%"};
  EXPECT_EQ(print(listing(command, records({"foo", "foo/bar"}), {"foo/bar"})),
            "foo (\\Noselect)\n");
  command.patterns = {"*"};
  EXPECT_EQ(print(listing(command, records({"foo", "foo/bar"}), {"foo/bar"})), "foo/bar ()\n");
}

TEST(Listing, SpecialUseSelects) {
  wire::imap::List command;
  command.extended = command.select_special_use = true;
  command.patterns = {"*"};
  EXPECT_EQ(print(listing(command, records({"INBOX", "Sent", "a"}), {})),
            "Sent (\\HasNoChildren \\Sent)\n");
}

}  // namespace
}  // namespace posta::server::imap

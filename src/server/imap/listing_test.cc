#include "server/imap/listing.h"

#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace posta::server::imap {
namespace {

constexpr std::size_t kOctetsMax = 1000;

bool matches(std::string_view pattern, std::string_view name) {
  return ListPattern("", pattern, kOctetsMax).matches(name);
}

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
    EXPECT_EQ(matches(c.pattern, c.name), c.matches) << c.pattern << " " << c.name;
}

// Every way to write it: as a pattern alone, and with any part of it as the reference.
TEST(ListPattern, TheReferenceIsItsBeginning) {
  constexpr std::string_view kPattern = "in%/a*%b";
  for (std::size_t cut = 0; cut <= kPattern.size(); ++cut) {
    ListPattern pattern(kPattern.substr(0, cut), kPattern.substr(cut), kOctetsMax);
    EXPECT_TRUE(pattern.matches("INBOX/a/c/b")) << cut;
    EXPECT_FALSE(pattern.matches("INBOX/a/c/B")) << cut;
  }
}

// What the rules say, without any haste.
bool matches_slowly(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] != '*' && pattern[0] != '%')
    return !name.empty() && name[0] == pattern[0] &&
           matches_slowly(pattern.substr(1), name.substr(1));
  if (matches_slowly(pattern.substr(1), name)) return true;
  return !name.empty() && (pattern[0] == '*' || name[0] != '/') &&
         matches_slowly(pattern, name.substr(1));
}

TEST(ListPattern, AgreesWithTheRulesWhateverIsWritten) {
  std::minstd_rand random(4);  // the same ones each time
  auto some = [&random](std::string_view octets, std::size_t most) {
    std::string text;
    for (std::size_t n = random() % (most + 1); n > 0; --n)
      text += octets[random() % octets.size()];
    return text;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string pattern = some("ab/*%", 8), name = some("ab/", 8);
    EXPECT_EQ(matches(pattern, name), matches_slowly(pattern, name)) << pattern << " " << name;
  }
  // More than one word of places.
  const std::string long_name(150, 'a');
  EXPECT_TRUE(matches(std::string(63, 'a') + '%' + std::string(64, 'a') + '*', long_name));
  EXPECT_FALSE(matches(std::string(63, 'a') + '%' + std::string(88, 'a'), long_name));
  EXPECT_FALSE(matches(std::string(151, 'a'), long_name));
}

// A literal may be a mebibyte: neither many wildcards nor many octets cost more than to read them.
TEST(ListPattern, NoPatternMakesANameCostMore) {
  const std::string name(1000, 'a');
  std::string mixed;
  for (std::size_t i = 0; i < 1_MiB / 2; ++i) mixed += "%a";
  std::string wildcards;
  for (std::size_t i = 0; i < 1_MiB / 2; ++i) wildcards += "%*";
  std::string most;
  for (int i = 0; i < 999; ++i) most += "%a";
  const ListPattern too_long("", mixed, kOctetsMax), all("", wildcards, kOctetsMax),
      longest("", most + "b", kOctetsMax);
  for (int i = 0; i < 5000; ++i) {
    ASSERT_FALSE(too_long.matches(name));
    ASSERT_TRUE(all.matches(name));
    if (i % 10 == 0) ASSERT_FALSE(longest.matches(name));
  }
}

std::vector<mailbox::MailboxRecord> records(std::initializer_list<const char*> names) {
  std::vector<mailbox::MailboxRecord> out;
  for (const char* name : names) {
    out.emplace_back().name = name;
    if (std::string_view(name) == "Sent") out.back().role = mailbox::Role::sent;
  }
  return out;
}

std::vector<Listed> listing(const wire::imap::List& command,
                            const std::vector<mailbox::MailboxRecord>& all,
                            const std::vector<std::string>& subscriptions) {
  Listing steps(command, all, subscriptions, kOctetsMax);
  std::vector<Listed> out;
  std::optional<Listed> listed;
  while (steps.step(listed))
    if (listed) out.push_back(*std::move(listed));
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

// RFC 5258 §3.
TEST(Listing, AnEmptyPatternBesideOthersMatchesNothing) {
  wire::imap::List command;
  command.extended = true;
  command.reference = "a";
  command.patterns = {"", "/b"};
  EXPECT_EQ(print(listing(command, records({"a", "a/b"}), {})), "a/b (\\HasNoChildren)\n");
  command.patterns = {""};
  EXPECT_EQ(print(listing(command, records({"a", "a/b"}), {})), "a (\\HasChildren)\n");
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

#include "server/imap/search_plan.h"

#include "server/imap/casemap.h"

namespace posta::server::imap {
namespace {

// RFC 5051 §2: title case, then decomposition.
TEST(Casemap, WhatDiffersInCaseOrCompositionIsOne) {
  struct Case {
    std::string_view a, b;
    bool same;
  };
  static constexpr Case kCases[] = {
      {"hello", "HELLO", true},
      {"Grüße", "GRÜßE", true},
      {"u\xcc\x88", "Ü", true},         // u and a combining diaeresis
      {"\xef\xac\x81x", "FIX", false},  // the ligature fi: its title case is another character
      {"ǆ", "Ǆ", true},                 // titlecase is a letter of its own
      {"жук", "ЖУК", true},
      {"a", "ä", false},
      {"", "", true},
  };
  for (const Case& c : kCases) EXPECT_EQ(casemap(c.a) == casemap(c.b), c.same) << c.a << c.b;
}

TEST(Casemap, IllFormedTextIsReplacedAndNotLost) {
  EXPECT_EQ(casemap("a\xff"
                    "b"),
            "A\xef\xbf\xbd"
            "B");
}

class OneMessage final : public View {
 public:
  const mailbox::MailboxRecord& record() const override { return record_; }
  std::uint32_t count() const override { return 1; }
  std::optional<std::uint32_t> sequence_of(Uid uid) const override {
    return uid == Uid(7) ? std::optional(1u) : std::nullopt;
  }
  Octets octets() const override { return 100; }
  MessageState at(std::uint32_t) const override {
    MessageState state;
    state.uid = Uid(7);
    state.size = 100;
    state.flags.system = Flags::seen;
    return state;
  }
  void visit(std::uint32_t, std::uint32_t,
             const std::function<void(std::uint32_t, const MessageState&)>& each) const override {
    each(1, at(1));
  }

 private:
  mailbox::MailboxRecord record_;
};

Query leaf(Query::Kind kind, std::string text = {}) {
  Query query;
  query.kind = kind;
  query.text = std::move(text);
  return query;
}
Query node(Query::Kind kind, std::vector<Query> children) {
  Query query;
  query.kind = kind;
  query.children = std::move(children);
  return query;
}

Verdict judged(const Query& query) {
  Selected selected;
  selected.announced = selected.flags = std::make_shared<OneMessage>();
  Facts facts;
  facts.number = 1;
  facts.state = selected.at(1);
  return SearchPlan(query, selected).judge(facts);
}

// What the view can decide is decided there, whatever stands beside it.
TEST(SearchPlan, NothingIsReadForWhatTheViewCanDecide) {
  using Kind = Query::Kind;
  const Query seen = leaf(Kind::flag), body = leaf(Kind::body, "x"), sent = leaf(Kind::sent_on);
  EXPECT_EQ(judged(seen), Verdict::yes);
  EXPECT_EQ(judged(node(Kind::either, {body, seen})), Verdict::yes);
  EXPECT_EQ(judged(node(Kind::conjunction, {body, node(Kind::negation, {seen})})), Verdict::no);
  EXPECT_EQ(judged(node(Kind::conjunction, {body, seen})), Verdict::needs_email);
  EXPECT_EQ(judged(node(Kind::conjunction, {})), Verdict::yes);
  EXPECT_EQ(judged(node(Kind::negation, {sent})), Verdict::needs_email);
  EXPECT_EQ(judged(node(Kind::negation, {node(Kind::either, {seen, sent})})), Verdict::no);
}

TEST(SearchPlan, TheCheapestIsAskedForFirst) {
  using Kind = Query::Kind;
  const Query body = leaf(Kind::body, "x"), sent = leaf(Kind::sent_on);
  auto digest = wire::message::digest_of("Date: Sat, 1 Feb 2020 10:00:00 +0100\r\n\r\n");
  const std::string record = wire::message::encode(digest);
  auto view = wire::message::DigestView::open(record);
  ASSERT_TRUE(view);
  Selected selected;
  selected.announced = selected.flags = std::make_shared<OneMessage>();
  const std::vector<FieldText> prefix;
  Facts facts;
  facts.digest = &*view;
  facts.prefix = &prefix;
  EXPECT_EQ(SearchPlan(body, selected).judge(facts), Verdict::needs_texts);
  // The day is not that of the query, which has none: no body is read to find that out.
  EXPECT_EQ(SearchPlan(node(Kind::conjunction, {body, sent}), selected).judge(facts), Verdict::no);
}

}  // namespace
}  // namespace posta::server::imap

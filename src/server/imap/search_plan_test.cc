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
  Progress progress(1);
  progress.allow(1_MiB);
  facts.progress = &progress;
  EXPECT_EQ(SearchPlan(body, selected).judge(facts), Verdict::needs_texts);
  // The day is not that of the query, which has none: no body is read to find that out.
  EXPECT_EQ(SearchPlan(node(Kind::conjunction, {body, sent}), selected).judge(facts), Verdict::no);
}

// A message whose e-mail has been read.
class ReadMessage {
 public:
  explicit ReadMessage(std::string header = {}, std::vector<std::string> texts = {})
      : record_(wire::message::encode(wire::message::digest_of(header + "\r\n"))),
        view_(*wire::message::DigestView::open(record_)),
        header_(field_texts(header)),
        texts_(std::move(texts)) {
    selected_.announced = selected_.flags = std::make_shared<OneMessage>();
    facts_.digest = &view_;
    facts_.prefix = &prefix_;
    facts_.header = &header_;
    facts_.texts = &texts_;
  }

  // How often it was left off until it was decided, if so many octets are looked at in one go.
  std::pair<Verdict, std::size_t> judged(const Query& query, std::size_t octets) {
    SearchPlan plan(query, selected_);
    Progress progress(plan.text_keys());
    Facts facts = facts_;
    facts.header = nullptr;
    facts.texts = nullptr;
    facts.progress = &progress;
    for (std::size_t pauses = 0; pauses < 1'000'000;) {
      progress.allow(octets);
      Verdict verdict = plan.judge(facts);
      if (verdict <= Verdict::yes) return {verdict, pauses};
      if (verdict == Verdict::needs_time) ++pauses;
      if (verdict == Verdict::needs_header) facts.header = facts_.header;
      if (verdict == Verdict::needs_texts) facts.texts = facts_.texts;
    }
    return {Verdict::needs_time, 0};
  }

 private:
  Selected selected_;
  std::string record_;
  wire::message::DigestView view_;
  const std::vector<FieldText> prefix_, header_;
  const std::vector<std::string> texts_;
  Facts facts_;
};

TEST(SearchPlan, ItDoesNotMatterWhereJudgingIsLeftOff) {
  using Kind = Query::Kind;
  // Keys lie anywhere, across the windows too, and in the texts that come later.
  std::string text(200'000, 'X');
  text.replace(65'530, 8, "NEEDLE 1");
  text.replace(131'072, 8, "NEEDLE 2");
  text.replace(text.size() - 8, 8, "NEEDLE 3");
  ReadMessage message("Subject: hay\r\nX-Own: stack\r\n", {"SHORT", text, "", "LAST"});
  struct Case {
    Query query;
    Verdict verdict;
  };
  Query header = leaf(Kind::header, "stack"), other = leaf(Kind::header, "hay");
  header.name = other.name = "x-own";
  const Case kCases[] = {
      {leaf(Kind::body, "needle 1"), Verdict::yes},
      {leaf(Kind::body, "needle 2"), Verdict::yes},
      {leaf(Kind::body, "needle 3"), Verdict::yes},
      {leaf(Kind::body, "needle 4"), Verdict::no},
      {leaf(Kind::body, "last"), Verdict::yes},
      {leaf(Kind::body, "subject: hay"), Verdict::no},
      {leaf(Kind::body, ""), Verdict::yes},
      {leaf(Kind::text, "subject: hay"), Verdict::yes},
      {leaf(Kind::text, "needle 3"), Verdict::yes},
      {leaf(Kind::text, "stack\nlast"), Verdict::no},
      {header, Verdict::yes},
      {other, Verdict::no},
      {leaf(Kind::body, std::string(100'000, 'x')), Verdict::no},
      {leaf(Kind::body, std::string(65'000, 'x')), Verdict::yes},
      {node(Kind::conjunction, {leaf(Kind::body, "needle 1"), leaf(Kind::body, "needle 3"),
                                node(Kind::negation, {leaf(Kind::text, "needle 4")})}),
       Verdict::yes},
  };
  for (const Case& c : kCases)
    for (std::size_t octets : {std::size_t{1}, std::size_t{64_KiB}, std::size_t{16_MiB}})
      EXPECT_EQ(message.judged(c.query, octets).first, c.verdict)
          << c.query.text.substr(0, 20) << " " << octets;
  EXPECT_EQ(message.judged(kCases[3].query, 16_MiB).second, 0u);
  EXPECT_EQ(message.judged(kCases[3].query, 64_KiB).second, 3u) << "others have their turn";
}

// 16 MiB of one letter, and a key that is nearly there at each place.
TEST(SearchPlan, NoKeyMakesATextCostMore) {
  using Kind = Query::Kind;
  ReadMessage message({}, {std::string(16_MiB, 'A')});
  for (std::size_t octets : {20ul, 200ul, 5'000ul, 500'000ul}) {
    const std::string half(octets / 2, 'a');
    EXPECT_EQ(message.judged(leaf(Kind::body, half + "b" + half), 512_KiB).first, Verdict::no);
    EXPECT_EQ(message.judged(leaf(Kind::body, "b" + half + half), 512_KiB).first, Verdict::no);
    EXPECT_EQ(message.judged(leaf(Kind::body, half + half + "b"), 512_KiB).first, Verdict::no);
  }
}

// A thousand keys are no reason to hold others up.
TEST(SearchPlan, ManyKeysAreLeftOffBetween) {
  using Kind = Query::Kind;
  std::string header;
  for (int i = 0; i < 1000; ++i) header += "X-Own: " + std::string(200, 'a') + "\r\n";
  ReadMessage message(header);
  Query key = leaf(Kind::header, "b");
  key.name = "x-own";
  const Query any = node(Kind::either, std::vector<Query>(100, key));
  for (std::size_t octets : {std::size_t{1}, std::size_t{1_KiB}, std::size_t{512_KiB}}) {
    auto [verdict, pauses] = message.judged(any, octets);
    EXPECT_EQ(verdict, Verdict::no);
    EXPECT_GT(pauses, 30u);
  }
}

TEST(SearchPlan, AKeyIsNotFoundAcrossTheFieldsOfAnEmbeddedMessage) {
  EXPECT_EQ(text_of_fields("Subject: a\r\nX: b\r\n"), std::string("A\0B\0", 4));
}

}  // namespace
}  // namespace posta::server::imap

#include "mailbox/feed.h"

#include "mailbox/test_world.h"

namespace posta::mailbox {
namespace {

using testing::kAnn;

TEST(Feed, TheViewCacheStaysWithinItsOctets) {
  Feed feed(20'000);
  auto about = std::make_shared<const About>();
  auto page_of_rows = [](std::uint32_t number) {
    PageBuilder builder(number);
    for (std::uint32_t low = 0; low < 200; ++low) {
      MessageState state;
      state.uid = Uid(number * 256 + low);
      builder.add(state);
    }
    return builder.build();
  };
  for (std::uint32_t i = 1; i <= 20; ++i) {
    std::shared_ptr<const PageView> view;
    std::uint64_t ticket = 0;
    ASSERT_EQ(feed.find({kAnn, MailboxId(i)}, view, ticket), Feed::Found::absent);
    feed.loaded({kAnn, MailboxId(i)}, ticket,
                std::make_shared<const PageView>(MailboxId(i), about, Numbers{},
                                                 std::vector{page_of_rows(1)}));
    ASSERT_EQ(feed.find({kAnn, MailboxId(i)}, view, ticket), Feed::Found::view);
    EXPECT_LE(feed.view_octets(), 20'000u);
    EXPECT_GT(feed.view_octets(), 0u);
  }
  std::shared_ptr<const PageView> view;
  std::uint64_t ticket = 0;
  EXPECT_EQ(feed.find({kAnn, MailboxId(19)}, view, ticket), Feed::Found::view);
  EXPECT_EQ(feed.find({kAnn, MailboxId(1)}, view, ticket), Feed::Found::absent);
}

TEST(Feed, NewsThatCameDuringALoadingIsAppliedOnce) {
  Feed feed(1_GiB);
  Feed::Key key{kAnn, kInbox};
  std::shared_ptr<const PageView> view;
  std::uint64_t ticket = 0;
  ASSERT_EQ(feed.find(key, view, ticket), Feed::Found::absent);
  ASSERT_EQ(feed.find(key, view, ticket), Feed::Found::loading);
  auto about = std::make_shared<const About>();
  auto delivered = [&](std::uint32_t uid) {
    auto news = std::make_shared<News>();
    news->account = kAnn;
    news->mailbox = kInbox;
    news->mod_seq = ModSeq(uid);
    news->added.emplace_back().uid = Uid(uid);
    news->about = about;
    news->numbers.mod_seq = ModSeq(uid);
    news->numbers.uid_next = Uid(uid + 1);
    return news;
  };
  for (std::uint32_t uid = 1; uid <= 5; ++uid) feed.publish(delivered(uid));
  PageBuilder builder(0);  // what the snapshot had: the first three
  for (std::uint32_t uid = 1; uid <= 3; ++uid) builder.add(delivered(uid)->added[0]);
  feed.loaded(key, ticket,
              std::make_shared<const PageView>(kInbox, about, delivered(3)->numbers,
                                               std::vector{builder.build()}));
  ASSERT_EQ(feed.find(key, view, ticket), Feed::Found::view);
  EXPECT_EQ(view->count(), 5u);
  EXPECT_EQ(view->record().uid_next, Uid(6));
}

TEST(Feed, AViewThatNobodyReadsIsDroppedAfterMuchNews) {
  Feed feed(1_GiB);
  Feed::Key key{kAnn, kInbox};
  std::shared_ptr<const PageView> view;
  std::uint64_t ticket = 0;
  feed.find(key, view, ticket);
  auto about = std::make_shared<const About>();
  feed.loaded(key, ticket,
              std::make_shared<const PageView>(kInbox, about, Numbers{},
                                               std::vector<std::shared_ptr<const Page>>()));
  auto news = std::make_shared<News>();
  news->account = kAnn;
  news->mailbox = kInbox;
  news->about = about;
  for (std::size_t i = 0; i < Feed::kPendingMax; ++i) feed.publish(news);
  EXPECT_GT(feed.view_octets(), 0u);
  feed.publish(news);
  EXPECT_EQ(feed.view_octets(), 0u);
}

}  // namespace
}  // namespace posta::mailbox

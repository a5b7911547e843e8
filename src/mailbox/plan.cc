#include "mailbox/plan.h"

#include <algorithm>

#include "base/check.h"
#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

void plan_row(const Wanted& wanted, const MessageState& state, Plan& plan, PagePlan& page) {
  if (wanted.expunge) {
    page.rows.add(low_of(state.uid));
    plan.news->expunged.push_back(state.uid);
    plan.seen_rows += state.flags.has(Flags::seen) ? 1 : 0;
    plan.deleted_rows += state.flags.has(Flags::deleted) ? 1 : 0;
    plan.octets += state.size;
    return;
  }
  MessageState now = state;
  now.flags = wanted.flags.apply(state.flags);
  if (now.flags == state.flags) return;  // nothing changes, so no new modseq
  page.rows.add(low_of(state.uid));
  plan.unseen_more += int{state.flags.has(Flags::seen)} - int{now.flags.has(Flags::seen)};
  plan.deleted_more += int{now.flags.has(Flags::deleted)} - int{state.flags.has(Flags::deleted)};
  plan.news->flagged.push_back(now);
}

std::uint32_t changed_by(std::uint32_t number, std::int64_t more) {
  std::int64_t result = std::int64_t{number} + more;
  CHECK(result >= 0);
  return static_cast<std::uint32_t>(result);
}

// One page's part of a change, written as short as it may be.
PageWrite write_page(store::Turn& turn, const Wanted& wanted, const PagePlan& part, bool complete,
                     ModSeq mod_seq) {
  std::uint32_t number = part.page->number();
  std::string key = keys::state(wanted.account, wanted.mailbox, number);
  if (complete && part.empties) {
    turn.erase(std::move(key));
    return {number, PageWrite::What::erased, 0};
  }
  if (complete && part.page->log().full()) {
    PageBuilder page(*part.page);
    part.rows.each([&](std::uint8_t low) {
      if (wanted.expunge)
        page.remove(low);
      else
        page.set_flags(low, wanted.flags.apply(page.flags(low)), mod_seq);
    });
    turn.put(std::move(key), page.encode_base());
    return {number, PageWrite::What::rewritten, 0};
  }
  std::string record = wanted.expunge ? expunge_record(mod_seq, part.rows)
                                      : flags_record(mod_seq, wanted.flags, part.rows);
  auto octets = static_cast<std::uint32_t>(record.size());
  turn.append(std::move(key), std::move(record));
  return {number, PageWrite::What::appended, octets};
}

// Expunged rows as they were, for undelete and for the sweep.
void write_expunged(store::Turn& turn, const Wanted& wanted, const PagePlan& part, ModSeq mod_seq) {
  PageBuilder rows(part.page->number());
  for (std::uint32_t row = 0; row < part.page->rows(); ++row)
    if (part.rows.has(part.page->low(row))) rows.add(part.page->at(row));
  turn.put(keys::expunged(wanted.account, wanted.now, mod_seq, part.page->number()),
           encode_expunged(wanted.mailbox, rows));
}

// The change is the newest of those that later ones may have missed.
std::shared_ptr<const RecentNews> remember(const MailboxHead& before,
                                           const std::shared_ptr<const News>& news) {
  auto recent = std::make_shared<RecentNews>();
  recent->floor = before.numbers.state_seq;
  if (before.recent) *recent = *before.recent;
  recent->news.push_back(news);
  std::size_t states = 0;
  std::size_t keep = 0;
  for (auto it = recent->news.rbegin(); it != recent->news.rend(); ++it, ++keep) {
    states += (*it)->states();
    if (keep == RecentNews::kNewsMax || states > RecentNews::kStatesMax) break;
  }
  auto forget = recent->news.end() - static_cast<std::ptrdiff_t>(keep);
  if (forget != recent->news.begin()) recent->floor = (*std::prev(forget))->mod_seq;
  recent->news.erase(recent->news.begin(), forget);
  return recent;
}

// Brings the plan's view up to the head's last change of state. False: the head has forgotten.
bool catch_up(const MailboxHead& mailbox, const Wanted& wanted, Plan& plan) {
  ModSeq seen = plan.view->numbers().state_seq;
  if (!mailbox.recent || seen < mailbox.recent->floor) return false;
  std::vector<std::shared_ptr<const News>> missed;
  for (const auto& news : mailbox.recent->news)
    if (news->mod_seq > seen) missed.push_back(news);
  plan = make_plan(wanted, plan.view->with(missed));
  plan.merged = true;
  return true;
}

}  // namespace

Plan make_plan(const Wanted& wanted, std::shared_ptr<const PageView> view) {
  Plan plan;
  plan.view = std::move(view);
  plan.news = std::make_shared<News>();
  plan.news->account = wanted.account;
  plan.news->mailbox = wanted.mailbox;
  auto uid = wanted.uids.begin();
  for (const auto& page : plan.view->pages()) {
    while (uid != wanted.uids.end() && page_of(*uid) < page->number()) ++uid;
    PagePlan part{page, {}, false};
    std::uint32_t row = 0;
    for (; uid != wanted.uids.end() && page_of(*uid) == page->number(); ++uid) {
      while (row < page->rows() && page->uid(row) < *uid) ++row;
      if (row < page->rows() && page->uid(row) == *uid) plan_row(wanted, page->at(row), plan, part);
    }
    if (part.rows.empty()) continue;
    part.empties = wanted.expunge && part.rows.count() == page->rows();
    plan.pages.push_back(std::move(part));
  }
  return plan;
}

int settle(store::Turn& turn, const Wanted& wanted, Plan& plan) {
  auto before = head_of(turn);
  if (!before) return store::kNoHead;
  const MailboxHead* mailbox = before->mailboxes.find(wanted.mailbox);
  if (before->numbers.closed || !mailbox) return kNoMailbox;
  if (plan.merged) return kStale;  // the turn runs again; plan from what is durable by then
  if (plan.view->numbers().state_seq != mailbox->numbers.state_seq &&
      !catch_up(*mailbox, wanted, plan))
    return kStale;
  if (plan.pages.empty()) return store::kAccept;

  auto head = std::make_shared<AccountHead>(*before);
  MailboxHead changed = *mailbox;
  AccountNumbers& account = head->numbers;
  Numbers& numbers = changed.numbers;
  account.mod_seq = account.mod_seq.next();
  ModSeq mod_seq = account.mod_seq;
  Uid known =
      plan.merged ? Uid{} : plan.view->numbers().uid_next;  // all rows below are in the view
  News& news = *plan.news;
  news.pages.clear();
  for (const auto& part : plan.pages) {
    bool complete = known == numbers.uid_next || part.page->number() < page_of(known);
    news.pages.push_back(write_page(turn, wanted, part, complete, mod_seq));
    if (wanted.expunge) write_expunged(turn, wanted, part, mod_seq);
  }
  numbers.mod_seq = mod_seq;
  numbers.state_seq = mod_seq;
  for (auto& state : news.flagged) state.mod_seq = mod_seq;
  if (wanted.expunge) {
    auto rows = static_cast<std::uint32_t>(news.expunged.size());
    numbers.messages -= rows;
    numbers.unseen -= rows - plan.seen_rows;
    numbers.deleted -= plan.deleted_rows;
    numbers.octets -= plan.octets;
    account.messages -= rows;
    account.octets -= plan.octets;
    account.retained_messages += rows;
    account.retained_octets += plan.octets;
    turn.put(keys::gone(wanted.account, wanted.mailbox, mod_seq),
             encode_gone(ranges_of(news.expunged)));
  } else {
    numbers.unseen = changed_by(numbers.unseen, plan.unseen_more);
    numbers.deleted = changed_by(numbers.deleted, plan.deleted_more);
  }
  turn.put(keys::numbers(wanted.account, wanted.mailbox), encode(numbers));
  turn.put(keys::account(wanted.account), encode(account));

  news.mod_seq = mod_seq;
  news.about = changed.about;
  news.numbers = numbers;
  changed.recent = remember(*mailbox, plan.news);
  turn.publish(kTopic, std::shared_ptr<const News>(plan.news));
  head->mailboxes.put(std::move(changed));
  turn.set_head(std::move(head));
  return store::kAccept;
}

}  // namespace posta::mailbox

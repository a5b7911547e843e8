// settle.cc: a Plan at its turn.
#include <algorithm>

#include "base/check.h"
#include "mailbox/impl.h"
#include "mailbox/plan.h"

namespace posta::mailbox {

namespace {

std::uint32_t changed_by(std::uint32_t number, std::int64_t more) {
  std::int64_t result = std::int64_t{number} + more;
  CHECK(result >= 0);
  return static_cast<std::uint32_t>(result);
}

// One page's part of a change, written as short as it may be.
PageWrite write_page(store::Turn& turn, const Wanted& wanted, const Plan& plan,
                     const PagePlan& part, bool complete, ModSeq mod_seq) {
  std::uint32_t number = part.page->number();
  std::string key = keys::state(wanted.account, wanted.mailbox, number);
  if (complete && part.empties) {
    turn.erase(std::move(key));
    return {number, PageWrite::What::erased, 0};
  }
  if (complete && part.page->log().full()) {
    PageBuilder page(*part.page);
    part.rows.each([&](std::uint8_t low) {
      if (wanted.takes_away())
        page.remove(low);
      else
        page.set_flags(low, plan.flags.apply(page.flags(low)), mod_seq);
    });
    turn.put(std::move(key), page.encode_base());
    return {number, PageWrite::What::rewritten, 0};
  }
  std::string record = wanted.takes_away() ? expunge_record(mod_seq, part.rows)
                                           : flags_record(mod_seq, plan.flags, part.rows);
  auto octets = static_cast<std::uint32_t>(record.size());
  turn.append(std::move(key), std::move(record));
  return {number, PageWrite::What::appended, octets};
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
  FlagChange flags = plan.flags;
  plan = make_plan(wanted, flags, plan.view->with(missed));
  plan.merged = true;
  return true;
}

void count_expunged(Numbers& numbers, const Plan& plan) {
  const auto& gone = plan.news->expunged;
  auto rows = static_cast<std::uint32_t>(gone.size());
  auto recent = gone.end() - std::ranges::lower_bound(gone, numbers.recent_from);
  numbers.messages -= rows;
  numbers.unseen -= rows - plan.seen_rows;
  numbers.deleted -= plan.deleted_rows;
  numbers.octets -= plan.octets;
  numbers.recent -= static_cast<std::uint32_t>(recent);
  numbers.gone_records += 1;
}

// The plan knows where the first unseen message is among its view's; the others came meanwhile.
void find_first_unseen(Numbers& numbers, const Plan& plan) {
  std::uint32_t others = numbers.messages - plan.count_after;
  if (numbers.unseen == 0)
    numbers.first_unseen = 0;
  else if (plan.first_unseen != 0)
    numbers.first_unseen = plan.first_unseen;
  else
    numbers.first_unseen = numbers.unseen == others ? plan.count_after + 1 : 0;
}

// Flags, and the end of rows: what changes in the mailbox that the view is of.
void change_source(AtTurn& at, const Wanted& wanted, Plan& plan,
                   std::shared_ptr<const About> about) {
  MailboxHead changed = *at.mailboxes().find(wanted.mailbox);
  Numbers& numbers = changed.numbers;
  ModSeq mod_seq = at.next_mod_seq();
  if (about) changed.about = std::move(about);
  // All rows below are in the view.
  Uid known = plan.merged ? Uid{} : plan.view->numbers().uid_next;
  News& news = *plan.news;
  news.pages.clear();
  for (const auto& part : plan.pages) {
    bool complete = known == numbers.uid_next || part.page->number() < page_of(known);
    news.pages.push_back(write_page(at.turn, wanted, plan, part, complete, mod_seq));
    if (wanted.kind == Wanted::Kind::expunge)
      at.turn.put(keys::expunged(wanted.account, wanted.now, mod_seq, part.page->number()),
                  part.expunged);
  }
  auto recent_base = changed;
  numbers.mod_seq = mod_seq;
  numbers.state_seq = mod_seq;
  for (auto& state : news.flagged) state.mod_seq = mod_seq;
  AccountNumbers& account = at.numbers();
  if (wanted.takes_away()) {
    std::size_t rows = news.expunged.size();
    count_expunged(numbers, plan);
    account.messages -= rows;
    account.octets -= plan.octets;
    if (wanted.kind == Wanted::Kind::expunge) {
      account.retained_messages += rows;
      account.retained_octets += plan.octets;
    }
    at.turn.put(keys::gone(wanted.account, wanted.mailbox, mod_seq),
                encode_gone(ranges_of(news.expunged)));
  } else {
    numbers.unseen = changed_by(numbers.unseen, plan.unseen_more);
    numbers.deleted = changed_by(numbers.deleted, plan.deleted_more);
  }
  find_first_unseen(numbers, plan);
  news.mod_seq = mod_seq;
  news.about = changed.about;
  news.numbers = numbers;
  changed.recent = remember(recent_base, plan.news);
  at.put(std::move(changed));
  at.publish(plan.news);
}

bool within(const AccountNumbers& use, const Use& quota, std::size_t rows, Octets octets) {
  auto fits = [](std::uint64_t now, std::uint64_t more, std::uint64_t most) {
    return most == 0 || (now <= most && more <= most - now);
  };
  return fits(use.octets, octets, quota.octets) && fits(use.messages, rows, quota.messages);
}

int copy_rows(AtTurn& at, const Wanted& wanted, MailboxId to, Plan& plan) {
  const MailboxHead* there = at.mailboxes().find(to);
  if (!there) return kNoTarget;
  if (plan.copied.empty()) return store::kAccept;
  if (wanted.kind == Wanted::Kind::copy &&
      !within(at.numbers(), wanted.quota, plan.copied.size(), plan.octets))
    return kOverQuota;
  MailboxHead target = *there;
  const About& from = *at.mailboxes().find(wanted.mailbox)->about;
  KeywordMap keywords;
  keywords.make(from.keywords, plan.keywords, wanted.keywords_max, target.about);  // what fits
  std::vector<MessageState> rows = plan.copied;
  if (plan.keywords != 0)
    for (auto& state : rows) state.flags.keywords = keywords.map(state.flags.keywords);
  for (const auto& [page, record] : plan.copies)
    at.turn.append(keys::copies(wanted.account, page), record);
  if (!add_rows(at, std::move(target), rows)) return kOverQuota;
  plan.target_validity = at.mailboxes().find(to)->about->uid_validity;
  plan.copied_to.clear();
  plan.copied_to.reserve(rows.size());
  for (const auto& state : rows) plan.copied_to.push_back(state.uid);
  return store::kAccept;
}

}  // namespace

int settle(store::Turn& turn, const Wanted& wanted, Plan& plan) {
  auto before = head_of(turn);
  if (!before) return store::kNoHead;
  const MailboxHead* mailbox = before->mailboxes.find(wanted.mailbox);
  if (before->numbers.closed || !mailbox) return kNoMailbox;
  if (plan.merged) return kStale;  // the turn runs again; plan from what is durable by then
  std::shared_ptr<const About> about = mailbox->about;
  if (wanted.kind == Wanted::Kind::flags) {
    auto flags = choose_flags(wanted, about);
    if (!flags) return kTooManyKeywords;
    if (*flags != plan.flags) plan = make_plan(wanted, *flags, plan.view);
  }
  if (plan.view->numbers().state_seq != mailbox->numbers.state_seq &&
      !catch_up(*mailbox, wanted, plan))
    return kStale;

  AtTurn at(turn, wanted.account, *before);
  MailboxId target = wanted.target;
  if (wanted.prepare)
    if (int code = wanted.prepare(at, target); code != store::kAccept) return code;
  if (wanted.copies())
    if (int code = copy_rows(at, wanted, target, plan); code != store::kAccept) return code;
  if (plan.pages.empty() && !wanted.prepare) return store::kAccept;
  if (wanted.kind != Wanted::Kind::copy && !plan.pages.empty())
    change_source(at, wanted, plan, wanted.kind == Wanted::Kind::flags ? about : nullptr);
  return at.accept();
}

}  // namespace posta::mailbox

// plan.cc: from a view to a Plan. Its turn is in settle.cc.
#include "mailbox/plan.h"

#include <algorithm>

#include "base/check.h"
#include "mailbox/copies.h"

namespace posta::mailbox {

namespace {

constexpr Flags kAllFlags{0x1F, ~std::uint64_t{0}};

// For all rows that may be wanted: growing would move them many times.
void make_room(const Wanted& wanted, Plan& plan) {
  std::size_t most = plan.view->count();
  if (!wanted.all) most = std::min(most, wanted.uids.size());
  if (wanted.kind == Wanted::Kind::flags) plan.news->flagged.reserve(most);
  if (wanted.takes_away()) plan.news->expunged.reserve(most);
  if (wanted.copies()) plan.copied.reserve(most);
}

void plan_taken(const Wanted& wanted, const MessageState& state, Plan& plan, PagePlan& page) {
  page.rows.add(low_of(state.uid));
  plan.octets += state.size;
  if (wanted.copies()) {
    plan.copied.push_back(state);
    plan.keywords |= state.flags.keywords;
  }
  if (!wanted.takes_away()) return;
  plan.news->expunged.push_back(state.uid);
  plan.seen_rows += state.flags.has(Flags::seen) ? 1 : 0;
  plan.deleted_rows += state.flags.has(Flags::deleted) ? 1 : 0;
}

void plan_flags(const Wanted& wanted, const MessageState& state, Plan& plan, PagePlan& page) {
  // RFC 7162 §3.1.3: done if the mod-sequence "is equal to or less than the specified
  // UNCHANGEDSINCE value".
  if (wanted.unchanged_since && state.mod_seq > *wanted.unchanged_since) {
    plan.modified.push_back(state.uid);
    return;
  }
  MessageState now = state;
  now.flags = plan.flags.apply(state.flags);
  if (now.flags == state.flags) return;  // nothing changes, so no new modseq
  page.rows.add(low_of(state.uid));
  plan.unseen_more += int{state.flags.has(Flags::seen)} - int{now.flags.has(Flags::seen)};
  plan.deleted_more += int{now.flags.has(Flags::deleted)} - int{state.flags.has(Flags::deleted)};
  plan.news->flagged.push_back(now);
}

// Expunged rows as they were, for undelete and for the sweep.
std::string expunged_rows(const Wanted& wanted, const Plan& plan, const PagePlan& part) {
  PageBuilder rows(part.page->number());
  for (std::uint32_t row = 0; row < part.page->rows(); ++row)
    if (part.rows.has(part.page->low(row))) rows.add(part.page->at(row));
  return encode_expunged(wanted.mailbox, plan.view->about()->keywords, rows);
}

// How many rows of the page are left, how many of those are unseen, and the place of the first.
struct Rest {
  std::uint32_t rows = 0;
  std::uint32_t first_unseen = 0;  // from 1; 0: none
};

Rest rest_of(const Wanted& wanted, const Plan& plan, const Page& page, const LowSet* changed) {
  Rest rest;
  for (std::uint32_t row = 0; row < page.rows(); ++row) {
    bool is_changed = changed != nullptr && changed->has(page.low(row));
    if (is_changed && wanted.takes_away()) continue;
    ++rest.rows;
    Flags flags = page.flags(row);
    if (is_changed && wanted.kind == Wanted::Kind::flags) flags = plan.flags.apply(flags);
    if (rest.first_unseen == 0 && !flags.has(Flags::seen)) rest.first_unseen = rest.rows;
  }
  return rest;
}

// count_after and first_unseen.
void look_ahead(const Wanted& wanted, Plan& plan) {
  auto part = plan.pages.begin();
  for (const auto& page : plan.view->pages()) {
    bool changed = part != plan.pages.end() && part->page == page;
    const LowSet* rows = changed ? &part->rows : nullptr;
    if (changed) ++part;
    bool search = plan.first_unseen == 0 && (changed || page->unseen() > 0);
    if (search) {
      Rest rest = rest_of(wanted, plan, *page, rows);
      if (rest.first_unseen != 0) plan.first_unseen = plan.count_after + rest.first_unseen;
      plan.count_after += rest.rows;
    } else {
      plan.count_after += page->rows();
      if (changed && wanted.takes_away()) plan.count_after -= rows->count();
    }
  }
}

}  // namespace

std::optional<FlagChange> choose_flags(const Wanted& wanted, std::shared_ptr<const About>& about) {
  Flags flags = wanted.change;
  flags.system &= kAllFlags.system;
  bool add = wanted.mode != FlagsWanted::Mode::remove;
  for (const auto& name : wanted.keywords) {
    auto number = keyword_number(name, add, wanted.keywords_max, about);
    if (number)
      flags.keywords |= std::uint64_t{1} << *number;
    else if (add)
      return std::nullopt;
  }
  switch (wanted.mode) {
    case FlagsWanted::Mode::add: return FlagChange{.cleared = {}, .set = flags};
    case FlagsWanted::Mode::remove: return FlagChange{.cleared = flags, .set = {}};
    case FlagsWanted::Mode::replace: return FlagChange{.cleared = kAllFlags, .set = flags};
  }
  return FlagChange{};
}

Plan make_plan(const Wanted& wanted, const FlagChange& flags,
               std::shared_ptr<const PageView> view) {
  Plan plan;
  plan.view = std::move(view);
  plan.flags = flags;
  plan.news = std::make_shared<News>();
  plan.news->account = wanted.account;
  plan.news->mailbox = wanted.mailbox;
  make_room(wanted, plan);
  auto uid = wanted.uids.begin();
  auto is_wanted = [&](Uid there) {
    while (uid != wanted.uids.end() && *uid < there) ++uid;
    return wanted.all || (uid != wanted.uids.end() && *uid == there);
  };
  for (const auto& page : plan.view->pages()) {
    if (!wanted.all) {
      uid = std::lower_bound(uid, wanted.uids.end(), Uid(page->number() << kPageShift));
      if (uid == wanted.uids.end()) break;
      if (page_of(*uid) != page->number()) continue;
    }
    PagePlan part{page, {}, false, {}};
    for (std::uint32_t row = 0; row < page->rows(); ++row) {
      if (!is_wanted(page->uid(row))) continue;
      if (wanted.deleted_only && !page->flags(row).has(Flags::deleted)) continue;
      if (wanted.kind == Wanted::Kind::flags)
        plan_flags(wanted, page->at(row), plan, part);
      else
        plan_taken(wanted, page->at(row), plan, part);
    }
    if (part.rows.empty()) continue;
    part.empties = wanted.takes_away() && part.rows.count() == page->rows();
    if (wanted.kind == Wanted::Kind::expunge) part.expunged = expunged_rows(wanted, plan, part);
    plan.pages.push_back(std::move(part));
  }
  auto& flagged = plan.news->flagged;  // is remembered for a while
  if (flagged.capacity() > 2 * flagged.size()) flagged.shrink_to_fit();
  if (wanted.kind != Wanted::Kind::copy) look_ahead(wanted, plan);
  if (wanted.kind == Wanted::Kind::copy) {
    std::vector<EmailId> emails;
    emails.reserve(plan.copied.size());
    for (const auto& state : plan.copied) emails.push_back(state.email);
    plan.copies = copied_records(std::move(emails));
  }
  return plan;
}

}  // namespace posta::mailbox

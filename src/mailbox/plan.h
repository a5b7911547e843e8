// plan.h: what a change of flags or an expunge comes to, worked out on a view before the turn.
//
//   view --plan--> Plan --at turn: settle--> records appended, pages rewritten, numbers, News
//                         if the view is older than the head's last such change:
//                         view + the head's recent news --plan again--> ...
//
// Pure: no store but the turn's writes. The turn gives the modseq; everything else is known before.
#pragma once

#include <memory>
#include <vector>

#include "mailbox/head.h"
#include "mailbox/view.h"

namespace posta::mailbox {

// What is asked for. `uids` ascending, without doubles.
struct Wanted {
  AccountId account;
  MailboxId mailbox;
  std::vector<Uid> uids;
  bool expunge = false;
  FlagChange flags;  // unless expunge
  WallTime now;      // expunge: when
};

struct PagePlan {
  std::shared_ptr<const Page> page;
  LowSet rows;           // that change; never empty
  bool empties = false;  // expunge: no row of the view is left
};

struct Plan {
  std::shared_ptr<const PageView> view;
  bool merged = false;  // the view was made from news: rows delivered meanwhile may be missing
  std::vector<PagePlan> pages;
  // What is published. Changed at the turn (modseq, numbers), until the batch is accepted.
  std::shared_ptr<News> news;
  std::uint32_t seen_rows = 0;  // expunge: rows that were seen, deleted, and all octets
  std::uint32_t deleted_rows = 0;
  Octets octets = 0;
  std::int64_t unseen_more = 0;  // flags
  std::int64_t deleted_more = 0;
  std::size_t rows() const { return news->flagged.size() + news->expunged.size(); }
};

Plan make_plan(const Wanted& wanted, std::shared_ptr<const PageView> view);

// Settles at the turn: kAccept, kStale, kNoMailbox or store::kNoHead. May replace `plan` by one for
// what the mailbox has become meanwhile.
int settle(store::Turn& turn, const Wanted& wanted, Plan& plan);

}  // namespace posta::mailbox

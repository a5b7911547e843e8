// plan.h: what a change of messages that are there comes to (flags, expunge, copy, move), worked
// out on a view before the turn.
//
//   view --plan--> Plan --at turn: settle--> records appended, pages rewritten, numbers, News
//                         if the view is older than the head's last such change:
//                         view + the head's recent news --plan again--> ...
//
// Pure: no store but the turn's writes. The turn gives the modseq, uids and new keywords their
// numbers; everything else is known before.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "mailbox/at_turn.h"
#include "mailbox/view.h"

namespace posta::mailbox {

// What this room's turns say when they refuse; append's codes follow kAppendCodes, the tree's
// kTreeCodes.
inline constexpr int kStale = 1;      // the view was too old: plan again
inline constexpr int kNoMailbox = 2;  // the mailbox or the account is gone
inline constexpr int kNoTarget = 3;   // the mailbox to copy to is gone
inline constexpr int kOverQuota = 4;
inline constexpr int kTooManyKeywords = 5;
inline constexpr int kMissing = 6;
inline constexpr int kAppendCodes = 16;
inline constexpr int kTreeCodes = 32;

// What is asked for. `uids` ascending, without doubles.
struct Wanted {
  enum class Kind : std::uint8_t { flags, expunge, copy, move };
  AccountId account;
  MailboxId mailbox;
  Kind kind = Kind::flags;
  std::vector<Uid> uids;
  bool all = false;           // every message that is there, whatever `uids` says
  bool deleted_only = false;  // of these, those with \Deleted
  bool whole = false;         // nothing at all (kMissing) if one of `uids` is gone
  WallTime now;               // expunge: when
  std::size_t keywords_max = kKeywordsMax;

  // flags: the numbers of `keywords` are worked out for each plan (choose_flags)
  FlagsWanted::Mode mode = FlagsWanted::Mode::add;
  Flags change;  // without the keywords that have names
  std::vector<std::string> keywords;
  std::optional<ModSeq> unchanged_since;

  // copy, move
  MailboxId target;
  Use quota;  // the account's limits; 0: none
  // Runs first in the turn: may make the target. Answers like a turn.
  std::function<int(AtTurn&, MailboxId& target)> prepare;

  bool takes_away() const { return kind == Kind::expunge || kind == Kind::move; }
  bool copies() const { return kind == Kind::copy || kind == Kind::move; }
};

struct PagePlan {
  std::shared_ptr<const Page> page;
  LowSet rows;           // that change; never empty
  bool empties = false;  // expunge, move: no row of the view is left
  std::string expunged;  // expunge: the rows as `x` keeps them
};

struct Plan {
  std::shared_ptr<const PageView> view;
  bool merged = false;  // the view was made from news: rows delivered meanwhile may be missing
  FlagChange flags;     // kind flags
  std::vector<PagePlan> pages;
  // What is published. Changed at the turn (modseq, numbers), until the batch is accepted.
  std::shared_ptr<News> news;
  std::vector<Uid> modified;  // flags: changed since `unchanged_since`, so left alone

  std::uint32_t seen_rows = 0;  // expunge, move: rows that were seen, deleted, and all octets
  std::uint32_t deleted_rows = 0;
  std::int64_t unseen_more = 0;  // flags
  std::int64_t deleted_more = 0;
  Octets octets = 0;  // of the rows that are taken or copied
  // Afterwards, in the rows that the view knows.
  std::uint32_t count_after = 0;
  std::uint32_t first_unseen = 0;  // sequence number; 0: none

  std::vector<MessageState> copied;                           // copy, move: the rows as they were
  std::uint64_t keywords = 0;                                 // that one of them has
  std::vector<std::pair<std::uint64_t, std::string>> copies;  // copy: see copies.h
  // Set at the turn, if there were rows.
  std::vector<Uid> copied_to;
  UidValidity target_validity;

  std::size_t rows() const { return news->flagged.size() + news->expunged.size(); }
};

// What `wanted` does to flags in a mailbox with this `about`; names that it does not know are added
// to it if they are to be set. Nothing: they would be too many.
std::optional<FlagChange> choose_flags(const Wanted& wanted, std::shared_ptr<const About>& about);

Plan make_plan(const Wanted& wanted, const FlagChange& flags, std::shared_ptr<const PageView> view);

// Settles at the turn: kAccept, one of the codes above or store::kNoHead. May replace `plan` by one
// for what the mailbox has become meanwhile.
int settle(store::Turn& turn, const Wanted& wanted, Plan& plan);

}  // namespace posta::mailbox

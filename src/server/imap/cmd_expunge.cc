// cmd_expunge.cc: EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1).
//
// Removes what has \Deleted, whoever set it, and still has it at the moment of removal; the EXPUNGE
// responses are the mailbox's news.

#include <algorithm>

#include "server/imap/session.h"

namespace posta::server::imap {

Task<Reply> Session::expunge(wi::Expunge& command) {
  if (selected_->read_only) co_return Reply::no("The mailbox is open for reading", code::kReadOnly);
  auto done = co_await expunge_deleted(std::move(command.uids));
  if (!done) co_return unavailable("expunge", done.error());
  co_return Reply::ok("Expunged");
}

// All that is marked, or of that what `uids` names.
Task<Result<>> Session::expunge_deleted(std::optional<SequenceSet> uids) {
  CO_TRY(auto view, co_await mailboxes().open(account(), selected_->mailbox));
  if (!view) co_return Result<>();  // with all that was in it
  Selected::Ranges ranges;
  if (view->record().deleted > 0 && view->count() > 0) ranges = {{1, view->count()}};
  if (uids && !ranges.empty()) {
    Selected newest{.mailbox = selected_->mailbox,
                    .read_only = false,
                    .announced = view,
                    .flags = view,
                    .recent = {},
                    .keywords_told = 0,
                    .told = nullptr};
    ranges = newest.by_uid(*uids);
  }
  std::vector<Uid> marked;
  for (const SequenceSet::Range& range : ranges)
    view->visit(range.first, range.last, [&marked](std::uint32_t, const MessageState& state) {
      if (state.flags.has(Flags::deleted)) marked.push_back(state.uid);
    });
  if (marked.empty()) co_return Result<>();
  CO_TRY_VOID(co_await mailboxes().expunge_deleted(account(), selected_->mailbox, std::move(marked),
                                                   stream_.executor().wall()));
  co_return Result<>();
}

}  // namespace posta::server::imap

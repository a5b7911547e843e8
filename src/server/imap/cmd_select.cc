// cmd_select.cc: SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2), CLOSE (§6.4.2), UNSELECT (RFC 3691).
//
//   * FLAGS (…)                      * OK [PERMANENTFLAGS (…)]
//   * n EXISTS, * n RECENT           * OK [UIDVALIDITY n], [UIDNEXT n], [HIGHESTMODSEQ n]
//   * OK [UNSEEN n]                  the first without \Seen, if there is one
//
// \Recent is claimed before the view is opened: whatever was claimed is in it.

#include <fmt/format.h>

#include "server/imap/session.h"

namespace posta::server::imap {

namespace {

// The first sequence number without \Seen; 0: there is none. `known`, if it is of the same moment,
// says so without a look at the messages.
std::uint32_t first_unseen(const View& view, const std::optional<mailbox::Status>& known) {
  if (view.record().unseen == 0) return 0;
  if (known && known->mod_seq == view.record().mod_seq) return known->first_unseen;
  constexpr std::uint32_t kRows = 256;
  std::uint32_t found = 0;
  for (std::uint32_t first = 1; found == 0 && first <= view.count(); first += kRows)
    view.visit(first, std::min(view.count(), first + kRows - 1),
               [&found](std::uint32_t n, const MessageState& state) {
                 if (found == 0 && !state.flags.has(Flags::seen)) found = n;
               });
  return found;
}

}  // namespace

Task<Reply> Session::select(wi::Select& command) {
  // RFC 7162 §3.2.11: what was selected is closed, whatever comes of this.
  if (selected_) untagged("OK [CLOSED] The previous mailbox is closed");
  deselect();
  if (command.condstore) enable_condstore();
  auto found = co_await mailboxes().find(account(), command.mailbox);
  if (!found) co_return unavailable("find", found.error());
  if (!*found) co_return Reply::no("There is no such mailbox", code::kNonExistent);
  auto selected = std::make_unique<Selected>();
  selected->mailbox = (*found)->id;
  selected->read_only = command.read_only;
  if (!command.read_only) {
    auto claimed = co_await mailboxes().claim_recent(account(), selected->mailbox);
    if (!claimed) co_return unavailable("claim", claimed.error());
    selected->add_recent(*claimed);
  }
  auto known = co_await mailboxes().status(account(), selected->mailbox);
  if (!known) co_return unavailable("status", known.error());
  auto view = co_await mailboxes().open(account(), selected->mailbox);
  if (!view) co_return unavailable("open", view.error());
  if (!*view) co_return Reply::no("There is no such mailbox", code::kNonExistent);
  selected->announced = selected->flags = *std::move(view);
  selected_ = std::move(selected);
  state_ = State::selected;

  const mailbox::MailboxRecord& record = selected_->announced->record();
  selected_->keywords_told = record.keywords.size();
  print_flags_list(record);
  untagged(fmt::format("{} EXISTS", selected_->count()));
  untagged(fmt::format("{} RECENT", selected_->recent_count()));
  if (std::uint32_t unseen = first_unseen(*selected_->announced, *known))
    untagged(fmt::format("OK [UNSEEN {}] The first that was not seen", unseen));
  untagged(fmt::format("OK [UIDVALIDITY {}] Uids are valid", record.uid_validity.value));
  untagged(fmt::format("OK [UIDNEXT {}] The next uid", record.uid_next.value));
  untagged(fmt::format("OK [HIGHESTMODSEQ {}] The last change", record.mod_seq.value));
  co_return selected_->read_only ? Reply::ok("Open for reading", code::kReadOnly)
                                 : Reply::ok("Open", "READ-WRITE");
}

// RFC 3501 §6.4.2: "No messages are removed, and no error is given, if the mailbox is selected by
// an EXAMINE command".
Task<Reply> Session::close(wi::Close&) {
  Result<> done;
  if (!selected_->read_only) done = co_await expunge_deleted(std::nullopt);
  deselect();
  if (!done) co_return unavailable("expunge", done.error());
  co_return Reply::ok("Closed");
}

Task<Reply> Session::unselect(wi::Unselect&) {
  deselect();
  co_return Reply::ok("Nothing is selected now");
}

}  // namespace posta::server::imap

// cmd_select.cc: SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2), CLOSE (§6.4.2), UNSELECT (RFC 3691).
//
//   * FLAGS (…)                      * OK [PERMANENTFLAGS (…)]
//   * n EXISTS, * n RECENT           * OK [UIDVALIDITY n], [UIDNEXT n], [HIGHESTMODSEQ n]
//   * OK [UNSEEN n]                  the first without \Seen, if there is one
//
// All this stands in the mailbox's records. If its pages are not in memory, they are read while the
// answer is on its way: those of the same moment, so that numbers mean what was announced.
//
// \Recent is claimed before the view is opened: whatever was claimed is in it.

#include <fmt/format.h>

#include "server/imap/opening.h"

namespace posta::server::imap {

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
  mailbox::Mailboxes::Recent claimed{};
  if (!command.read_only) {
    auto recent = co_await mailboxes().claim_recent(account(), selected->mailbox);
    if (!recent) co_return unavailable("claim", recent.error());
    claimed = *recent;
    selected->add_recent(claimed);
  }
  auto read = co_await mailboxes().select(account(), selected->mailbox);
  if (!read) co_return unavailable("open", read.error());
  if (!*read) co_return Reply::no("There is no such mailbox", code::kNonExistent);
  mailbox::Mailboxes::Selection& now = **read;
  if (command.read_only) {
    selected->see_recent(now.status);
    claimed.messages = now.status.recent;
  }
  selected->announced = selected->flags = std::move(now.view);
  selected_ = std::move(selected);
  state_ = State::selected;
  if (now.opening) open_in_the_background(std::move(now.opening), now.status);
  // What was claimed may have been expunged since: then only the messages can tell.
  if (!command.read_only && claimed.messages > 0 && claimed.mod_seq != now.status.mod_seq) {
    co_await opened();
    if (end_ != End::open) co_return Reply::later();
  }
  print_selected(now.status, claimed.messages);
  co_return selected_->read_only ? Reply::ok("Open for reading", code::kReadOnly)
                                 : Reply::ok("Open", "READ-WRITE");
}

void Session::print_selected(const mailbox::Status& status, std::uint32_t recent) {
  selected_->keywords_told = status.keywords.size();
  print_flags_list(status);
  untagged(fmt::format("{} EXISTS", status.messages));
  untagged(fmt::format("{} RECENT", selected_->announced ? selected_->recent_count() : recent));
  if (status.first_unseen != 0)
    untagged(fmt::format("OK [UNSEEN {}] The first that was not seen", status.first_unseen));
  untagged(fmt::format("OK [UIDVALIDITY {}] Uids are valid", status.uid_validity.value));
  untagged(fmt::format("OK [UIDNEXT {}] The next uid", status.uid_next.value));
  untagged(fmt::format("OK [HIGHESTMODSEQ {}] The last change", status.mod_seq.value));
}

void Session::open_in_the_background(std::shared_ptr<mailbox::Mailboxes::Opening> opening,
                                     mailbox::Status status) {
  opening_ = std::make_unique<Opening>(stream_.executor(), std::move(status));
  opening_->reading.spawn(read_opening(std::move(opening)));
}

Task<> Session::read_opening(std::shared_ptr<mailbox::Mailboxes::Opening> opening) {
  opening_->view = co_await mailboxes().finish(std::move(opening));
}

// The selected mailbox has its view, the one that was announced.
Task<> Session::opened() {
  if (!opening_) co_return;
  co_await opening_->reading.join();
  auto opening = std::move(opening_);
  if (end_ != End::open) co_return;
  Result<std::shared_ptr<const View>> view = std::move(opening->view);
  // Too late for that moment. It is just as well if nothing has happened since.
  if (!view && view.error().is(Error::Kind::stale)) {
    view = co_await mailboxes().open(account(), selected_->mailbox);
    if (view && *view && (*view)->record().mod_seq != opening->status.mod_seq) *view = nullptr;
  }
  if (view && *view) {
    selected_->announced = selected_->flags = *std::move(view);
    co_return;
  }
  if (!view) trouble("open", view.error());
  deselect();
  bye("[UNAVAILABLE] The selected mailbox cannot be read now", End::stopped);
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

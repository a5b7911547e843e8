// cmd_quit.cc: QUIT (RFC 1939 §6): the update state.
//
// What was marked is removed in one durable commit, then the reply is said. If that fails nothing
// is removed, and the client is told: RFC 1939 §6, "-ERR some deleted messages not removed".

#include "server/pop3/events.h"
#include "server/pop3/session.h"

namespace posta::server::pop3 {

Task<> Session::quit(wire::pop3::Quit&) {
  if (state_ == State::authorization) {
    last_word(Reply::yes("Signing off"), End::quit);
    co_return;
  }
  auto updated = co_await update();
  maildrop_->hold.reset();  // before the reply: the client may come back at once
  if (updated) {
    std::uint32_t left = maildrop_->view->count() - removed_;
    last_word(Reply::yes(left ? fmt::format("Signing off, {} messages left", left)
                              : std::string("Signing off, mailbox empty")),
              End::quit);
  } else {
    trouble("remove", updated.error());
    last_word(Reply::no("The marked messages were not removed", Code::sys_temp), End::quit);
  }
}

Task<Result<>> Session::update() {
  std::vector<Uid> removed, seen;
  const mailbox::View& view = *maildrop_->view;
  for (Number n = 1; n <= view.count(); ++n) {
    bool retrieved = !maildrop_->retrieved.empty() && maildrop_->retrieved[n - 1];
    if (!maildrop_->is_deleted(n) && !retrieved) continue;
    mailbox::MessageState state = view.at(n);
    if (maildrop_->is_deleted(n)) {
      removed.push_back(state.uid);
    } else if (!state.flags.has(Flags::seen)) {
      seen.push_back(state.uid);
    }
  }
  mailbox::Mailboxes& mailboxes = server_.deps().mailboxes;
  AccountId account = maildrop_->principal.account;
  if (!removed.empty()) {
    auto gone = co_await mailboxes.expunge(account, mailbox::kInbox, std::move(removed),
                                           stream_.executor().wall());
    if (!gone) co_return Failure(std::move(gone).error());
    removed_ = maildrop_->deleted_count;
  }
  if (config().retr_sets_seen && !seen.empty()) {
    Flags flags;
    flags.system = Flags::seen;
    auto stored = co_await mailboxes.store_flags(account, mailbox::kInbox, std::move(seen),
                                                 mailbox::Mailboxes::FlagMode::add, flags);
    // What the client asked for is done; \Seen is our own addition.
    if (!stored) trouble("flag", stored.error());
  }
  co_return Result<>();
}

}  // namespace posta::server::pop3

// cmd_mailbox.cc: CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 3501 §6.3.3 - §6.3.7,
// RFC 6154 §3): the tree of mailboxes, and NAMESPACE (RFC 2342).
//
// What the tree says to a change has the codes of RFC 5530.

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "server/imap/roles.h"
#include "server/imap/session.h"

namespace posta::server::imap {

namespace {

using mailbox::TreeCode;

Reply reply_for(TreeCode tree, std::string_view done) {
  switch (tree) {
    case TreeCode::ok: return Reply::ok(done);
    case TreeCode::exists: return Reply::no("There is such a mailbox", code::kAlreadyExists);
    case TreeCode::no_mailbox: return Reply::no("There is no such mailbox", code::kNonExistent);
    case TreeCode::not_allowed: return Reply::no("That is not possible", code::kCannot);
    case TreeCode::bad_name: return Reply::no("That is no name for a mailbox", code::kCannot);
    case TreeCode::too_many: return Reply::no("There are too many mailboxes", code::kLimit);
  }
  return Reply::no("That is not possible", code::kServerBug);
}

}  // namespace

Task<Reply> Session::create(wi::Create& command) {
  mailbox::Role role = mailbox::Role::none;
  // RFC 6154 §3: USEATTR for what cannot be; a mailbox here has one use at most.
  if (command.special_use.size() == 1) role = role_of(command.special_use.front());
  if (!command.special_use.empty() && role == mailbox::Role::none)
    co_return Reply::no("A mailbox cannot have that use", "USEATTR");
  if (role != mailbox::Role::none) {
    auto all = co_await mailboxes().list(account());
    if (!all) co_return unavailable("list", all.error());
    if (std::ranges::any_of(*all, [role](const auto& record) { return record.role == role; }))
      co_return Reply::no("Another mailbox has that use", "USEATTR");
  }
  auto created = co_await mailboxes().create(account(), std::move(command.mailbox), role,
                                             stream_.executor().wall());
  if (!created) co_return unavailable("create", created.error());
  co_return reply_for(created->first, "Created");
}

Task<Reply> Session::remove(wi::Delete& command) {
  auto found = co_await mailboxes().find(account(), command.mailbox);
  if (!found) co_return unavailable("find", found.error());
  if (!*found) co_return Reply::no("There is no such mailbox", code::kNonExistent);
  const MailboxId mailbox = (*found)->id;
  auto removed = co_await mailboxes().remove_mailbox(account(), mailbox, stream_.executor().wall());
  if (!removed) co_return unavailable("remove", removed.error());
  // Who deletes the mailbox that it has selected knows; the others hear BYE (announce.cc).
  if (*removed == TreeCode::ok && selected_ && selected_->mailbox == mailbox) {
    untagged("OK [CLOSED] The selected mailbox is gone");
    deselect();
  }
  co_return reply_for(*removed, "Deleted");
}

Task<Reply> Session::rename(wi::Rename& command) {
  auto renamed = co_await mailboxes().rename(account(), std::move(command.from),
                                             std::move(command.to), stream_.executor().wall());
  if (!renamed) co_return unavailable("rename", renamed.error());
  co_return reply_for(*renamed, "Renamed");
}

Task<Reply> Session::subscribe(wi::Subscribe& command) {
  auto done = co_await mailboxes().subscribe(account(), std::move(command.mailbox), command.on);
  if (!done) co_return unavailable("subscribe", done.error());
  co_return reply_for(*done, command.on ? "Subscribed" : "Unsubscribed");
}

// One personal namespace, and none of others.
Task<Reply> Session::name_space(wi::Namespace&) {
  untagged("NAMESPACE ((\"\" \"/\")) NIL NIL");
  co_return Reply::ok("That is all");
}

}  // namespace posta::server::imap

// cmd_copy.cc: COPY (RFC 3501 §6.4.7, RFC 4315 §3) and MOVE (RFC 6851), by number or by uid.
//
//   OK [COPYUID validity from to] …              COPY: in the tagged response
//   * OK [COPYUID validity from to] …            MOVE: before the EXPUNGEs (RFC 6851 §4.3)
//
// All or nothing, in one durable commit.

#include <fmt/format.h>

#include "server/imap/session.h"

namespace posta::server::imap {

namespace {

std::string copy_uid(const mailbox::Copied& copied) {
  auto numbers = [](const std::vector<Uid>& uids) {
    std::vector<std::uint32_t> out;
    out.reserve(uids.size());
    for (Uid uid : uids) out.push_back(uid.value);
    return print_numbers(out);
  };
  return fmt::format("COPYUID {} {} {}", copied.uid_validity.value, numbers(copied.from),
                     numbers(copied.to));
}

Reply refusal(mailbox::CopyCode why) {
  using mailbox::CopyCode;
  switch (why) {
    case CopyCode::no_target: return Reply::no("There is no such mailbox", code::kTryCreate);
    case CopyCode::over_quota:
      return Reply::no("The account has no room for the copies", code::kOverQuota);
    case CopyCode::missing: return Reply::no("Some of the messages are gone", "EXPUNGEISSUED");
    case CopyCode::ok:
    case CopyCode::no_source: break;
  }
  return Reply::no("The selected mailbox is gone", code::kNonExistent);
}

}  // namespace

Task<Reply> Session::copy(wi::Copy& command) {
  if (command.move && selected_->read_only)
    co_return Reply::no("The mailbox is open for reading", code::kReadOnly);
  auto ranges = selected_->resolve(command.set, command.by_uid);
  if (!ranges) co_return Reply::bad("There is no message with that number");
  auto target = co_await mailboxes().find(account(), command.mailbox);
  if (!target) co_return unavailable("find", target.error());
  if (!*target) co_return Reply::no("There is no such mailbox", code::kTryCreate);
  std::vector<Uid> uids = selected_->uids(*ranges);
  const MailboxId from = selected_->mailbox, to = (*target)->id;
  const WallTime now = stream_.executor().wall();
  if (uids.empty()) co_return Reply::ok("There was nothing to copy");
  // RFC 2180 §4.4.1: who names messages by number and one is no more gets NO, and no copy at all.
  const auto gone = command.by_uid ? mailbox::Gone::passed_over : mailbox::Gone::refused;

  if (command.move) {
    auto moved = co_await mailboxes().move(account(), from, std::move(uids), to, gone, now);
    if (!moved) co_return unavailable("move", moved.error());
    if (moved->first != mailbox::CopyCode::ok) co_return refusal(moved->first);
    if (!moved->second.from.empty())
      untagged(fmt::format("OK [{}] Moved", copy_uid(moved->second)));
    co_return Reply::ok("Moved");
  }
  auto limit = co_await quota();
  if (!limit) co_return unavailable("quota", limit.error());
  auto copied =
      co_await mailboxes().copy(account(), from, std::move(uids), to,
                                {.octets = limit->octets, .messages = limit->messages}, gone, now);
  if (!copied) co_return unavailable("copy", copied.error());
  if (copied->first != mailbox::CopyCode::ok) co_return refusal(copied->first);
  // RFC 4315 §3: nothing was copied, so there are no uids to tell.
  if (copied->second.from.empty()) co_return Reply::ok("There was nothing to copy");
  co_return Reply::ok("Copied", copy_uid(copied->second));
}

}  // namespace posta::server::imap

// cmd_list.cc: LIST and LSUB (RFC 3501 §6.3.8, §6.3.9; RFC 5258, 5819, 6154), STATUS (§6.3.10).
//
//   * LIST (\HasNoChildren \Sent) "/" Sent
//   * LIST () "/" lists ("CHILDINFO" ("SUBSCRIBED"))
//   * STATUS Sent (MESSAGES 3 UNSEEN 0)
//
// STATUS of the selected mailbox is answered like any other (RFC 3501 §6.3.10 leaves it to clients
// not to ask).

#include <fmt/format.h>

#include "server/imap/listing.h"
#include "server/imap/print.h"
#include "server/imap/session.h"

namespace posta::server::imap {

namespace {

void print_listed(std::string& out, std::string_view verb, const Listed& listed) {
  fmt::format_to(std::back_inserter(out), "* {} ({}) \"/\" ", verb,
                 fmt::join(listed.attributes, " "));
  append_mailbox(out, listed.name);
  if (listed.child_subscribed || listed.child_special_use) {
    out += " (\"CHILDINFO\" (";
    if (listed.child_subscribed) out += "\"SUBSCRIBED\"";
    if (listed.child_subscribed && listed.child_special_use) out += ' ';
    if (listed.child_special_use) out += "\"SPECIAL-USE\"";
    out += "))";
  }
  out += "\r\n";
}

}  // namespace

Task<Reply> Session::list(wi::List& command) {
  const std::string_view verb = command.lsub ? "LSUB" : "LIST";
  // RFC 3501 §6.3.8: "An empty ("" string) mailbox name argument is a special request to return the
  // hierarchy delimiter and the root name".
  if (!command.extended && command.patterns.size() == 1 && command.patterns.front().empty()) {
    untagged(fmt::format("{} (\\Noselect) \"/\" \"\"", verb));
    co_return Reply::ok("That is all");
  }
  auto records = co_await mailboxes().list(account());
  if (!records) co_return unavailable("list", records.error());
  auto subscriptions = co_await mailboxes().subscriptions(account());
  if (!subscriptions) co_return unavailable("subscriptions", subscriptions.error());
  Listing listing(command, *records, *subscriptions, mailboxes().limits().mailbox_name_octets_max);
  std::optional<Listed> listed;
  while (listing.step(listed)) {
    if (listed) print_listed(stream_.out(), verb, *listed);
    if (listed && listed->record && command.return_status) {
      auto printed =
          co_await print_status_of(listed->name, *command.return_status, *listed->record);
      if (!printed) co_return unavailable("status", printed.error());
    }
    if (due() && !co_await breathe()) co_return Reply::later();
  }
  co_return Reply::ok("That is all");
}

Task<Reply> Session::status(wi::Status& command) {
  auto found = co_await mailboxes().find(account(), command.mailbox);
  if (!found) co_return unavailable("find", found.error());
  if (!*found) co_return Reply::no("There is no such mailbox", code::kNonExistent);
  auto printed =
      co_await print_status_of(std::move(command.mailbox), command.items, **std::move(found));
  if (!printed) co_return unavailable("status", printed.error());
  co_return Reply::ok("That is all");
}

// The record knows nearly all; what it does not is counted in the mailbox itself.
Task<Result<>> Session::print_status_of(std::string name, wi::StatusItems items,
                                        mailbox::MailboxRecord record) {
  if (items.highest_mod_seq) enable_condstore();  // RFC 7162 §3.1
  std::uint32_t recent = 0;
  if (items.recent && record.recent_from < record.uid_next) {
    CO_TRY(auto known, co_await mailboxes().status(account(), record.id));
    if (!known) co_return Result<>();  // gone meanwhile: nothing is said of it
    recent = known->recent;
    record = *std::move(known);
  }
  std::uint64_t deleted = 0;
  if (items.deleted_storage && record.deleted > 0) {
    CO_TRY(auto view, co_await mailboxes().open(account(), record.id));
    if (!view) co_return Result<>();
    view->visit(1, view->count(), [&deleted](std::uint32_t, const MessageState& state) {
      if (state.flags.has(Flags::deleted)) deleted += state.size;
    });
  }
  print_status(name, items, record, recent, deleted);
  co_return Result<>();
}

void Session::print_status(std::string_view name, const wi::StatusItems& items,
                           const mailbox::MailboxRecord& record, std::uint32_t recent,
                           std::uint64_t deleted) {
  std::string& out = stream_.out();
  out += "* STATUS ";
  append_mailbox(out, name);
  out += " (";
  auto item = [&out](bool wanted, std::string_view what, std::uint64_t value) {
    if (!wanted) return;
    if (!out.ends_with('(')) out += ' ';
    out += what;
    append_number(out += ' ', value);
  };
  item(items.messages, "MESSAGES", record.messages);
  item(items.recent, "RECENT", recent);
  item(items.uid_next, "UIDNEXT", record.uid_next.value);
  item(items.uid_validity, "UIDVALIDITY", record.uid_validity.value);
  item(items.unseen, "UNSEEN", record.unseen);
  item(items.highest_mod_seq, "HIGHESTMODSEQ", record.mod_seq.value);
  item(items.size, "SIZE", record.octets);
  item(items.deleted, "DELETED", record.deleted);
  // RFC 9208 §4.1.4: in octets, as it is about what EXPUNGE would give back.
  item(items.deleted_storage, "DELETED-STORAGE", deleted);
  out += ")\r\n";
}

}  // namespace posta::server::imap

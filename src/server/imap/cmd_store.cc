// cmd_store.cc: STORE and UID STORE (RFC 3501 §6.4.6, RFC 7162 §3.1.3): flags of messages.
//
//   * n FETCH (FLAGS …)             not with .SILENT
//   * n FETCH (MODSEQ (m) …)        once the client knows of CONDSTORE, with .SILENT too
//   OK [MODIFIED set]               what has changed since UNCHANGEDSINCE and was left alone

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "server/imap/print.h"
#include "server/imap/session.h"

namespace posta::server::imap {

namespace {

using mailbox::FlagsWanted;

FlagsWanted::Mode mode_of(wi::Store::Mode mode) {
  switch (mode) {
    case wi::Store::Mode::add: return FlagsWanted::Mode::add;
    case wi::Store::Mode::remove: return FlagsWanted::Mode::remove;
    case wi::Store::Mode::replace: break;
  }
  return FlagsWanted::Mode::replace;
}

Told::Mode told_mode(wi::Store::Mode mode) {
  switch (mode) {
    case wi::Store::Mode::add: return Told::Mode::add;
    case wi::Store::Mode::remove: return Told::Mode::remove;
    case wi::Store::Mode::replace: break;
  }
  return Told::Mode::replace;
}

// Keywords as the numbers that the mailbox gives them now.
std::uint64_t bits_of(const std::vector<std::string>& wanted,
                      const std::vector<std::string>& keywords) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < keywords.size(); ++i)
    if (std::ranges::any_of(
            wanted, [&](const std::string& name) { return equals_ignore_case(name, keywords[i]); }))
      bits |= std::uint64_t{1} << i;
  return bits;
}

}  // namespace

Task<Reply> Session::store(wi::Store& command) {
  if (selected_->read_only) co_return Reply::no("The mailbox is open for reading", code::kReadOnly);
  auto ranges = selected_->resolve(command.set, command.by_uid);
  if (!ranges) co_return Reply::bad("There is no message with that number");
  FlagsWanted wanted;
  wanted.uids = selected_->uids(*ranges);
  if (wanted.uids.empty()) co_return Reply::ok("There was nothing to change");
  wanted.mode = mode_of(command.mode);
  wanted.system = command.system;
  wanted.keywords = command.keywords;
  if (command.unchanged_since) {
    enable_condstore();  // RFC 7162 §3.1
    wanted.unchanged_since = ModSeq(*command.unchanged_since);
  }
  auto told = std::make_unique<Told>();
  told->uids = wanted.uids;
  auto stored = co_await mailboxes().store(account(), selected_->mailbox, std::move(wanted));
  if (!stored) co_return unavailable("store", stored.error());
  using Code = mailbox::FlagsStored::Code;
  if (stored->code == Code::no_mailbox)
    co_return Reply::no("The selected mailbox is gone", code::kNonExistent);
  if (stored->code == Code::too_many_keywords)
    co_return Reply::no("The mailbox has no room for more keywords", code::kLimit);

  auto now = co_await mailboxes().open(account(), selected_->mailbox);
  if (!now) co_return unavailable("open", now.error());
  if (!*now) co_return Reply::no("The selected mailbox is gone", code::kNonExistent);
  // RFC 2180 §4.2.2: of messages by number that are all gone, nothing was stored.
  if (!command.by_uid && std::ranges::none_of(told->uids, [&](Uid uid) {
        return (*now)->sequence_of(uid).has_value();
      }))
    co_return Reply::no("The messages are gone", "EXPUNGEISSUED");
  const mailbox::MailboxRecord& record = (*now)->record();
  announce_keywords(record);
  std::erase_if(told->uids,
                [&](Uid uid) { return std::ranges::binary_search(stored->modified, uid); });
  told->silent = command.silent;
  told->mod_seq = command.silent ? ModSeq(~std::uint64_t{0}) : record.mod_seq;
  told->mode = told_mode(command.mode);
  told->flags = {command.system, bits_of(command.keywords, record.keywords)};
  selected_->told = std::move(told);
  if (!command.silent || user_->condstore)
    co_await print_stored(command, *ranges, *now, stored->modified);
  if (end_ != End::open) co_return Reply::later();
  if (stored->modified.empty()) co_return Reply::ok("Stored");

  std::vector<std::uint32_t> modified;
  for (Uid uid : stored->modified) {
    if (command.by_uid) {
      modified.push_back(uid.value);
    } else if (auto n = selected_->announced->sequence_of(uid)) {
      modified.push_back(*n);
    }
  }
  co_return Reply::ok("Some have changed since", "MODIFIED " + print_numbers(modified));
}

Task<> Session::print_stored(const wi::Store& command, Selected::Ranges ranges,
                             std::shared_ptr<const View> now, std::vector<Uid> modified) {
  constexpr std::uint32_t kRows = 512;
  const std::vector<std::string>& keywords = now->record().keywords;
  auto print = [&](std::uint32_t n, const MessageState& before) {
    auto place = now->sequence_of(before.uid);
    if (!place || std::ranges::binary_search(modified, before.uid)) return;
    const MessageState state = now->at(*place);
    std::string& out = stream_.out();
    append_number(out += "* ", n);
    out += " FETCH (";
    if (command.by_uid || user_->condstore) {
      append_number(out += "UID ", state.uid.value);
      out += ' ';
    }
    if (user_->condstore) {
      append_number(out += "MODSEQ (", state.mod_seq.value);
      out += command.silent ? ")" : ") ";
    }
    if (!command.silent) print_flags_of(state, keywords);
    out += ")\r\n";
  };
  for (const SequenceSet::Range& range : ranges)
    for (std::uint64_t first = range.first; first <= range.last; first += kRows) {
      auto last =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(range.last, first + kRows - 1));
      selected_->announced->visit(static_cast<std::uint32_t>(first), last, print);
      if (due() && !co_await breathe()) co_return;
    }
}

}  // namespace posta::server::imap

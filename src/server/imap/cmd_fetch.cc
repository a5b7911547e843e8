// cmd_fetch.cc: FETCH and UID FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4).
//
//   plan --> ranges of numbers --> \Seen, in one commit --> states alone, from the view
//                                                     \--> e-mails, some at a time (fetch_body.cc)
//
// What is printed leaves whenever it has grown, and others get their turn every millisecond, so
// that an answer of any size needs little memory and holds nobody up.

#include <algorithm>

#include <fmt/format.h>

#include "server/imap/fetching.h"
#include "server/imap/print.h"

namespace posta::server::imap {

namespace {

using Kind = wi::FetchItem::Kind;

// Of a view, before the clock is looked at; fewer if many items are wanted of each.
constexpr std::uint32_t kRows = 512;

// Of `ranges` what has changed after `since`.
Selected::Ranges changed(const Selected& selected, const Selected::Ranges& ranges, ModSeq since) {
  Selected::Ranges out;
  for (const SequenceSet::Range& range : ranges)
    selected.visit(range.first, range.last, [&](std::uint32_t n, const MessageState& state) {
      if (state.mod_seq <= since) return;
      if (!out.empty() && out.back().last + 1 == n) {
        out.back().last = n;
      } else {
        out.push_back({n, n});
      }
    });
  return out;
}

}  // namespace

// Everything that the view knows of a message.
void print_state(std::string& out, const FetchPlan::Item& item, const MessageState& state) {
  switch (item.kind) {
    case Kind::uid: append_number(out += "UID ", state.uid.value); break;
    case Kind::rfc822_size: append_number(out += "RFC822.SIZE ", state.size); break;
    case Kind::internal_date: append_date_time(out += "INTERNALDATE ", state.internal_date); break;
    case Kind::mod_seq:
      append_number(out += "MODSEQ (", state.mod_seq.value);
      out += ')';
      break;
    default: break;
  }
}

Task<Reply> Session::fetch(wi::Fetch& command) {
  auto ranges = selected_->resolve(command.set, command.by_uid);
  if (!ranges) co_return Reply::bad("There is no message with that number");
  Fetching run{.plan = FetchPlan(command, command.changed_since.has_value()),
               .ranges = *std::move(ranges),
               .newest = selected_->flags,
               .now_seen = {},
               .missing = false,
               .fields = {},
               .taken = 0};
  if (run.plan.has(Kind::mod_seq)) enable_condstore();  // RFC 7162 §3.1
  if (command.changed_since)
    run.ranges = changed(*selected_, run.ranges, ModSeq(*command.changed_since));
  if (run.plan.sets_seen() && !selected_->read_only) {
    auto seen = co_await set_seen(run);
    if (!seen) co_return unavailable("store", seen.error());
  }
  if (run.plan.needs_email()) {
    auto done = co_await fetch_emails(run);
    if (!done && end_ == End::open) {
      selected_->told.reset();  // what is \Seen now was perhaps not told
      co_return unavailable("read", done.error());
    }
  } else {
    co_await fetch_states(run);
  }
  if (end_ != End::open) co_return Reply::later();
  // RFC 2180 §4.1.2: for who asks for a message that is no more.
  if (run.missing) co_return Reply::no("Some of the messages are gone", "EXPUNGEISSUED");
  co_return Reply::ok("That is all");
}

// RFC 3501 §6.4.5: "The \Seen flag is implicitly set; if this causes the flags to change, they
// SHOULD be included as part of the FETCH responses."
Task<Result<>> Session::set_seen(Fetching& run) {
  for (const SequenceSet::Range& range : run.ranges)
    selected_->visit(range.first, range.last, [&](std::uint32_t, const MessageState& state) {
      if (!state.flags.has(Flags::seen)) run.now_seen.push_back(state.uid);
    });
  if (run.now_seen.empty()) co_return Result<>();
  mailbox::FlagsWanted wanted;
  wanted.uids = run.now_seen;
  wanted.system = Flags::seen;
  CO_TRY_VOID(co_await mailboxes().store(account(), selected_->mailbox, std::move(wanted)));
  CO_TRY(auto now, co_await mailboxes().open(account(), selected_->mailbox));
  if (!now) co_return Result<>();  // the mailbox is gone: the next look says so
  run.newest = std::move(now);
  announce_keywords(run.newest->record());
  selected_->told = std::make_unique<Told>();
  selected_->told->uids = run.now_seen;
  selected_->told->mod_seq = run.newest->record().mod_seq;
  co_return Result<>();
}

Task<bool> Session::fetch_states(Fetching& run) {
  const std::vector<std::string>& keywords = run.newest->record().keywords;
  std::shared_ptr<const View> announced = selected_->announced;
  auto print = [&](std::uint32_t n, const MessageState& before) {
    const MessageState state = run.newest_of(*announced, before);
    std::string& out = stream_.out();
    append_number(out += "* ", n);
    out += " FETCH (";
    for (const FetchPlan::Item& item : run.plan.items()) {
      if (item.kind == Kind::flags) {
        print_flags_of(state, keywords);
      } else {
        print_state(out, item, state);
      }
      out += ' ';
    }
    out.back() = ')';
    out += "\r\n";
  };
  const auto items = static_cast<std::uint32_t>(run.plan.items().size());
  const std::uint32_t rows = std::max(1u, kRows / (1 + items / 16));
  for (const SequenceSet::Range& range : run.ranges)
    for (std::uint64_t first = range.first; first <= range.last; first += rows) {
      auto last = static_cast<std::uint32_t>(std::min<std::uint64_t>(range.last, first + rows - 1));
      announced->visit(static_cast<std::uint32_t>(first), last, print);
      if (due() && !co_await breathe()) co_return false;
    }
  co_return true;
}

}  // namespace posta::server::imap

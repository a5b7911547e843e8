// announce.cc: the news of the selected mailbox (RFC 3501 §5.2, §7.3, §7.4; RFC 2180).
//
//   the view that was announced --difference--> the view of now
//        * n EXPUNGE            in descending order, so that each number holds when it is read
//        * n EXISTS, n RECENT
//        * FLAGS, PERMANENTFLAGS     if there are new keywords
//        * n FETCH (FLAGS …)    what others have changed
//
// While something is expunged that must not be told (RFC 3501 §7.4.1), new messages wait too, since
// their numbers are not known yet; flags of the others do not.

#include <fmt/format.h>

#include "server/imap/print.h"
#include "server/imap/session.h"

namespace posta::server::imap {

namespace {

constexpr std::size_t kRows = 512;  // of a view, before the clock is looked at

std::vector<MessageState> states_of(const View& view, std::uint32_t first, std::uint32_t last) {
  std::vector<MessageState> out;
  out.reserve(last - first + 1);
  view.visit(first, last,
             [&out](std::uint32_t, const MessageState& state) { out.push_back(state); });
  return out;
}

// The running command has told the flags already, or was asked not to (Told). `at` moves on through
// the uids, which are in the same order; `old` is the message before, if it had the same number.
bool is_told(const Told& told, std::size_t& at, const View& before, const MessageState* old,
             const MessageState& state) {
  while (at < told.uids.size() && told.uids[at] < state.uid) ++at;
  if (at == told.uids.size() || told.uids[at] != state.uid || state.mod_seq > told.mod_seq)
    return false;
  if (!told.silent) return true;
  if (old && old->uid == state.uid) return told.apply(old->flags) == state.flags;
  auto place = before.sequence_of(state.uid);
  return place && told.apply(before.at(*place).flags) == state.flags;
}

}  // namespace

Task<> Session::announce(News news) {
  if (!selected_ || news == News::none) co_return;
  auto now = co_await mailboxes().open(account(), selected_->mailbox);
  if (!now) {
    trouble("open", now.error());  // what is known stays; the next command looks again
    co_return;
  }
  if (!*now) {
    // RFC 2180 §3.3: "disconnect all other clients who have the mailbox accessed".
    bye("The selected mailbox has been deleted", End::stopped);
    co_return;
  }
  if (*now != selected_->flags || *now != selected_->announced)
    co_await announce_between(*std::move(now), news);
}

Task<> Session::announce_between(std::shared_ptr<const View> now, News news) {
  announce_keywords(now->record());
  mailbox::Difference difference = mailbox::difference(*selected_->announced, *now);
  const bool hide = !difference.expunged.empty() && news != News::all;
  std::shared_ptr<const View> flags_before = selected_->flags;
  std::vector<std::uint32_t> flagged = std::move(difference.flagged);
  if (flags_before != selected_->announced)
    flagged = mailbox::difference(*flags_before, *now).flagged;
  if (!hide) {
    co_await announce_expunged(difference);
    selected_->announced = now;
    if (difference.added > 0) co_await announce_added();
  }
  selected_->flags = now;
  co_await announce_flags(*flags_before, std::move(now), std::move(flagged));
}

Task<> Session::announce_expunged(const mailbox::Difference& difference) {
  for (std::uint32_t n : difference.expunged) {
    append_number(stream_.out() += "* ", n);
    stream_.put(" EXPUNGE\r\n");
    if (stream_.unsent() > limits().replies_octets_max) co_await flush();
  }
}

Task<> Session::announce_added() {
  untagged(fmt::format("{} EXISTS", selected_->count()));
  if (selected_->read_only) {
    selected_->see_recent(selected_->announced->record());
  } else {
    // Who idles hears of the message before we have claimed that it is recent: that is a commit.
    if (idle_) co_await flush();
    auto claimed = co_await mailboxes().claim_recent(account(), selected_->mailbox);
    if (claimed) {
      selected_->add_recent(*claimed);
    } else {
      trouble("claim", claimed.error());
    }
  }
  untagged(fmt::format("{} RECENT", selected_->recent_count()));
}

Task<> Session::announce_flags(const View& before, std::shared_ptr<const View> now,
                               std::vector<std::uint32_t> flagged) {
  std::size_t at = 0;  // in the uids of what was told
  for (std::size_t i = 0, end = 0; i < flagged.size(); i = end) {
    for (end = i + 1;
         end < flagged.size() && end - i < kRows && flagged[end] == flagged[end - 1] + 1;)
      ++end;
    const std::uint32_t first = flagged[i], last = flagged[end - 1];
    // The messages before, if they had the same numbers: whose place is looked up else.
    std::vector<MessageState> olds;
    if (selected_->told && last <= before.count()) olds = states_of(before, first, last);
    for (const MessageState& state : states_of(*now, first, last)) {
      const std::uint32_t in_now = flagged[i++];
      const MessageState* old = olds.empty() ? nullptr : &olds[in_now - first];
      if (selected_->told && is_told(*selected_->told, at, before, old, state)) continue;
      auto n = selected_->announced == now ? std::optional(in_now)
                                           : selected_->announced->sequence_of(state.uid);
      if (n) print_news(*n, state, now->record().keywords);
    }
    if (due() && !co_await breathe()) co_return;
  }
}

void Session::print_news(std::uint32_t n, const MessageState& state,
                         const std::vector<std::string>& keywords) {
  append_number(stream_.out() += "* ", n);
  stream_.put(" FETCH (");
  if (user_->condstore) {
    append_number(stream_.out() += "UID ", state.uid.value);
    append_number(stream_.out() += " MODSEQ (", state.mod_seq.value);
    stream_.put(") ");
  }
  print_flags_of(state, keywords);
  stream_.put(")\r\n");
}

void Session::print_flags_of(const MessageState& state, const std::vector<std::string>& keywords) {
  append_flags(stream_.out(), keywords, state.flags, selected_->is_recent(state.uid));
}

// RFC 3501 §7.2.6: FLAGS before any message has a flag that was not named yet.
void Session::announce_keywords(const mailbox::MailboxRecord& record) {
  if (record.keywords.size() == selected_->keywords_told) return;
  selected_->keywords_told = record.keywords.size();
  print_flags_list(record);
}

void Session::print_flags_list(const mailbox::MailboxRecord& record) {
  std::string names(kSystemFlags);
  for (const std::string& keyword : record.keywords) names += ' ' + keyword;
  untagged(fmt::format("FLAGS ({})", names));
  if (selected_->read_only) {
    untagged("OK [PERMANENTFLAGS ()] Nothing can be changed");
  } else {
    // RFC 3501 §7.1: "\*" says that the client may make new keywords.
    bool full = record.keywords.size() >= mailboxes().limits().keywords_max;
    untagged(
        fmt::format("OK [PERMANENTFLAGS ({}{})] Flags that are kept", names, full ? "" : " \\*"));
  }
}

// RFC 7162 §3.1: "A first CONDSTORE enabling command executed in the session with a mailbox
// selected MUST cause the server to return HIGHESTMODSEQ".
void Session::enable_condstore() {
  if (std::exchange(user_->condstore, true) || !selected_) return;
  untagged(fmt::format("OK [HIGHESTMODSEQ {}] The last change",
                       selected_->flags->record().mod_seq.value));
}

void Session::deselect() {
  idling_.reset();
  selected_.reset();
  if (state_ == State::selected) state_ = State::authenticated;
}

}  // namespace posta::server::imap

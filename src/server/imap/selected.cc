#include "server/imap/selected.h"

#include <algorithm>

namespace posta::server::imap {

Flags Told::apply(Flags before) const {
  switch (mode) {
    case Mode::add:
      return {static_cast<std::uint8_t>(before.system | flags.system),
              before.keywords | flags.keywords};
    case Mode::remove:
      return {static_cast<std::uint8_t>(before.system & ~flags.system),
              before.keywords & ~flags.keywords};
    case Mode::replace: return flags;
  }
  return before;
}

std::uint32_t lower_bound(const View& view, Uid uid) {
  if (auto exactly = view.sequence_of(uid)) return *exactly;
  std::uint32_t low = 1, high = view.count() + 1;
  while (low < high) {
    std::uint32_t middle = low + (high - low) / 2;
    if (view.at(middle).uid < uid) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

MessageState Selected::at(std::uint32_t n) const {
  MessageState state = announced->at(n);
  return announced == flags ? state : newest(state);
}

bool Selected::is_recent(Uid uid) const {
  return std::ranges::any_of(
      recent, [uid](const auto& range) { return range.first <= uid && uid < range.second; });
}

std::uint32_t Selected::recent_count() const {
  std::uint32_t messages = 0;
  for (const auto& [first, end] : recent)
    messages += lower_bound(*announced, end) - lower_bound(*announced, first);
  return messages;
}

void Selected::add_recent(mailbox::Mailboxes::Recent claimed) {
  if (claimed.first >= claimed.end) return;
  if (!recent.empty() && recent.back().second == claimed.first) {
    recent.back().second = claimed.end;
  } else {
    recent.emplace_back(claimed.first, claimed.end);
  }
}

void Selected::see_recent(const mailbox::MailboxRecord& record) {
  Uid first = record.recent_from;
  if (!recent.empty()) first = std::max(first, recent.back().second);
  add_recent({.first = first, .end = record.uid_next, .messages = 0, .mod_seq = {}});
}

Selected::Ranges Selected::by_uid(const SequenceSet& set) const {
  Ranges out;
  if (count() == 0) return out;
  const std::uint32_t largest = announced->at(count()).uid.value;
  for (const SequenceSet::Range& range : set.resolve(largest)) {
    std::uint32_t first = lower_bound(*announced, Uid(range.first));
    std::uint32_t end =
        range.last == ~0u ? count() + 1 : lower_bound(*announced, Uid(range.last + 1));
    if (first >= end) continue;
    if (!out.empty() && out.back().last + 1 == first) {
      out.back().last = end - 1;
    } else {
      out.push_back({first, end - 1});
    }
  }
  return out;
}

std::optional<Selected::Ranges> Selected::by_number(const SequenceSet& set) const {
  // RFC 3501 §9 seq-number: "The server should respond with a tagged BAD response to a command that
  // uses a message sequence number greater than the number of messages in the selected mailbox."
  // So too "*" if it is empty.
  for (const SequenceSet::Range& range : set.ranges)
    if (count() == 0 || range.first > count() || range.last > count()) return std::nullopt;
  return set.resolve(count());
}

std::vector<Uid> Selected::uids(const Ranges& ranges) const {
  std::vector<Uid> out;
  std::size_t messages = 0;
  for (const SequenceSet::Range& range : ranges) messages += range.last - range.first + 1;
  out.reserve(messages);
  for (const SequenceSet::Range& range : ranges)
    announced->visit(range.first, range.last,
                     [&](std::uint32_t, const MessageState& state) { out.push_back(state.uid); });
  return out;
}

}  // namespace posta::server::imap

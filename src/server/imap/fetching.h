// fetching.h: one FETCH on its way; private to cmd_fetch.cc and fetch_body.cc.
#pragma once

#include <algorithm>

#include "server/imap/fetch_plan.h"
#include "server/imap/session.h"

namespace posta::server::imap {

struct Session::Fetching {
  FetchPlan plan;
  Selected::Ranges ranges;
  std::shared_ptr<const View> newest;  // for flags: the command itself may have set \Seen
  std::vector<Uid> now_seen;           // by this command, ascending
  bool missing = false;                // a message is gone for good
  std::string fields;                  // room for those of one message
  std::size_t taken = 0;               // ranges, from the front

  bool flags_changed(Uid uid) const { return std::ranges::binary_search(now_seen, uid); }
  // The state as it is printed.
  MessageState newest_of(const View& announced, const MessageState& state) const {
    return newest.get() == &announced ? state : in_view(*newest, state);
  }
  // Moves at most `count` messages from the front of `ranges` to `states`.
  void take(const View& announced, std::uint32_t count,
            std::vector<std::pair<std::uint32_t, MessageState>>& states) {
    states.clear();
    for (; taken < ranges.size() && states.size() < count; ++taken) {
      SequenceSet::Range& range = ranges[taken];
      const auto room = count - static_cast<std::uint32_t>(states.size());
      const std::uint32_t last = std::min(range.last, range.first + (room - 1));
      announced.visit(range.first, last, [&](std::uint32_t n, const MessageState& state) {
        states.emplace_back(n, newest_of(announced, state));
      });
      if (last == range.last) continue;
      range.first = last + 1;
      break;
    }
  }
};

// Some messages on their way: what the view knows of them, then their e-mails.
struct Session::Piece {
  std::vector<std::pair<std::uint32_t, MessageState>> states;
  Result<std::vector<std::optional<mailbox::Email>>> emails;
};

}  // namespace posta::server::imap

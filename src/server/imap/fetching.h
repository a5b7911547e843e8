// fetching.h: one FETCH on its way; private to cmd_fetch.cc and fetch_body.cc.
#pragma once

#include "server/imap/fetch_plan.h"
#include "server/imap/session.h"

namespace posta::server::imap {

struct Session::Fetching {
  FetchPlan plan;
  Selected::Ranges ranges;
  std::shared_ptr<const View> newest;  // for flags: the command itself may have set \Seen
  std::vector<Uid> now_seen;           // by this command, ascending
  bool missing = false;                // a message is gone for good

  bool flags_changed(Uid uid) const { return std::ranges::binary_search(now_seen, uid); }
  // The state as it is printed.
  MessageState newest_of(const View& announced, const MessageState& state) const {
    return newest.get() == &announced ? state : in_view(*newest, state);
  }
};

}  // namespace posta::server::imap

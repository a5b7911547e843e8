// tree.h: the tree of mailboxes at a turn. What clients may do to it is in mailbox.h.
#pragma once

#include "mailbox/at_turn.h"
#include "mailbox/names.h"

namespace posta::mailbox {

// A turn's word for a TreeCode, and back.
int code_of(TreeCode code);
TreeCode tree_code_of(int code);

// Makes a mailbox and its missing superiors. `name` is canonical.
TreeCode create_at(AtTurn& at, const Limits& limits, std::string_view name, Role role, WallTime now,
                   MailboxId& made);
// Renames a mailbox (not INBOX) and what is below it. Names are canonical.
TreeCode rename_at(AtTurn& at, const Limits& limits, std::string_view from, std::string_view to,
                   WallTime now);

}  // namespace posta::mailbox

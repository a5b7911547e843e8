// parse_message.cc: what is done to messages: COPY, MOVE, STORE, UID EXPUNGE.
#include "wire/imap/rules.h"

namespace posta::wire::imap {

namespace {

// ("COPY" / "MOVE") SP sequence-set SP mailbox
Result<Body> copy_or_move(Scanner& in, bool moves) {
  Copy command;
  command.move = moves;
  TRY(command.set, in.sequence_set());
  TRY_VOID(in.space());
  TRY(command.mailbox, mailbox(in));
  return command;
}

// store-modifiers = "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"      RFC 7162 §7
Result<> store_modifiers(Scanner& in, Store& command) {
  return parenthesised(in, false, [&](Scanner& s) -> Result<> {
    if (!s.take_word("UNCHANGEDSINCE")) return s.refuse("No such modifier of STORE");
    TRY_VOID(s.space());
    TRY(command.unchanged_since, s.mod_sequence_or_0());
    return {};
  });
}

}  // namespace

Result<Body> copy(Scanner& in) {
  return copy_or_move(in, false);
}
Result<Body> move(Scanner& in) {
  return copy_or_move(in, true);
}

// store = "STORE" SP sequence-set [SP store-modifiers] SP store-att-flags
// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
Result<Body> store(Scanner& in) {
  Store command;
  TRY(command.set, in.sequence_set());
  TRY_VOID(in.space());
  if (in.next_is('(')) {
    TRY_VOID(store_modifiers(in, command));
    TRY_VOID(in.space());
  }
  if (in.take('+'))
    command.mode = Store::Mode::add;
  else if (in.take('-'))
    command.mode = Store::Mode::remove;
  command.silent = in.take_word("FLAGS.SILENT");
  if (!command.silent && !in.take_word("FLAGS")) return in.refuse("STORE knows FLAGS only");
  TRY_VOID(in.space());
  FlagNames flags;
  if (in.next_is('(')) {
    TRY(flags, flag_list(in));
  } else {
    do {
      TRY_VOID(flag(in, flags));
    } while (in.take_space() && !in.rest().empty());
  }
  command.system = flags.system;
  command.keywords = std::move(flags.keywords);
  return command;
}

// "UID" SP "EXPUNGE" SP sequence-set                           RFC 4315 §4
Result<Body> uid_expunge(Scanner& in) {
  Expunge command;
  TRY(command.uids, in.sequence_set());
  return command;
}

}  // namespace posta::wire::imap

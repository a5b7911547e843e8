// parse_mailbox.cc: mailboxes by name: SELECT, CREATE, STATUS, APPEND, quotas and their like.
#include <fmt/format.h>

#include "base/text.h"
#include "wire/imap/date_time.h"
#include "wire/imap/rules.h"

namespace posta::wire::imap {

namespace {

// select = ("SELECT" / "EXAMINE") SP mailbox [SP "(" select-param *(SP select-param) ")"]
// select-param = "CONDSTORE"                                   RFC 4466 §2.1, RFC 7162 §7
Result<Body> select_or_examine(Scanner& in, bool read_only) {
  Select command;
  command.read_only = read_only;
  TRY(command.mailbox, mailbox(in));
  if (!in.take_space() || !in.next_is('(')) return command;
  TRY_VOID(parenthesised(in, false, [&](Scanner& s) -> Result<> {
    if (!s.take_word("CONDSTORE")) return s.refuse("No such parameter of SELECT");
    command.condstore = true;
    return {};
  }));
  return command;
}

template <class C>
Result<Body> of_mailbox(Scanner& in, C command = {}) {
  TRY(command.mailbox, mailbox(in));
  return command;
}

struct StatusItem {
  std::string_view name;
  bool StatusItems::* item;
};
constexpr StatusItem kStatusItems[] = {
    {"MESSAGES", &StatusItems::messages},
    {"RECENT", &StatusItems::recent},
    {"UIDNEXT", &StatusItems::uid_next},
    {"UIDVALIDITY", &StatusItems::uid_validity},
    {"UNSEEN", &StatusItems::unseen},
    {"HIGHESTMODSEQ", &StatusItems::highest_mod_seq},    // RFC 7162 §3.1.7
    {"SIZE", &StatusItems::size},                        // RFC 8438 §3
    {"DELETED", &StatusItems::deleted},                  // RFC 9051 §6.3.11
    {"DELETED-STORAGE", &StatusItems::deleted_storage},  // RFC 9208 §4.1.4
};

// "{" number ["+"] "}" at the end: the message itself never comes here (reader.h).
Result<std::uint64_t> announcement(Scanner& in) {
  TRY_VOID(in.expect('{'));
  TRY(std::uint64_t octets, in.number());
  in.take('+');
  TRY_VOID(in.expect('}'));
  return octets;
}

}  // namespace

Result<Body> select(Scanner& in) {
  return select_or_examine(in, false);
}
Result<Body> examine(Scanner& in) {
  return select_or_examine(in, true);
}

// create = "CREATE" SP mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"]
//                                                              RFC 6154 §6
Result<Body> create(Scanner& in) {
  Create command;
  TRY(command.mailbox, new_mailbox(in));
  if (!in.take_space() || !in.next_is('(')) return command;
  TRY_VOID(parenthesised(in, false, [&](Scanner& outer) -> Result<> {
    if (!outer.take_word("USE")) return outer.refuse("No such parameter of CREATE");
    TRY_VOID(outer.space());
    return parenthesised(outer, true, [&](Scanner& s) -> Result<> {
      TRY_VOID(s.expect('\\'));
      TRY(std::string_view attribute, s.atom());
      if (command.special_use.size() == s.limits().flags_max)
        return s.too_many("attributes", s.limits().flags_max);
      command.special_use.push_back(fmt::format("\\{}", attribute));
      return {};
    });
  }));
  return command;
}

Result<Body> delete_mailbox(Scanner& in) {
  return of_mailbox<Delete>(in);
}

Result<Body> rename(Scanner& in) {
  Rename command;
  TRY(command.from, mailbox(in));
  TRY_VOID(in.space());
  TRY(command.to, new_mailbox(in));
  return command;
}

Result<Body> subscribe(Scanner& in) {
  return of_mailbox<Subscribe>(in);
}
Result<Body> unsubscribe(Scanner& in) {
  return of_mailbox(in, Subscribe{"", false});
}

// "(" status-att *(SP status-att) ")"
Result<StatusItems> status_items(Scanner& in) {
  StatusItems items;
  TRY_VOID(parenthesised(in, false, [&](Scanner& s) -> Result<> {
    for (const StatusItem& known : kStatusItems) {
      if (!s.take_word(known.name)) continue;
      items.*known.item = true;
      return {};
    }
    return s.refuse("No such item of STATUS");
  }));
  return items;
}

// status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
Result<Body> status(Scanner& in) {
  Status command;
  TRY(command.mailbox, mailbox(in));
  TRY_VOID(in.space());
  TRY(command.items, status_items(in));
  return command;
}

// append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
Result<Body> append(Scanner& in) {
  Append command;
  TRY(command.mailbox, mailbox(in));
  TRY_VOID(in.space());
  if (in.next_is('(')) {
    TRY(FlagNames flags, flag_list(in));
    command.system = flags.system;
    command.keywords = std::move(flags.keywords);
    TRY_VOID(in.space());
  }
  if (in.next_is('"')) {
    TRY(command.internal_date, date_time(in));
    TRY_VOID(in.space());
  }
  TRY(command.octets, announcement(in));
  return command;
}

Result<Body> getquota(Scanner& in) {
  GetQuota command;
  TRY(command.root, in.astring());
  return command;
}

Result<Body> getquotaroot(Scanner& in) {
  return of_mailbox<GetQuotaRoot>(in);
}

// setquota = "SETQUOTA" SP quota-root-name SP "(" [name SP number *(SP …)] ")"    RFC 9208 §7
Result<Body> setquota(Scanner& in) {
  SetQuota command;
  TRY(command.root, in.astring());
  TRY_VOID(in.space());
  TRY_VOID(parenthesised(in, true, [&](Scanner& s) -> Result<> {
    TRY_VOID(s.atom());
    TRY_VOID(s.space());
    TRY_VOID(s.number());
    return {};
  }));
  return command;
}

}  // namespace posta::wire::imap

// parse_list.cc: LIST in all its forms, and LSUB (RFC 3501 §9, RFC 5258 §6, RFC 5819, RFC 6154).
#include "base/text.h"
#include "wire/imap/rules.h"

namespace posta::wire::imap {

namespace {

struct Option {
  std::string_view name;
  bool List::* option;
};
constexpr Option kSelection[] = {
    {"SUBSCRIBED", &List::select_subscribed},
    {"REMOTE", &List::select_remote},
    {"RECURSIVEMATCH", &List::recursive_match},
    {"SPECIAL-USE", &List::select_special_use},  // RFC 6154 §6
};
constexpr Option kReturn[] = {
    {"SUBSCRIBED", &List::return_subscribed},
    {"CHILDREN", &List::return_children},
    {"SPECIAL-USE", &List::return_special_use},
};

template <std::size_t N>
bool take_option(Scanner& in, const Option (&options)[N], List& into) {
  for (const Option& known : options) {
    if (!in.take_word(known.name)) continue;
    into.*known.option = true;
    return true;
  }
  return false;
}

// list-select-opts = "(" [list-select-opt *(SP list-select-opt)] ")"
Result<> list_select_opts(Scanner& in, List& command) {
  std::size_t start = in.at();
  TRY_VOID(parenthesised(in, true, [&](Scanner& s) -> Result<> {
    if (take_option(s, kSelection, command)) return {};
    return s.refuse("No such selection option of LIST");
  }));
  // RFC 5258 §3.1: "The RECURSIVEMATCH option MUST NOT occur as the only selection option"
  // (SPECIAL-USE and REMOTE do not count: list-select-independent-opt).
  if (command.recursive_match && !command.select_subscribed)
    return in.refuse_at(start, "RECURSIVEMATCH needs SUBSCRIBED beside it");
  command.return_subscribed |= command.select_subscribed;  // RFC 5258 §3.1: implied
  command.return_special_use |= command.select_special_use;
  return {};
}

// list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
Result<> list_return_opts(Scanner& in, List& command) {
  if (!in.take_word("RETURN")) return in.refuse("Only RETURN may follow the patterns");
  TRY_VOID(in.space());
  return parenthesised(in, true, [&](Scanner& s) -> Result<> {
    if (take_option(s, kReturn, command)) return {};
    if (!s.take_word("STATUS")) return s.refuse("No such return option of LIST");  // RFC 5819 §4
    TRY_VOID(s.space());
    TRY(command.return_status, status_items(s));
    return {};
  });
}

// mbox-or-pat = list-mailbox / "(" list-mailbox *(SP list-mailbox) ")"
Result<> mbox_or_pat(Scanner& in, List& command) {
  auto pattern = [&](Scanner& s) -> Result<> {
    if (command.patterns.size() == s.limits().patterns_max)
      return s.too_many("patterns", s.limits().patterns_max);
    TRY(auto one, list_mailbox(s));
    command.patterns.push_back(std::move(one));
    return {};
  };
  if (!in.next_is('(')) return pattern(in);
  command.extended = true;
  return parenthesised(in, false, pattern);
}

// The reference is a mailbox by the grammar, but only the beginning of a name in fact.
Result<std::string> reference(Scanner& in) {
  TRY(std::string written, in.astring());
  return pattern_of(written);
}

}  // namespace

// list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
Result<Body> list(Scanner& in) {
  List command;
  if (in.next_is('(')) {
    command.extended = true;
    TRY_VOID(list_select_opts(in, command));
    TRY_VOID(in.space());
  }
  TRY(command.reference, reference(in));
  TRY_VOID(in.space());
  TRY_VOID(mbox_or_pat(in, command));
  if (!in.take_space() || in.rest().empty()) return command;
  command.extended = true;
  TRY_VOID(list_return_opts(in, command));
  return command;
}

// lsub = "LSUB" SP mailbox SP list-mailbox
Result<Body> lsub(Scanner& in) {
  List command;
  command.lsub = true;
  TRY(command.reference, reference(in));
  TRY_VOID(in.space());
  TRY(auto pattern, list_mailbox(in));
  command.patterns.push_back(std::move(pattern));
  return command;
}

}  // namespace posta::wire::imap

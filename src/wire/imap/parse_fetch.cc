// parse_fetch.cc: FETCH and what it asks of a message (RFC 3501 §6.4.5, RFC 7162 §3.1.4).
#include <limits>

#include "base/text.h"
#include "wire/imap/rules.h"

namespace posta::wire::imap {

namespace {

using Kind = FetchItem::Kind;
using What = Section::What;

FetchItem item_of(Kind kind) {
  FetchItem item;
  item.kind = kind;
  return item;
}

struct Simple {
  std::string_view name;
  Kind kind;
  bool peek = false;
};
constexpr Simple kSimple[] = {
    {"FLAGS", Kind::flags},
    {"UID", Kind::uid},
    {"INTERNALDATE", Kind::internal_date},
    {"RFC822.SIZE", Kind::rfc822_size},
    {"ENVELOPE", Kind::envelope},
    {"BODYSTRUCTURE", Kind::bodystructure},
    {"MODSEQ", Kind::mod_seq},
    {"RFC822", Kind::rfc822},
    {"RFC822.HEADER", Kind::rfc822_header, true},  // RFC 3501 §6.4.5: as BODY.PEEK[HEADER]
    {"RFC822.TEXT", Kind::rfc822_text},
    // INTEROP: RFC 1730 §6.4.5 had these
    {"RFC822.PEEK", Kind::rfc822, true},
    {"RFC822.HEADER.PEEK", Kind::rfc822_header, true},
    {"RFC822.TEXT.PEEK", Kind::rfc822_text, true},
};

// RFC 3501 §6.4.5: each macro is the one before and one item more.
constexpr Kind kMacroItems[] = {Kind::flags, Kind::internal_date, Kind::rfc822_size, Kind::envelope,
                                Kind::body};
struct Macro {
  std::string_view name;
  std::size_t items;
};
constexpr Macro kMacros[] = {{"FAST", 3}, {"ALL", 4}, {"FULL", 5}};

bool macro(Scanner& in, std::vector<FetchItem>& items) {
  for (const Macro& known : kMacros) {
    if (!in.take_word(known.name)) continue;
    for (std::size_t i = 0; i < known.items; ++i) items.push_back(item_of(kMacroItems[i]));
    return true;
  }
  return false;
}

// header-list = "(" header-fld-name *(SP header-fld-name) ")"
Result<> header_list(Scanner& in, Section& section) {
  TRY_VOID(in.space());
  return parenthesised(in, false, [&](Scanner& s) -> Result<> {
    if (section.fields.size() == s.limits().fetch_items_max)
      return s.too_many("header fields", s.limits().fetch_items_max);
    TRY(auto name, s.astring());
    section.fields.push_back(std::move(name));
    return {};
  });
}

// section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
// section-text = section-msgtext / "MIME"
Result<> section_text(Scanner& in, Section& section) {
  if (in.take_word("HEADER.FIELDS.NOT")) {
    section.what = What::header_fields_not;
    return header_list(in, section);
  }
  if (in.take_word("HEADER.FIELDS")) {
    section.what = What::header_fields;
    return header_list(in, section);
  }
  if (in.take_word("HEADER")) {
    section.what = What::header;
  } else if (in.take_word("TEXT")) {
    section.what = What::text;
  } else if (!section.part.empty() && in.take_word("MIME")) {
    section.what = What::mime;
  } else {
    return in.refuse("No such section");
  }
  return {};
}

// section-spec = section-msgtext / (section-part ["." section-text])
// section-part = nz-number *("." nz-number)
// INTEROP: 0 in the last place is the header, as in RFC 1730 §6.4.5.
Result<> section_spec(Scanner& in, Section& section) {
  while (!in.rest().empty() && is_digit(in.rest().front())) {
    std::size_t start = in.at();
    TRY(std::uint64_t number, in.number());
    if (number > std::numeric_limits<std::uint32_t>::max())
      return in.refuse_at(start, "The number is too great");
    if (number == 0) {
      section.what = What::header;
      section.as_zero = true;
      return {};
    }
    if (section.part.size() == in.limits().nesting_max)
      return in.too_many("levels", in.limits().nesting_max);
    section.part.push_back(static_cast<std::uint32_t>(number));
    if (!in.take('.')) return {};
  }
  return section_text(in, section);
}

// section = "[" [section-spec] "]"
Result<> section(Scanner& in, Section& into) {
  TRY_VOID(in.expect('['));
  if (in.take(']')) return {};
  TRY_VOID(section_spec(in, into));
  in.blanks();
  return in.expect(']');
}

// "<" number "." nz-number ">"
Result<> partial(Scanner& in, FetchItem& item) {
  if (!in.take('<')) return {};
  TRY(std::uint64_t first, in.number());
  TRY_VOID(in.expect('.'));
  TRY(std::uint64_t octets, in.nz_number());
  TRY_VOID(in.expect('>'));
  item.partial.emplace(first, octets);
  return {};
}

// fetch-att
Result<FetchItem> fetch_att(Scanner& in) {
  for (const Simple& known : kSimple) {
    if (!in.take_word(known.name)) continue;
    FetchItem item = item_of(known.kind);
    item.peek = known.peek;
    return item;
  }
  FetchItem item = item_of(Kind::section);
  item.peek = in.take_word("BODY.PEEK");
  if (!item.peek && !in.take_word("BODY")) return in.refuse("No such item of FETCH");
  if (!item.peek && !in.next_is('[')) return item_of(Kind::body);
  TRY_VOID(section(in, item.section));
  TRY_VOID(partial(in, item));
  return item;
}

// INTEROP: macros inside parentheses, where the grammar has none.
Result<> fetch_item(Scanner& in, std::vector<FetchItem>& items) {
  if (items.size() >= in.limits().fetch_items_max)
    return in.too_many("items", in.limits().fetch_items_max);
  if (macro(in, items)) return {};
  TRY(auto item, fetch_att(in));
  items.push_back(std::move(item));
  return {};
}

// fetch-modifier = "CHANGEDSINCE" SP mod-sequence-value
// INTEROP: 0 is taken, for all messages: a server without a better number may have told it once as
// HIGHESTMODSEQ.
Result<> fetch_modifiers(Scanner& in, Fetch& command) {
  return parenthesised(in, false, [&](Scanner& s) -> Result<> {
    if (!s.take_word("CHANGEDSINCE")) return s.refuse("No such modifier of FETCH");
    TRY_VOID(s.space());
    TRY(command.changed_since, s.mod_sequence_or_0());
    return {};
  });
}

}  // namespace

// fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att /
//         "(" fetch-att *(SP fetch-att) ")") [SP "(" fetch-modifier *(SP fetch-modifier) ")"]
Result<Body> fetch(Scanner& in) {
  Fetch command;
  TRY(command.set, in.sequence_set());
  TRY_VOID(in.space());
  auto item = [&](Scanner& s) { return fetch_item(s, command.items); };
  if (in.next_is('('))
    TRY_VOID(parenthesised(in, false, item));
  else
    TRY_VOID(item(in));
  if (in.take_space() && in.next_is('(')) TRY_VOID(fetch_modifiers(in, command));
  return command;
}

}  // namespace posta::wire::imap

#include "server/imap/fetch_plan.h"

#include <algorithm>

#include "server/imap/print.h"

namespace posta::server::imap {

namespace {

using wire::imap::FetchItem;
using wire::imap::Section;
using Kind = FetchItem::Kind;

// section = "[" [section-spec] "]"                                                RFC 3501 §9
std::string name_of(const Section& section) {
  std::string out = "BODY[";
  for (std::uint32_t number : section.part) {
    if (!out.ends_with('[')) out += '.';
    append_number(out, number);
  }
  auto word = [&out](std::string_view text) {
    if (!out.ends_with('[')) out += '.';
    out += text;
  };
  switch (section.what) {
    case Section::What::whole: break;
    case Section::What::header: word(section.as_zero ? "0" : "HEADER"); break;
    case Section::What::text: word("TEXT"); break;
    case Section::What::mime: word("MIME"); break;
    case Section::What::header_fields:
    case Section::What::header_fields_not: {
      word(section.what == Section::What::header_fields ? "HEADER.FIELDS ("
                                                        : "HEADER.FIELDS.NOT (");
      for (const std::string& field : section.fields) {
        if (!out.ends_with('(')) out += ' ';
        append_astring(out, field);
      }
      out += ')';
    }
  }
  return out + ']';
}

std::string name_of(Kind kind, const FetchItem* item) {
  switch (kind) {
    case Kind::flags: return "FLAGS";
    case Kind::uid: return "UID";
    case Kind::internal_date: return "INTERNALDATE";
    case Kind::rfc822_size: return "RFC822.SIZE";
    case Kind::envelope: return "ENVELOPE";
    case Kind::body: return "BODY";
    case Kind::bodystructure: return "BODYSTRUCTURE";
    case Kind::mod_seq: return "MODSEQ";
    case Kind::rfc822: return "RFC822";
    case Kind::rfc822_header: return "RFC822.HEADER";
    case Kind::rfc822_text: return "RFC822.TEXT";
    case Kind::section: break;
  }
  std::string out = name_of(item->section);
  if (item->partial) {  // RFC 3501 §7.4.2: only where it began
    append_number(out += '<', item->partial->first);
    out += '>';
  }
  return out;
}

}  // namespace

bool FetchPlan::is_section(Kind kind) {
  return kind == Kind::section || kind == Kind::rfc822 || kind == Kind::rfc822_header ||
         kind == Kind::rfc822_text;
}

FetchPlan::FetchPlan(const wire::imap::Fetch& command, bool mod_seq) {
  if (command.by_uid) add(Kind::uid, nullptr);  // RFC 3501 §6.4.8
  for (const FetchItem& item : command.items)
    if (is_section(item.kind) || !has(item.kind)) add(item.kind, &item);
  if (mod_seq && !has(Kind::mod_seq)) add(Kind::mod_seq, nullptr);
}

bool FetchPlan::has(Kind kind) const {
  return std::ranges::any_of(items_, [kind](const Item& item) { return item.kind == kind; });
}

void FetchPlan::add(Kind kind, const FetchItem* asked) {
  Item& item = items_.emplace_back(Item{kind, asked, name_of(kind, asked), std::nullopt, false});
  const bool section = item.is_section();
  has_sections_ |= section;
  if (kind == Kind::section && !asked->section.fields.empty()) {
    item.fields.emplace(asked->section.fields);
    item.in_digest =
        asked->section.part.empty() && asked->section.what == Section::What::header_fields;
    ++selections_;
  }
  needs_octets_ |= section && !item.in_digest;
  // RFC 3501 §6.4.5: RFC822.HEADER is "functionally equivalent to BODY.PEEK[HEADER]".
  sets_seen_ |= section && !asked->peek && kind != Kind::rfc822_header;
  needs_email_ |=
      section || kind == Kind::envelope || kind == Kind::body || kind == Kind::bodystructure;
  needs_parts_ |= kind == Kind::body || (section && !asked->section.part.empty());
}

}  // namespace posta::server::imap

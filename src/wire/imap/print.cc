#include "wire/imap/print.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/imap/date_time.h"
#include "wire/imap/scanner.h"

namespace posta::wire::imap {

namespace {

template <class... Args>
void say(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

}  // namespace

void append_client_string(std::string& out, std::string_view text) {
  bool quotes =
      std::ranges::all_of(text, [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
  if (!quotes) {
    say(out, "{{{}+}}\r\n{}", text.size(), text);
    return;
  }
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_section(std::string& out, const Section& section) {
  using What = Section::What;
  out += '[';
  for (std::uint32_t number : section.part) say(out, "{}.", number);
  switch (section.what) {
    case What::whole:
      if (out.ends_with('.')) out.pop_back();
      break;
    case What::header: out += section.as_zero ? "0" : "HEADER"; break;
    case What::header_fields: out += "HEADER.FIELDS "; break;
    case What::header_fields_not: out += "HEADER.FIELDS.NOT "; break;
    case What::text: out += "TEXT"; break;
    case What::mime: out += "MIME"; break;
  }
  if (section.what == What::header_fields || section.what == What::header_fields_not) {
    out += '(';
    for (const std::string& name : section.fields) {
      if (!out.ends_with('(')) out += ' ';
      bool atom = !name.empty() && all_ascii(name) && std::ranges::all_of(name, is_astring_char);
      if (atom)
        out += name;
      else
        append_client_string(out, name);
    }
    out += ')';
  }
  out += ']';
}

void append_fetch_item(std::string& out, const FetchItem& item) {
  using Kind = FetchItem::Kind;
  switch (item.kind) {
    case Kind::flags: out += "FLAGS"; return;
    case Kind::uid: out += "UID"; return;
    case Kind::internal_date: out += "INTERNALDATE"; return;
    case Kind::rfc822_size: out += "RFC822.SIZE"; return;
    case Kind::envelope: out += "ENVELOPE"; return;
    case Kind::body: out += "BODY"; return;
    case Kind::bodystructure: out += "BODYSTRUCTURE"; return;
    case Kind::mod_seq: out += "MODSEQ"; return;
    case Kind::rfc822: out += item.peek ? "RFC822.PEEK" : "RFC822"; return;
    case Kind::rfc822_header: out += "RFC822.HEADER"; return;
    case Kind::rfc822_text: out += item.peek ? "RFC822.TEXT.PEEK" : "RFC822.TEXT"; return;
    case Kind::section: break;
  }
  out += item.peek ? "BODY.PEEK" : "BODY";
  append_section(out, item.section);
  if (item.partial) say(out, "<{}.{}>", item.partial->first, item.partial->second);
}

namespace {

std::string_view name_of(Flags::System flag) {
  switch (flag) {
    case Flags::seen: return "SEEN";
    case Flags::answered: return "ANSWERED";
    case Flags::flagged: return "FLAGGED";
    case Flags::deleted: return "DELETED";
    case Flags::draft: return "DRAFT";
  }
  return "ALL";
}

std::string_view name_of(Query::Kind kind) {
  using Kind = Query::Kind;
  switch (kind) {
    case Kind::before: return "BEFORE";
    case Kind::on: return "ON";
    case Kind::since: return "SINCE";
    case Kind::sent_before: return "SENTBEFORE";
    case Kind::sent_on: return "SENTON";
    case Kind::sent_since: return "SENTSINCE";
    case Kind::larger: return "LARGER";
    case Kind::smaller: return "SMALLER";
    case Kind::mod_seq: return "MODSEQ";
    case Kind::body: return "BODY";
    case Kind::text: return "TEXT";
    case Kind::recent: return "RECENT";
    default: return "ALL";
  }
}

void append_keys(std::string& out, const std::vector<Query>& keys) {
  for (const Query& key : keys) {
    if (&key != keys.data()) out += ' ';
    append_query(out, key);
  }
}

}  // namespace

void append_query(std::string& out, const Query& query) {
  using Kind = Query::Kind;
  switch (query.kind) {
    case Kind::all:
    case Kind::recent: out += name_of(query.kind); return;
    case Kind::conjunction:
      if (query.children.empty()) {
        out += "ALL";
        return;
      }
      out += '(';
      append_keys(out, query.children);
      out += ')';
      return;
    case Kind::either:
      out += "OR ";
      append_keys(out, query.children);
      return;
    case Kind::negation:
      out += "NOT ";
      append_keys(out, query.children);
      return;
    case Kind::numbers: out += query.set.str(); return;
    case Kind::uids: say(out, "UID {}", query.set.str()); return;
    case Kind::flag: out += name_of(query.flag); return;
    case Kind::keyword: say(out, "KEYWORD {}", query.text); return;
    case Kind::before:
    case Kind::on:
    case Kind::since:
    case Kind::sent_before:
    case Kind::sent_on:
    case Kind::sent_since:
      say(out, "{} ", name_of(query.kind));
      append_date(out, query.day);
      return;
    case Kind::larger:
    case Kind::smaller:
    case Kind::mod_seq: say(out, "{} {}", name_of(query.kind), query.number); return;
    case Kind::header:
      out += "HEADER ";
      append_client_string(out, query.name);
      out += ' ';
      append_client_string(out, query.text);
      return;
    case Kind::body:
    case Kind::text:
      say(out, "{} ", name_of(query.kind));
      append_client_string(out, query.text);
      return;
  }
}

}  // namespace posta::wire::imap

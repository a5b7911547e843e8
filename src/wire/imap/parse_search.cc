// parse_search.cc: SEARCH and its keys (RFC 3501 §6.4.4, RFC 4731, RFC 7162 §3.1.5).
#include <fmt/format.h>

#include "base/text.h"
#include "wire/imap/date_time.h"
#include "wire/imap/rules.h"
#include "wire/message/charset.h"

namespace posta::wire::imap {

namespace {

using Kind = Query::Kind;

Query query_of(Kind kind) {
  Query query;
  query.kind = kind;
  return query;
}
Query of_flag(Flags::System flag) {
  Query query = query_of(Kind::flag);
  query.flag = flag;
  return query;
}
Query negation(Query of) {
  Query query = query_of(Kind::negation);
  query.children.push_back(std::move(of));
  return query;
}
Query of_numbers(Kind kind, SequenceSet set) {
  Query query = query_of(kind);
  query.set = std::move(set);
  return query;
}

// What every key needs to know of the command.
struct Keys {
  Scanner& in;
  std::string_view charset;  // of the texts; empty: none was named
  std::size_t taken = 0;

  Result<Query> key(std::size_t depth);
  Result<Query> list(std::size_t depth);
  Result<Query> argument(std::size_t depth);

  Result<Query> text(Kind kind, std::string name);
  Result<Query> day(Kind kind);
  Result<Query> size(Kind kind);
  Result<Query> keyword();
  Result<Query> header();
  Result<Query> mod_seq();
  Result<Query> negated(std::size_t depth);
  Result<Query> either(std::size_t depth);
};

struct Word {
  std::string_view name;
  Result<Query> (*key)(Keys& keys, std::size_t depth);
};

Query recent() {
  return query_of(Kind::recent);
}
Query fresh() {  // NEW
  Query query = query_of(Kind::conjunction);
  query.children = {recent(), negation(of_flag(Flags::seen))};
  return query;
}
template <Flags::System flag>
Result<Query> has(Keys&, std::size_t) {
  return of_flag(flag);
}
template <Flags::System flag>
Result<Query> has_not(Keys&, std::size_t) {
  return negation(of_flag(flag));
}
template <Kind kind>
Result<Query> by_day(Keys& keys, std::size_t) {
  return keys.day(kind);
}
template <Kind kind>
Result<Query> by_size(Keys& keys, std::size_t) {
  return keys.size(kind);
}
template <Kind kind>
Result<Query> by_text(Keys& keys, std::size_t) {
  return keys.text(kind, {});
}

// clang-format off
constexpr Word kWords[] = {
    {"ALL",        [](Keys&, std::size_t) -> Result<Query> { return Query{}; }},
    {"ANSWERED",   has<Flags::answered>},
    {"BCC",        [](Keys& k, std::size_t) { return k.text(Kind::header, "bcc"); }},
    {"BEFORE",     by_day<Kind::before>},
    {"BODY",       by_text<Kind::body>},
    {"CC",         [](Keys& k, std::size_t) { return k.text(Kind::header, "cc"); }},
    {"DELETED",    has<Flags::deleted>},
    {"DRAFT",      has<Flags::draft>},
    {"FLAGGED",    has<Flags::flagged>},
    {"FROM",       [](Keys& k, std::size_t) { return k.text(Kind::header, "from"); }},
    {"HEADER",     [](Keys& k, std::size_t) { return k.header(); }},
    {"KEYWORD",    [](Keys& k, std::size_t) { return k.keyword(); }},
    {"LARGER",     by_size<Kind::larger>},
    {"MODSEQ",     [](Keys& k, std::size_t) { return k.mod_seq(); }},
    {"NEW",        [](Keys&, std::size_t) -> Result<Query> { return fresh(); }},
    {"NOT",        [](Keys& k, std::size_t depth) { return k.negated(depth); }},
    {"OLD",        [](Keys&, std::size_t) -> Result<Query> { return negation(recent()); }},
    {"ON",         by_day<Kind::on>},
    {"OR",         [](Keys& k, std::size_t depth) { return k.either(depth); }},
    {"RECENT",     [](Keys&, std::size_t) -> Result<Query> { return recent(); }},
    {"SEEN",       has<Flags::seen>},
    {"SENTBEFORE", by_day<Kind::sent_before>},
    {"SENTON",     by_day<Kind::sent_on>},
    {"SENTSINCE",  by_day<Kind::sent_since>},
    {"SINCE",      by_day<Kind::since>},
    {"SMALLER",    by_size<Kind::smaller>},
    {"SUBJECT",    [](Keys& k, std::size_t) { return k.text(Kind::header, "subject"); }},
    {"TEXT",       by_text<Kind::text>},
    {"TO",         [](Keys& k, std::size_t) { return k.text(Kind::header, "to"); }},
    {"UID",        [](Keys& k, std::size_t) -> Result<Query> {
                     TRY_VOID(k.in.space());
                     TRY(auto set, k.in.sequence_set());
                     return of_numbers(Kind::uids, std::move(set)); }},
    {"UNANSWERED", has_not<Flags::answered>},
    {"UNDELETED",  has_not<Flags::deleted>},
    {"UNDRAFT",    has_not<Flags::draft>},
    {"UNFLAGGED",  has_not<Flags::flagged>},
    {"UNKEYWORD",  [](Keys& k, std::size_t) -> Result<Query> {
                     TRY(Query word, k.keyword());
                     return negation(std::move(word)); }},
    {"UNSEEN",     has_not<Flags::seen>},
};
// clang-format on

// search-key, of which every one counts and every level of nesting
Result<Query> Keys::key(std::size_t depth) {
  if (depth > in.limits().nesting_max) return in.too_many("levels", in.limits().nesting_max);
  if (++taken > in.limits().search_keys_max)
    return in.too_many("search keys", in.limits().search_keys_max);
  if (in.next_is('(')) return list(depth);
  for (const Word& word : kWords)
    if (in.take_word(word.name)) return word.key(*this, depth);
  char c = in.rest().empty() ? '\0' : in.rest().front();
  if (!is_digit(c) && c != '*') return in.refuse("No such search key");
  TRY(auto set, in.sequence_set());
  return of_numbers(Kind::numbers, std::move(set));
}

// "(" search-key *(SP search-key) ")"
Result<Query> Keys::list(std::size_t depth) {
  Query all = query_of(Kind::conjunction);
  TRY_VOID(parenthesised(in, false, [&](Scanner&) -> Result<> {
    TRY(Query one, key(depth + 1));
    all.children.push_back(std::move(one));
    return {};
  }));
  if (all.children.size() == 1) return Query(std::move(all.children.front()));
  return all;
}

Result<Query> Keys::argument(std::size_t depth) {
  TRY_VOID(in.space());
  return key(depth + 1);
}

Result<Query> Keys::negated(std::size_t depth) {
  TRY(Query of, argument(depth));
  return negation(std::move(of));
}

Result<Query> Keys::either(std::size_t depth) {
  Query query = query_of(Kind::either);
  for (int i = 0; i < 2; ++i) {
    TRY(Query one, argument(depth));
    query.children.push_back(std::move(one));
  }
  return query;
}

// INTEROP: without a CHARSET the text is US-ASCII; octets above are taken for UTF-8 if they can be.
Result<Query> Keys::text(Kind kind, std::string name) {
  TRY_VOID(in.space());
  TRY(std::string octets, in.astring());
  Query query = query_of(kind);
  query.name = std::move(name);
  query.text =
      all_ascii(octets) && charset.empty() ? std::move(octets) : message::to_utf8(octets, charset);
  return query;
}

Result<Query> Keys::header() {
  TRY_VOID(in.space());
  TRY(std::string name, in.astring());
  return text(Kind::header, to_lower(name));
}

Result<Query> Keys::keyword() {
  TRY_VOID(in.space());
  TRY(std::string_view word, in.atom());
  Query query = query_of(Kind::keyword);
  query.text = word;
  return query;
}

Result<Query> Keys::day(Kind kind) {
  TRY_VOID(in.space());
  TRY(auto day, date(in));
  Query query = query_of(kind);
  query.day = day;
  return query;
}

Result<Query> Keys::size(Kind kind) {
  TRY_VOID(in.space());
  TRY(auto octets, in.number());
  Query query = query_of(kind);
  query.number = octets;
  return query;
}

// search-modsequence = "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer
// RFC 7162 §3.1.5: who keeps one mod-sequence for all flags of a message "MUST ignore" the entry.
Result<Query> Keys::mod_seq() {
  TRY_VOID(in.space());
  if (in.next_is('"')) {
    std::size_t start = in.at();
    TRY(std::string entry, in.string());
    if (!starts_with_ignore_case(entry, "/flags/"))
      return in.refuse_at(start, "The entry of MODSEQ is \"/flags/…\"");
    TRY_VOID(in.space());
    if (!in.take_word("priv") && !in.take_word("shared") && !in.take_word("all"))
      return in.refuse("priv, shared or all must stand here");
    TRY_VOID(in.space());
  }
  TRY(auto value, in.mod_sequence_or_0());
  Query query = query_of(Kind::mod_seq);
  query.number = value;
  return query;
}

// search-return-opts = "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
//                                                              RFC 4731 §4
Result<> search_return_opts(Scanner& in, Search& command) {
  TRY_VOID(in.space());
  command.esearch = true;
  TRY_VOID(parenthesised(in, true, [&](Scanner& s) -> Result<> {
    if (s.take_word("MIN"))
      command.return_min = true;
    else if (s.take_word("MAX"))
      command.return_max = true;
    else if (s.take_word("ALL"))
      command.return_all = true;
    else if (s.take_word("COUNT"))
      command.return_count = true;
    else
      return s.refuse("No such result of SEARCH");
    return {};
  }));
  // RFC 4731 §3.1: nothing is ALL
  if (!command.return_min && !command.return_max && !command.return_count)
    command.return_all = true;
  return {};
}

// "CHARSET" SP charset
Result<> search_charset(Scanner& in, Search& command) {
  TRY_VOID(in.space());
  TRY(std::string name, in.astring());
  if (!message::is_charset(name))
    return in.refuse_with(
        "BADCHARSET (UTF-8 US-ASCII ISO-8859-1 ISO-8859-15 WINDOWS-1252 KOI8-R "
        "ISO-2022-JP GB18030 BIG5 EUC-KR)",
        "The charset is not known");
  command.charset = to_upper(name);
  return in.space();
}

}  // namespace

// search = "SEARCH" [SP search-return-opts] [SP "CHARSET" SP astring] 1*(SP search-key)
Result<Body> search(Scanner& in) {
  Search command;
  if (in.take_word("RETURN")) {
    TRY_VOID(search_return_opts(in, command));
    TRY_VOID(in.space());
  }
  if (in.take_word("CHARSET")) TRY_VOID(search_charset(in, command));
  Keys keys{in, command.charset};
  Query all = query_of(Kind::conjunction);
  do {
    TRY(Query one, keys.key(1));
    all.children.push_back(std::move(one));
  } while (in.take_space() && !in.rest().empty());
  if (all.children.size() == 1)
    command.query = Query(std::move(all.children.front()));
  else
    command.query = std::move(all);
  return command;
}

}  // namespace posta::wire::imap

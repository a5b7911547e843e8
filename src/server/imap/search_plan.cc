#include "server/imap/search_plan.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/text.h"
#include "server/imap/casemap.h"
#include "wire/message/encoded_word.h"
#include "wire/message/header.h"
#include "wire/message/preview.h"
#include "wire/message/text_of.h"

namespace posta::server::imap {

namespace {

using Kind = Query::Kind;

Verdict to_verdict(bool found) {
  return found ? Verdict::yes : Verdict::no;
}

bool contains(const Selected::Ranges& ranges, std::uint32_t number) {
  auto after = std::ranges::upper_bound(ranges, number, {}, &SequenceSet::Range::first);
  return after != ranges.begin() && number <= std::prev(after)->last;
}

std::chrono::sys_days day_of(WallTime time) {
  return std::chrono::floor<std::chrono::days>(time);
}

// RFC 3501 §6.4.4: the Date field's day, "disregarding time and timezone": as the sender saw it.
std::optional<std::chrono::sys_days> sent_day(const Facts& facts) {
  auto date = facts.digest->date();
  if (!date) return std::nullopt;
  std::chrono::sys_seconds local{std::chrono::seconds(date->seconds) +
                                 std::chrono::minutes(date->zone_minutes)};
  return std::chrono::floor<std::chrono::days>(local);
}

// In time that grows with the text alone: std::string_view::find compares the key anew at each
// place where it may begin.
bool contains(std::string_view text, std::string_view key) {
  return memmem(text.data(), text.size(), key.data(), key.size()) != nullptr;
}

// Where a key may begin in a text that is looked at in one go.
constexpr std::size_t kWindow = 64_KiB;
// What it costs to look at all, in octets.
constexpr std::size_t kLook = 64;

}  // namespace

SearchPlan::SearchPlan(const Query& query, const Selected& selected)
    : root_(compile(query, selected)) {}

SearchPlan::Node SearchPlan::compile(const Query& query, const Selected& selected) {
  Node node;
  ++nodes_;
  node.kind = query.kind;
  node.name = query.name;
  node.number = query.number;
  node.text = casemap(query.text);
  for (const Query& child : query.children) node.children.push_back(compile(child, selected));
  const View& view = *selected.announced;
  switch (query.kind) {
    case Kind::numbers: node.ranges = query.set.resolve(view.count()); break;
    case Kind::uids:
      node.ranges = query.set.resolve(view.count() ? view.at(view.count()).uid.value : 0);
      break;
    case Kind::flag: node.flags.system = query.flag; break;
    case Kind::keyword: {
      const std::vector<std::string>& keywords = selected.flags->record().keywords;
      for (std::size_t i = 0; i < keywords.size(); ++i)
        if (equals_ignore_case(keywords[i], query.text))
          node.flags.keywords = std::uint64_t{1} << i;
      break;
    }
    case Kind::before:
    case Kind::on:
    case Kind::since:
    case Kind::sent_before:
    case Kind::sent_on:
    case Kind::sent_since: node.day = std::chrono::sys_days(query.day); break;
    case Kind::mod_seq: has_mod_seq_ = true; break;
    case Kind::header:
    case Kind::body:
    case Kind::text: node.text_key = text_keys_++; break;
    default: break;
  }
  return node;
}

// What is not known yet is asked for in order of cost.
Verdict SearchPlan::judge(const Node& node, const Facts& facts) const {
  switch (node.kind) {
    case Kind::all: return Verdict::yes;
    case Kind::conjunction:
    case Kind::either: {
      const Verdict decides = node.kind == Kind::either ? Verdict::yes : Verdict::no;
      Verdict open = Verdict::no;  // the cheapest that is needed
      for (const Node& child : node.children) {
        Verdict verdict = judge(child, facts);
        if (verdict == decides) return decides;
        if (verdict <= Verdict::yes) continue;
        open = open == Verdict::no ? verdict : std::min(open, verdict);
      }
      if (open != Verdict::no) return open;
      return decides == Verdict::yes ? Verdict::no : Verdict::yes;
    }
    case Kind::negation: {
      Verdict verdict = judge(node.children.front(), facts);
      return verdict == Verdict::yes  ? Verdict::no
             : verdict == Verdict::no ? Verdict::yes
                                      : verdict;
    }
    case Kind::numbers: return to_verdict(contains(node.ranges, facts.number));
    case Kind::uids: return to_verdict(contains(node.ranges, facts.state.uid.value));
    case Kind::flag: return to_verdict((facts.state.flags.system & node.flags.system) != 0);
    case Kind::keyword: return to_verdict((facts.state.flags.keywords & node.flags.keywords) != 0);
    case Kind::recent: return to_verdict(facts.recent);
    case Kind::before: return to_verdict(day_of(facts.state.internal_date) < node.day);
    case Kind::on: return to_verdict(day_of(facts.state.internal_date) == node.day);
    case Kind::since: return to_verdict(day_of(facts.state.internal_date) >= node.day);
    case Kind::larger: return to_verdict(facts.state.size > node.number);
    case Kind::smaller: return to_verdict(facts.state.size < node.number);
    case Kind::mod_seq: return to_verdict(facts.state.mod_seq.value >= node.number);
    case Kind::sent_before:
    case Kind::sent_on:
    case Kind::sent_since: {
      if (!facts.digest) return Verdict::needs_email;
      auto day = sent_day(facts);
      if (!day) return Verdict::no;
      return to_verdict(node.kind == Kind::sent_before ? *day < node.day
                        : node.kind == Kind::sent_on   ? *day == node.day
                                                       : *day >= node.day);
    }
    case Kind::header:
    case Kind::body:
    case Kind::text: return judge_text_key(node, facts);
  }
  return Verdict::no;
}

void Progress::spend(std::size_t octets) {
  octets_left_ -= std::min(octets_left_, octets + kLook);
}

Verdict SearchPlan::judge_text_key(const Node& node, const Facts& facts) {
  if (node.kind != Kind::header && node.text.empty()) return Verdict::yes;
  if (!facts.digest) return Verdict::needs_email;
  Progress& progress = *facts.progress;
  Progress::Key& key = progress.keys_[node.text_key];
  // What has been found out is not found out again, or judging would never come to its end.
  const bool waits = (key.known == Verdict::needs_header && !facts.header) ||
                     (key.known == Verdict::needs_texts && !facts.texts);
  if (key.known <= Verdict::yes || waits) return key.known;
  if (progress.octets_left_ == 0) return Verdict::needs_time;
  key.known = node.kind == Kind::header ? judge_header(node, facts) : judge_texts(node, facts);
  return key.known;
}

bool SearchPlan::any_contains(const std::vector<FieldText>& fields, const Node& node,
                              Progress& progress) {
  return std::ranges::any_of(fields, [&](const FieldText& field) {
    const bool named = field.name == node.name;
    progress.spend(named ? field.line.size() : 0);
    return named && contains(field.value(), node.text);
  });
}

Verdict SearchPlan::judge_header(const Node& node, const Facts& facts) {
  Progress& progress = *facts.progress;
  if (facts.header) return to_verdict(any_contains(*facts.header, node, progress));
  if (any_contains(*facts.prefix, node, progress)) return Verdict::yes;
  // The digest knows which fields there are, and what the subject is.
  unsigned named = 0;
  bool opaque = false;
  facts.digest->each_field([&](std::string_view name, std::uint64_t, std::uint64_t) {
    progress.spend(0);
    named += name == node.name;
    opaque |= name.empty();
    return true;
  });
  if (opaque) return Verdict::needs_header;
  if (named == 0) return Verdict::no;
  if (node.text.empty()) return Verdict::yes;
  if (named == 1 && node.name == "subject")
    return to_verdict(contains(casemap(facts.digest->subject()), node.text));
  return Verdict::needs_header;
}

Verdict SearchPlan::judge_texts(const Node& node, const Facts& facts) {
  Progress& progress = *facts.progress;
  Progress::Key& key = progress.keys_[node.text_key];
  if (node.kind == Kind::text && !key.past_header) {
    if (!facts.header) return Verdict::needs_header;
    bool found = std::ranges::any_of(*facts.header, [&](const FieldText& field) {
      progress.spend(field.line.size());
      return contains(field.line, node.text);
    });
    if (found) return Verdict::yes;
    key.past_header = true;
  }
  if (!facts.texts) return Verdict::needs_texts;
  return search_on(*facts.texts, node.text, progress, key);
}

// From where the key has come to, in windows that overlap by all of the key but an octet.
Verdict SearchPlan::search_on(const std::vector<std::string>& texts, const std::string& key,
                              Progress& progress, Progress::Key& place) {
  const std::size_t window = std::max(kWindow, key.size());
  while (place.text < texts.size()) {
    if (progress.octets_left_ == 0) return Verdict::needs_time;
    const std::string_view text = texts[place.text];
    const std::string_view part = text.substr(place.offset, window + key.size() - 1);
    progress.spend(part.size());
    if (contains(part, key)) return Verdict::yes;
    place.offset += window;
    if (place.offset < text.size()) continue;
    place.offset = 0;
    ++place.text;
  }
  return Verdict::no;
}

std::vector<FieldText> field_texts(std::string_view header) {
  std::vector<FieldText> out;
  wire::message::HeaderReader reader(header);
  wire::message::Field field;
  while (reader.next(field)) {
    FieldText& text = out.emplace_back();
    text.name = to_lower(field.name);
    text.line = casemap(text.name) + ": ";
    text.value_at = text.line.size();
    text.line += casemap(wire::message::decode_words(wire::message::unfold(field.body)));
  }
  return out;
}

// NUL stands in no key, so none is found across two values.
std::string text_of_fields(std::string_view header) {
  std::string out;
  for (const FieldText& field : field_texts(header)) (out += field.value()) += '\0';
  return out;
}

void add_text(std::vector<std::string>& texts, const wire::message::Part& part,
              std::string_view octets) {
  std::string text = wire::message::decoded_text(part, octets);
  if (part.subtype == "html")
    texts.push_back(
        casemap(wire::message::text_of_html(text, std::numeric_limits<std::size_t>::max())));
  texts.push_back(casemap(text));
}

}  // namespace posta::server::imap

// digest_record.cc: the digest as it is stored (docs/formats/digest.md).
//
// What FETCH streams stands first, so that a DigestView steps over a dozen lengths and is done.

#include <algorithm>

#include "base/bytes.h"
#include "wire/message/digest.h"

namespace posta::wire::message {

namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::uint8_t kVersionWithoutKept = 1;
static_assert(static_cast<std::uint8_t>(FieldName::count_) <= kKeptField);

enum Flag : std::uint8_t { reply_or_forward = 1, has_date = 2, base_in_subject = 4 };

enum PartHas : std::uint8_t {
  parameters = 1,
  id = 2,
  description = 4,
  disposition = 8,
  languages = 16,
  location = 32,
  md5 = 64,
  envelope = 128,
};

Failure corrupt() {
  return fail(Error::Kind::corrupt, "a digest record is not what was written");
}

void write_parameters(Writer& w, const std::vector<Parameter>& list) {
  w.number(list.size());
  for (const Parameter& p : list) w.boolean(p.extended).text(p.name).text(p.value);
}

// A count that the rest of the record could hold, at `least` octets each.
std::size_t read_count(Reader& r, std::size_t least) {
  std::uint64_t count = r.number();
  if (count <= r.rest().size() / least) return static_cast<std::size_t>(count);
  r.fail();
  return 0;
}

std::vector<Parameter> read_parameters(Reader& r) {
  std::vector<Parameter> out(read_count(r, 3));
  for (Parameter& p : out) {
    std::uint8_t extended = r.octet();
    if (extended > 1) r.fail();
    p.extended = extended == 1;
    p.name = r.text();
    p.value = r.text();
  }
  return out;
}

void write_hashes(Writer& w, const std::vector<std::uint64_t>& list) {
  w.number(list.size());
  std::string octets;
  for (std::uint64_t hash : list) put_be64(octets, hash);
  w.raw(octets);
}

std::uint64_t read_hash(Reader& r) {
  std::string_view octets = r.raw(8);
  return r.ok() ? get_be64(octets) : 0;
}

std::vector<std::uint64_t> read_hashes(Reader& r) {
  std::vector<std::uint64_t> out(read_count(r, 8));
  for (std::uint64_t& hash : out) hash = read_hash(r);
  return out;
}

void write_part(Writer& w, const Part& p, std::uint32_t index) {
  std::uint8_t has = 0;
  if (!p.parameters.empty()) has |= PartHas::parameters;
  if (!p.id.empty()) has |= PartHas::id;
  if (!p.description.empty()) has |= PartHas::description;
  if (!p.disposition.type.empty()) has |= PartHas::disposition;
  if (!p.languages.empty()) has |= PartHas::languages;
  if (!p.location.empty()) has |= PartHas::location;
  if (!p.md5.empty()) has |= PartHas::md5;
  if (!p.envelope.empty()) has |= PartHas::envelope;
  w.octet(has).number(p.end - index).number(p.header_start);
  w.number(p.body_start - p.header_start).number(p.body_size()).number(p.lines);
  w.text(p.type).text(p.subtype).text(p.encoding);
  if (has & PartHas::parameters) write_parameters(w, p.parameters);
  if (has & PartHas::id) w.text(p.id);
  if (has & PartHas::description) w.text(p.description);
  if (has & PartHas::disposition) {
    w.text(p.disposition.type);
    write_parameters(w, p.disposition.parameters);
  }
  if (has & PartHas::languages) {
    w.number(p.languages.size());
    for (const std::string& language : p.languages) w.text(language);
  }
  if (has & PartHas::location) w.text(p.location);
  if (has & PartHas::md5) w.text(p.md5);
  if (has & PartHas::envelope) w.text(p.envelope);
}

// Sizes that do not fit into the message would overflow below.
bool read_ranges(Reader& r, Part& p, std::uint64_t size) {
  p.header_start = r.number();
  std::uint64_t header = r.number();
  if (p.header_start > size || header > size - p.header_start) return false;
  p.body_start = p.header_start + header;
  std::uint64_t body = r.number();
  if (body > size - p.body_start) return false;
  p.body_end = p.body_start + body;
  p.lines = r.number();
  return p.lines <= body;
}

bool read_part(Reader& r, Part& p, std::uint32_t index, std::size_t count, std::uint64_t size) {
  std::uint8_t has = r.octet();
  std::uint64_t inside = r.number();
  if (inside == 0 || inside > count - index) return false;
  p.end = index + static_cast<std::uint32_t>(inside);
  if (!read_ranges(r, p, size)) return false;
  p.type = r.text();
  p.subtype = r.text();
  p.encoding = r.text();
  if (has & PartHas::parameters) p.parameters = read_parameters(r);
  if (has & PartHas::id) p.id = r.text();
  if (has & PartHas::description) p.description = r.text();
  if (has & PartHas::disposition) {
    p.disposition.type = r.text();
    p.disposition.parameters = read_parameters(r);
  }
  if (has & PartHas::languages) {
    p.languages.resize(read_count(r, 1));
    for (std::string& language : p.languages) language = r.text();
  }
  if (has & PartHas::location) p.location = r.text();
  if (has & PartHas::md5) p.md5 = r.text();
  if (has & PartHas::envelope) p.envelope = r.text();
  return r.ok();
}

// Every part lies inside one that is a multipart or a message; a message has one, a multipart some.
bool read_parts(Reader& r, Digest& d) {
  constexpr std::size_t kPartLeast = 9;
  std::size_t count = read_count(r, kPartLeast);
  d.parts.resize(count);
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < count; ++i) {
    Part& p = d.parts[i];
    if (!read_part(r, p, i, count, d.size)) return false;
    while (!open.empty() && d.parts[open.back()].end <= i) open.pop_back();
    if (open.empty() != (i == 0)) return false;
    if (i > 0) {
      const Part& parent = d.parts[p.parent = open.back()];
      if (p.end > parent.end || p.header_start < parent.body_start || p.body_end > parent.body_end)
        return false;
      if (parent.is_message() && (i != p.parent + 1 || p.end != parent.end)) return false;
    }
    bool holds = p.end > i + 1;
    if (holds != (p.is_multipart() || p.is_message())) return false;
    if (holds) open.push_back(i);
  }
  return count > 0 && d.parts.front().end == count && d.parts.front().header_start == 0;
}

bool read_fields(std::string_view octets, Digest& d) {
  Reader r(octets);
  d.fields.resize(read_count(r, 2));
  std::uint64_t total = 0, kept = 0;
  for (FieldRange& f : d.fields) {
    std::uint8_t name = r.octet();
    f.kept = name & kKeptField;
    name &= ~kKeptField;
    if (name >= static_cast<std::uint8_t>(FieldName::count_)) return false;
    f.name = static_cast<FieldName>(name);
    if (f.name == FieldName::other) {
      f.other = r.text();
      if (f.other.empty()) return false;
    }
    f.length = r.number();
    if (f.length > d.size - total) return false;
    total += f.length;
    if (f.kept) kept += f.length;
  }
  return r.done() && total <= d.header_size() && kept == d.kept.size();
}

// Of the fields in the index those that `names` has. False: the record cannot tell.
bool copy_fields(std::string_view index, std::string_view kept, const FieldNames& names,
                 std::string& out) {
  Reader r(index);
  for (std::uint64_t count = r.number(); count > 0 && r.ok(); --count) {
    std::uint8_t octet = r.octet();
    auto name = static_cast<FieldName>(octet & ~kKeptField);
    std::string_view other = name == FieldName::other ? r.text() : std::string_view();
    std::uint64_t length = r.number();
    const bool is_kept = octet & kKeptField;
    const bool wanted = names.has(name, other);
    // Nameless are the fields beyond a limit; or a first line that goes on with what a recipient's
    // copy has in front.
    if (name == FieldName::nameless || (wanted && !is_kept)) return false;
    if (!is_kept) continue;
    if (length > kept.size()) return false;
    if (wanted) out += kept.substr(0, length);
    kept.remove_prefix(length);
  }
  return r.done() && kept.empty();
}

}  // namespace

bool Part::operator==(const Part& o) const {
  auto strings = [](const Part& p) {
    return std::tie(p.type, p.subtype, p.parameters, p.id, p.description, p.encoding,
                    p.disposition.type, p.disposition.parameters, p.languages, p.location, p.md5,
                    p.envelope);
  };
  auto numbers = [](const Part& p) {
    return std::tie(p.header_start, p.body_start, p.body_end, p.lines, p.parent, p.end);
  };
  return strings(*this) == strings(o) && numbers(*this) == numbers(o);
}

std::string encode(const Digest& d) {
  Writer w(kVersion);
  std::size_t base = d.subject.find(d.base_subject);
  std::uint8_t flags = 0;
  if (d.reply_or_forward) flags |= Flag::reply_or_forward;
  if (d.date) flags |= Flag::has_date;
  if (base != std::string::npos) flags |= Flag::base_in_subject;
  w.number(d.size).number(d.header_size()).octet(flags);
  w.text(d.envelope).text(d.bodystructure).text(d.preview).text(d.subject);
  if (base != std::string::npos) {
    w.number(base).number(d.base_subject.size());
  } else {
    w.text(d.base_subject);
  }
  w.text(d.from);
  if (d.date) w.signed_number(d.date->seconds).signed_number(d.date->zone_minutes);
  std::string hash;
  put_be64(hash, d.message_id);
  w.raw(hash);
  Writer fields;
  fields.number(d.fields.size());
  for (const FieldRange& f : d.fields) {
    fields.octet(static_cast<std::uint8_t>(f.name) | (f.kept ? kKeptField : 0));
    if (f.name == FieldName::other) fields.text(f.other);
    fields.number(f.length);
  }
  w.text(fields.str()).text(d.kept);
  write_hashes(w, d.references);
  write_hashes(w, d.in_reply_to);
  w.number(d.parts.size());
  for (std::uint32_t i = 0; i < d.parts.size(); ++i) write_part(w, d.parts[i], i);
  return w.take();
}

Result<DigestView> DigestView::open(std::string_view record) {
  Reader r(record);
  std::uint8_t version = r.octet();
  if (version != kVersion && version != kVersionWithoutKept) return corrupt();
  DigestView v;
  v.size_ = r.number();
  v.header_size_ = r.number();
  std::uint8_t flags = r.octet();
  v.reply_or_forward_ = flags & Flag::reply_or_forward;
  v.envelope_ = r.text();
  v.bodystructure_ = r.text();
  v.preview_ = r.text();
  v.subject_ = r.text();
  if (flags & Flag::base_in_subject) {
    std::uint64_t at = r.number(), length = r.number();
    if (at > v.subject_.size() || length > v.subject_.size() - at) return corrupt();
    v.base_subject_ = v.subject_.substr(at, length);
  } else {
    v.base_subject_ = r.text();
  }
  v.from_ = r.text();
  if (flags & Flag::has_date) {
    std::int64_t seconds = r.signed_number(), zone = r.signed_number();
    if (zone <= -1440 || zone >= 1440) return corrupt();
    v.date_ = Date{seconds, static_cast<std::int32_t>(zone)};
  }
  v.message_id_ = read_hash(r);
  v.fields_ = r.text();
  if (version != kVersionWithoutKept) v.kept_ = r.text();
  if (!r.ok() || flags > 7 || v.header_size_ > v.size_) return corrupt();
  v.record_ = record;
  v.rest_ = r.rest();
  return v;
}

Result<Digest> decode(std::string_view record) {
  TRY(DigestView v, DigestView::open(record));
  Digest d;
  d.size = v.size();
  d.envelope = v.envelope();
  d.bodystructure = v.bodystructure();
  d.preview = v.preview();
  d.subject = v.subject();
  d.base_subject = v.base_subject();
  d.from = v.from();
  d.reply_or_forward = v.reply_or_forward();
  d.date = v.date();
  d.message_id = v.message_id();
  d.kept = v.kept_;
  Reader r(v.rest_);
  d.references = read_hashes(r);
  d.in_reply_to = read_hashes(r);
  if (!read_parts(r, d) || !r.done()) return corrupt();
  if (d.header_size() != v.header_size() || !read_fields(v.fields_, d)) return corrupt();
  return d;
}

bool DigestView::put_fields(const FieldNames& names, std::string& out) const {
  const std::size_t begun = out.size();
  if (copy_fields(fields_, kept_, names, out)) return true;
  out.resize(begun);
  return false;
}

Result<std::string> DigestView::body() const {
  TRY(Digest digest, decode(record_));
  return print_body(digest, false);
}

}  // namespace posta::wire::message

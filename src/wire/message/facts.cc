#include "wire/message/facts.h"

#include "base/codec.h"
#include "base/text.h"
#include "wire/message/address_list.h"
#include "wire/message/charset.h"
#include "wire/message/encoded_word.h"
#include "wire/message/header.h"
#include "wire/message/imap_text.h"
#include "wire/message/subject.h"

namespace posta::wire::message {

namespace {

constexpr std::size_t kSubjectCharacters = 512;  // what a list of messages can show
constexpr std::size_t kFromCharacters = 128;

void append_address(std::string& out, const Address& a) {
  using Kind = Address::Kind;
  out += '(';
  // RFC 3501 §7.4.2: a group begins with a NIL host, and ends with NIL host and mailbox. So a
  // missing domain is an empty string, not NIL.
  if (a.kind == Kind::group_start) {
    out += "NIL NIL ";
    append_string(out, a.name);
    out += " NIL";
  } else if (a.kind == Kind::group_end) {
    out += "NIL NIL NIL NIL";
  } else {
    append_nstring(out, a.name.empty() ? std::nullopt : std::optional<std::string_view>(a.name));
    out += ' ';
    append_nstring(out, a.route.empty() ? std::nullopt : std::optional<std::string_view>(a.route));
    out += ' ';
    append_string(out, a.local);
    out += ' ';
    append_string(out, a.domain);
  }
  out += ')';
}

// The next id in `text`, without its brackets; blanks inside (folding) do not count.
bool next_id(std::string_view& text, std::string& id) {
  for (;;) {
    std::size_t open = text.find('<');
    if (open == std::string_view::npos) return false;
    text.remove_prefix(open + 1);
    std::size_t close = text.find_first_of("<>");
    if (close == std::string_view::npos) return false;
    id.clear();
    for (char c : text.substr(0, close))
      if (!is_wsp(c) && c != '\r' && c != '\n') id += c;
    bool ended = text[close] == '>';
    text.remove_prefix(close);
    if (ended && !id.empty()) return true;
  }
}

}  // namespace

std::uint64_t hash_message_id(std::string_view id) {
  if (id.starts_with('<')) id.remove_prefix(1);
  if (id.ends_with('>')) id.remove_suffix(1);
  std::uint64_t hash = hash64(id);
  return hash == 0 ? 1 : hash;
}

void Facts::read(std::string_view header, Digest* digest, std::uint64_t header_octets) {
  known_.clear();
  from_.clear();
  HeaderReader reader(header);
  std::uint64_t indexed = 0;
  if (digest) digest->fields.reserve(24);
  for (Field field; reader.next(field);) {
    FieldName name = field_name(field.name);
    if (name >= FieldName::from && name <= FieldName::mime_version)
      known_.push_back({name, field.body});
    if (!digest || digest->fields.size() >= limits_.fields_max) continue;
    FieldRange range{name, {}, field.length, false};
    if (name == FieldName::other) range.other = to_lower(field.name);
    indexed += field.length;
    range.kept = is_listed(name) && field.length <= limits_.kept_field_octets_max &&
                 field.length <= limits_.kept_octets_max - digest->kept.size();
    if (range.kept) digest->kept += header.substr(field.offset, field.length);
    digest->fields.push_back(std::move(range));
  }
  if (digest && indexed < header_octets)
    digest->fields.push_back({FieldName::nameless, {}, header_octets - indexed, false});
}

std::optional<std::string_view> Facts::first(FieldName name) const {
  for (const Known& k : known_)
    if (k.name == name) return k.body;
  return std::nullopt;
}

std::optional<std::string_view> Facts::first_unfolded(FieldName name) {
  auto body = first(name);
  if (!body) return std::nullopt;
  return unfold(*body, scratch_);
}

std::string Facts::value(FieldName name) {
  auto text = first_unfolded(name);
  if (!text) return {};
  return std::string(text->substr(0, limits_.value_octets_max));
}

// RFC 5322 §4.5.3: several destination fields are read as one list. Of the originator fields only
// the first counts (§3.6: at most one).
void Facts::addresses(FieldName name, std::string& out) {
  std::vector<Address> list;
  bool several = name == FieldName::to || name == FieldName::cc || name == FieldName::bcc;
  for (const Known& k : known_) {
    if (k.name != name) continue;
    parse_address_list(k.body, list, limits_.addresses_max);
    if (!several) break;
  }
  if (list.empty()) {
    out += "NIL";
    return;
  }
  if (name == FieldName::from) {
    for (const Address& a : list) {
      if (a.kind != Address::Kind::mailbox) continue;
      from_ = first_characters(decode_words(display_name(a)), kFromCharacters);
      break;
    }
  }
  out += '(';
  for (const Address& a : list) append_address(out, a);
  out += ')';
}

std::string Facts::envelope() {
  std::string out = "(";
  out.reserve(512);
  append_nstring(out, first_unfolded(FieldName::date));
  out += ' ';
  append_nstring(out, first_unfolded(FieldName::subject));
  out += ' ';
  std::string from;
  addresses(FieldName::from, from);
  out += from;
  for (FieldName name : {FieldName::sender, FieldName::reply_to}) {
    // RFC 3501 §7.4.2: absent or empty, they are what From is.
    out += ' ';
    std::size_t before = out.size();
    addresses(name, out);
    if (std::string_view(out).substr(before) == "NIL") out.replace(before, 3, from);
  }
  for (FieldName name : {FieldName::to, FieldName::cc, FieldName::bcc}) {
    out += ' ';
    addresses(name, out);
  }
  out += ' ';
  append_nstring(out, first_unfolded(FieldName::in_reply_to));
  out += ' ';
  append_nstring(out, first_unfolded(FieldName::message_id));
  return out += ')';
}

void Facts::describe(Part& part, bool inside_digest) {
  std::optional<MediaType> media;
  if (auto body = first(FieldName::content_type)) media = parse_media_type(*body, limits_);
  if (media) {
    part.type = std::move(media->type);
    part.subtype = std::move(media->subtype);
    part.parameters = std::move(media->parameters);
  } else if (inside_digest && !first(FieldName::content_type)) {
    part.type = "message";  // RFC 2046 §5.1.5
    part.subtype = "rfc822";
  } else {
    part.type = "text";  // RFC 2045 §5.2
    part.subtype = "plain";
    part.parameters = {{"charset", "us-ascii", false}};
  }
  if (auto body = first(FieldName::content_transfer_encoding)) {
    part.encoding = to_lower(first_token(*body).substr(0, limits_.value_octets_max));
    if (part.encoding.empty()) part.encoding = "7bit";
  }
  if (auto body = first(FieldName::content_disposition))
    part.disposition = parse_disposition(*body, limits_);
  if (auto body = first(FieldName::content_language))
    part.languages = parse_languages(*body, limits_);
  part.id = value(FieldName::content_id);
  part.description = value(FieldName::content_description);
  part.location = value(FieldName::content_location);
  part.md5 = value(FieldName::content_md5);
}

std::vector<std::uint64_t> Facts::message_ids(FieldName name) const {
  std::vector<std::uint64_t> out;
  auto body = first(name);
  if (!body) return out;
  std::string id;
  for (std::string_view rest = *body; next_id(rest, id);) {
    // RFC 5322 §4.5.4: obsolete In-Reply-To holds phrases; an id has an "@".
    if (name == FieldName::in_reply_to && id.find('@') == std::string::npos) continue;
    // The thread's root and the nearest ancestors matter most.
    if (out.size() == limits_.references_max && out.size() > 1) out.erase(out.begin() + 1);
    if (out.size() < limits_.references_max) out.push_back(hash_message_id(id));
  }
  return out;
}

void Facts::describe(Digest& digest) {
  if (auto text = first_unfolded(FieldName::subject)) {
    // An encoded word takes more octets than its characters; what is cut here is not shown.
    text = text->substr(0, limits_.value_octets_max);
    digest.subject = first_characters(decode_words(*text), kSubjectCharacters);
    BaseSubject base = base_subject(digest.subject);
    digest.base_subject = std::move(base.text);
    digest.reply_or_forward = base.reply_or_forward;
  }
  digest.from = std::move(from_);
  if (auto text = first_unfolded(FieldName::date)) digest.date = parse_date(*text);
  if (auto body = first(FieldName::message_id)) {
    std::string_view rest = *body;
    std::string id;
    if (!next_id(rest, id)) id = trim(*body);
    if (!id.empty()) digest.message_id = hash_message_id(id);
  }
  digest.references = message_ids(FieldName::references);
  digest.in_reply_to = message_ids(FieldName::in_reply_to);
}

}  // namespace posta::wire::message

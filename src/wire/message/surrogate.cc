#include "wire/message/surrogate.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "wire/message/address_list.h"
#include "wire/message/build.h"
#include "wire/message/digest.h"
#include "wire/message/encoded_word.h"
#include "wire/message/header.h"

namespace posta::wire::message {

namespace {

// RFC 6858 §2.1: never an address that might belong to somebody.
constexpr std::string_view kNobody = "invalid@internationalized-address.invalid";

constexpr std::array<std::string_view, 12> kAddressFields = {
    "bcc",        "cc",          "from",        "reply-to",
    "resent-bcc", "resent-cc",   "resent-from", "resent-sender",
    "resent-to",  "return-path", "sender",      "to"};

bool is_address_field(std::string_view name) {
  return std::ranges::any_of(kAddressFields,
                             [&](std::string_view one) { return equals_ignore_case(one, name); });
}

std::string mailbox_text(const Address& address) {
  std::string written = address_of(address);
  std::string name = decode_words(address.name);
  if (all_ascii(written)) return print_mailbox(name, written);
  return print_mailbox(name.empty() ? written : name, kNobody);
}

// One address a line, so that no line grows long.
std::string address_body(std::string_view body) {
  std::string out;
  bool first_of_group = false;
  bool first = true;
  for (const Address& address : parse_address_list(unfold(body))) {
    if (address.kind == Address::Kind::group_end) {
      out += ';';
      first_of_group = false;
      continue;
    }
    if (!first && !first_of_group) out += ",\r\n";
    out += ' ';
    first_of_group = address.kind == Address::Kind::group_start;
    out += first_of_group ? encode_phrase(decode_words(address.name)) + ":" : mailbox_text(address);
    first = false;
  }
  return out;
}

// RFC 6858 §2.2: a parameter that cannot be shown as it is goes; what is before the first
// semicolon must be ASCII, else there is nothing to show.
std::string without_parameters(std::string_view body) {
  std::string out;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= body.size(); ++i) {
    bool end = i == body.size();
    if (!end && quoted && body[i] == '\\') {
      i += i + 1 < body.size() ? 1 : 0;
      continue;
    }
    if (!end && body[i] == '"') quoted = !quoted;
    if (!end && (quoted || body[i] != ';')) continue;
    std::string_view segment = body.substr(begin, i - begin);
    begin = i + 1;
    if (all_ascii(segment)) {
      if (!out.empty()) out += ';';
      out += segment;
    } else if (out.empty()) {
      return {};
    }
  }
  return out;
}

// What the field becomes; empty: it is left out (RFC 6858 §2.4).
std::string surrogate_field(const Field& field) {
  std::string name(field.name);
  std::string body;
  if (is_address_field(name)) {
    body = address_body(field.body);
    if (body.empty()) return {};
  } else if (equals_ignore_case(name, "subject")) {
    body = " " + encode_text(decode_words(unfold(field.body)), name.size() + 2);
  } else if (equals_ignore_case(name, "content-type") ||
             equals_ignore_case(name, "content-disposition")) {
    body = without_parameters(field.body);
    if (trim(body).empty()) return {};
  } else {
    return {};
  }
  return name + ":" + body + "\r\n";
}

}  // namespace

void surrogate_edits(std::string_view header, std::uint64_t offset, std::vector<Edit>& edits) {
  HeaderReader reader(header);
  for (Field field; reader.next(field);) {
    std::string_view whole = header.substr(field.offset, field.length);
    if (all_ascii(whole) || !is_utf8(whole)) continue;
    edits.push_back({offset + field.offset, field.length, surrogate_field(field)});
  }
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> header_ranges(const Digest& digest) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
  for (const Part& part : digest.parts)
    if (part.body_start > part.header_start)
      out.emplace_back(part.header_start, part.body_start - part.header_start);
  std::ranges::sort(out);
  return out;
}

std::string_view EditFilter::take(std::string_view& piece) {
  for (;;) {
    if (next_ == edits_.size()) {
      at_ += piece.size();
      return std::exchange(piece, {});
    }
    const Edit& edit = edits_[next_];
    if (at_ < edit.offset) {
      if (piece.empty()) return {};
      std::size_t count = std::min<std::uint64_t>(piece.size(), edit.offset - at_);
      std::string_view out = piece.substr(0, count);
      piece.remove_prefix(count);
      at_ += count;
      return out;
    }
    if (!std::exchange(said_, true) && !edit.octets.empty()) return edit.octets;
    std::size_t gone = std::min<std::uint64_t>(piece.size(), edit.offset + edit.length - at_);
    piece.remove_prefix(gone);
    at_ += gone;
    if (at_ < edit.offset + edit.length) return {};
    ++next_;
    said_ = false;
  }
}

}  // namespace posta::wire::message

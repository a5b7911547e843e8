// digest.h: what is known of a message after reading it once (house D4).
//
// The digest is stored beside the message; FETCH, SORT, THREAD and JMAP read the digest and never
// parse again. Offsets and sizes count in the shared message, from its first octet: what a
// recipient's copy has in front (Return-Path, Delivered-To, …) is added by who prints it.
//
//   message   header | blank line | body
//             ^0                    ^ parts[0].body_start         body_end == size
//
// Parts stand in the order of their first octet (depth first); parts[0] is the message itself. A
// multipart is followed by its parts, a message/rfc822 by the root of the embedded message:
//
//   0 multipart/mixed        end 5
//   1   text/plain           end 2
//   2   message/rfc822       end 5
//   3     multipart/…        end 5   header_start == parts[2].body_start
//   4       text/html        end 5
//
// The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1). `lines` counts LF.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/message/date.h"
#include "wire/message/field_name.h"
#include "wire/message/limits.h"
#include "wire/message/mime_field.h"

namespace posta::wire::message {

struct Part {
  std::string type, subtype;  // lower case; text/plain where the message says nothing sensible
  std::vector<Parameter> parameters;
  std::string id, description;    // as written, unfolded
  std::string encoding = "7bit";  // lower case (RFC 2045 §6.1: 7bit if absent)
  Disposition disposition;
  std::vector<std::string> languages;
  std::string location, md5;
  std::string envelope;  // root of an embedded message: IMAP ENVELOPE

  std::uint64_t header_start = 0;
  std::uint64_t body_start = 0;  // after the blank line
  std::uint64_t body_end = 0;
  std::uint64_t lines = 0;   // LFs in the body
  std::uint32_t parent = 0;  // index; the root is its own
  std::uint32_t end = 0;     // one past the last part inside this one

  bool is_multipart() const { return type == "multipart"; }
  bool is_message() const {  // with its embedded message parsed; RFC 6532 §3.7 message/global too
    return type == "message" && (subtype == "rfc822" || subtype == "global");
  }
  std::uint64_t body_size() const { return body_end - body_start; }

  bool operator==(const Part&) const;
};

// One field of the message's own header. Fields stand one after the other from octet 0.
struct FieldRange {
  FieldName name = FieldName::other;
  std::string other;  // lower case, if `name` is `other`
  std::uint64_t length = 0;
  bool kept = false;  // its octets are in Digest::kept

  std::string_view text() const { return other.empty() ? to_string(name) : other; }
  bool operator==(const FieldRange&) const = default;
};

struct Digest {
  std::uint64_t size = 0;
  std::vector<Part> parts;  // never empty
  std::vector<FieldRange> fields;
  std::string kept;  // octets of fields that lists of messages show, one after the other

  std::string envelope;                   // RFC 3501 §7.4.2 ENVELOPE, with its parentheses
  std::string bodystructure;              // RFC 3501 §7.4.2 BODYSTRUCTURE, with its parentheses
  std::string preview;                    // UTF-8, on one line (RFC 8970)
  std::string subject;                    // decoded, UTF-8
  std::string base_subject;               // RFC 5256 §2.1
  std::string from;                       // first From: decoded name, else the address (RFC 5957)
  bool reply_or_forward = false;          // RFC 5256 §3: the subject says so
  std::optional<Date> date;               // of the Date field
  std::uint64_t message_id = 0;           // hash of the Message-ID; 0: none
  std::vector<std::uint64_t> references;  // of References, oldest first
  std::vector<std::uint64_t> in_reply_to;

  std::uint64_t header_size() const { return parts.front().body_start; }
  bool operator==(const Digest&) const = default;
};

// Builds the digest of a message from octets cut anywhere. Linear time, bounded memory; there is
// no malformed message, only one that says less.
class DigestBuilder {
 public:
  explicit DigestBuilder(const Limits& limits = {});
  ~DigestBuilder();
  DigestBuilder(DigestBuilder&&) noexcept;
  DigestBuilder& operator=(DigestBuilder&&) noexcept;

  void feed(std::string_view octets);
  Octets memory() const;  // that it holds, roughly; before finish()
  Digest finish();        // once, after the last octet

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

Digest digest_of(std::string_view message, const Limits& limits = {});

// The record (docs/formats/digest.md).
inline constexpr std::uint8_t kKeptField = 128;  // in the octet of a field's name
std::string encode(const Digest& digest);
Result<Digest> decode(std::string_view record);

// Reads what FETCH streams from a record without decoding it all. Points into the record.
class DigestView {
 public:
  static Result<DigestView> open(std::string_view record);

  std::string_view envelope() const { return envelope_; }
  std::string_view bodystructure() const { return bodystructure_; }
  std::string_view preview() const { return preview_; }
  std::string_view subject() const { return subject_; }
  std::string_view base_subject() const { return base_subject_; }
  std::string_view from() const { return from_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t header_size() const { return header_size_; }
  bool reply_or_forward() const { return reply_or_forward_; }
  std::optional<Date> date() const { return date_; }
  std::uint64_t message_id() const { return message_id_; }

  // Calls fn(name in lower case, offset, length) for each field until it returns false.
  template <class Fn>
  void each_field(Fn fn) const;

  // Appends the fields of the message's own header that `names` has, each as it stands there, in
  // their order. False, and nothing is appended: the record cannot tell, the message must be read.
  bool put_fields(const FieldNames& names, std::string& out) const;

  Result<std::string> body() const;  // IMAP BODY: BODYSTRUCTURE without extension data

 private:
  friend Result<Digest> decode(std::string_view record);

  std::string_view record_, fields_, kept_, rest_;
  std::string_view envelope_, bodystructure_, preview_, subject_, base_subject_, from_;
  std::uint64_t size_ = 0, header_size_ = 0, message_id_ = 0;
  bool reply_or_forward_ = false;
  std::optional<Date> date_;
};

// IMAP BODY (without extension data) and BODYSTRUCTURE (with) of a digest that has its parts.
std::string print_body(const Digest& digest, bool extended);

// The part that IMAP calls by `section` (RFC 3501 §6.4.5: {4, 2, 1} is "4.2.1"; "1" of a message
// that is no multipart is its body). Null: there is none.
const Part* find_part(const Digest& digest, std::span<const std::uint32_t> section);

// The hash by which message ids are compared in threads; `id` with or without angle brackets.
// Never 0.
std::uint64_t hash_message_id(std::string_view id);

bool is_attachment(const Part& part);    // for people: what a list of attachments shows
std::string filename(const Part& part);  // decoded; empty: none

}  // namespace posta::wire::message

#include "wire/message/digest_view.h"  // each_field

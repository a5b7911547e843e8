// build.h: messages that posta itself writes: welcome, notices, and (report.h) reports.
//
// What is built is canonical: CRLF, 7bit, lines within RFC 5322 §2.1.1. Names and subjects are
// UTF-8 and become encoded words; addresses are written as they are (RFC 6532 if they are not
// ASCII).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/message/date.h"

namespace posta::wire::message {

struct NamedAddress {
  std::string name;     // UTF-8; may be empty
  std::string address;  // local@domain, as printed by address_of
};

// Appends header fields in the order of the calls.
class HeaderWriter {
 public:
  HeaderWriter& text(std::string_view name, std::string_view utf8);  // unstructured, encoded
  // Structured, or words of others: folded at its blanks, controls removed.
  HeaderWriter& raw(std::string_view name, std::string_view body);
  HeaderWriter& addresses(std::string_view name, const std::vector<NamedAddress>& list);

  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// A field's body in lines that are as short as its blanks allow, and never too long; its first line
// begins at `column`.
std::string fold(std::string_view body, std::size_t column);

struct PlainMessage {
  NamedAddress from;
  std::vector<NamedAddress> to;
  std::string subject;  // UTF-8
  Date date;
  std::string message_id;  // without angle brackets; empty: no Message-ID
  std::vector<std::pair<std::string, std::string>> fields;  // further ones, structured bodies
  std::string text;                                         // UTF-8, lines ended with LF or CRLF
};

// Date, From, To, Subject, Message-ID, the further fields and MIME fields, then the text.
std::string build(const PlainMessage& message);

// A text body as a MIME part: its Content-Type and Content-Transfer-Encoding fields, an empty line,
// the encoded text. 7bit if the text allows it, else quoted-printable.
std::string text_part(std::string_view utf8);

}  // namespace posta::wire::message

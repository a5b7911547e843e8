// Properties: address lists, encoded words, parameters, dates, subjects and transfer encodings take
// any octets; decoded text is UTF-8; what we print reads back; decoders do not mind cuts.

#include "base/check.h"
#include "base/text.h"
#include "wire/message/address_list.h"
#include "wire/message/charset.h"
#include "wire/message/date.h"
#include "wire/message/encoded_word.h"
#include "wire/message/header.h"
#include "wire/message/mime_field.h"
#include "wire/message/preview.h"
#include "wire/message/subject.h"
#include "wire/message/transfer.h"

using namespace posta::wire::message;

namespace {

void check_header(std::string_view input) {
  HeaderReader reader(input);
  std::size_t at = 0;
  for (Field field; reader.next(field);) {
    CHECK(field.offset == at && field.length > 0);
    at += field.length;
  }
  CHECK(at == reader.offset() && at <= header_size(input) && header_size(input) <= at + 2);
}

void check_words(std::string_view input) {
  std::string text = decode_words(input);
  CHECK(posta::is_utf8(text));
  CHECK(decode_words(unfold(encode_text(text, 9))) == text ||
        text.find_first_of(" ") != std::string::npos);  // unfolding trims blanks at the ends
  BaseSubject base = base_subject(text);
  CHECK(base_subject(base.text).text == base.text);
}

void check_fields(std::string_view input) {
  for (const Address& a : parse_address_list(input)) {
    CHECK(posta::is_utf8(decode_words(display_name(a))));
    if (a.kind == Address::Kind::mailbox) (void)address_of(a);
  }
  if (auto date = parse_date(input)) {
    auto again = parse_date(print_date(*date));
    CHECK(again && *again == *date);
  }
  if (auto media = parse_media_type(input))
    for (const Parameter& p : media->parameters) CHECK(posta::is_utf8(decoded_value(p)));
  (void)parse_disposition(input);
  (void)parse_languages(input);
}

void check_transfer(std::string_view input) {
  for (Encoding encoding : {Encoding::base64, Encoding::quoted_printable}) {
    TransferDecoder decoder(encoding);
    std::string pieces;
    for (std::size_t i = 0; i < input.size(); i += 1 + i % 7)
      decoder.feed(input.substr(i, 1 + i % 7), pieces);
    decoder.finish(pieces);
    CHECK(pieces == decode_transfer(input, encoding));
    CHECK(pieces.size() <= input.size());
  }
  CHECK(decode_transfer(encode_base64(input), Encoding::base64) == input);
  bool text = input.find_first_of("\r\n") == std::string_view::npos;
  std::string printable = encode_quoted_printable(input);
  if (text) CHECK(decode_transfer(printable, Encoding::quoted_printable) == input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  check_header(input);
  check_words(input);
  check_fields(input);
  check_transfer(input);
  std::size_t slash = std::min(input.find('/'), input.size());
  std::string text = to_utf8(input.substr(slash), input.substr(0, slash));
  CHECK(posta::is_utf8(text));
  CHECK(posta::is_utf8(text_of_html(text, 200)));
  return 0;
}

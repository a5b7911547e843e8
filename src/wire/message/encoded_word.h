// encoded_word.h: text in header fields that is not ASCII (RFC 2047).
//
//   encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
//
// Decoding never fails: what is no encoded word stays. Blanks between two encoded words vanish
// (§6.2). INTEROP: words are also read where §5 forbids them (inside quoted strings, without blanks
// around them, with blanks inside), and a character cut between two words of one charset is joined.
#pragma once

#include <string>
#include <string_view>

namespace posta::wire::message {

// `text` is unfolded. The result is well-formed UTF-8 without control octets.
std::string decode_words(std::string_view text);

// Unstructured UTF-8 text as the body of a field whose name took `column` octets of the first line:
// encoded words where needed, folded at 76 columns, without the last line end.
std::string encode_text(std::string_view utf8, std::size_t column);

// A display name (RFC 5322 phrase): atoms, or a quoted string, or encoded words.
std::string encode_phrase(std::string_view utf8);

}  // namespace posta::wire::message

// transfer.h: content transfer encodings (RFC 2045 §6): tolerant decoders, strict encoders.
//
// Decoders take octets cut anywhere and never fail: what is not in the alphabet is skipped
// (base64, RFC 2045 §6.8) or kept as it is (quoted-printable, §6.7). Output is at most as long as
// the input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace posta::wire::message {

enum class Encoding : std::uint8_t { identity, base64, quoted_printable, unknown };

// From the value of Content-Transfer-Encoding: 7bit, 8bit and binary are identity (RFC 2045 §6.1).
Encoding parse_encoding(std::string_view name);

class TransferDecoder {
 public:
  explicit TransferDecoder(Encoding encoding) : encoding_(encoding) {}

  void feed(std::string_view octets, std::string& out);
  void finish(std::string& out);  // what was held back; after it the decoder is new

 private:
  void base64(std::string_view octets, std::string& out);
  void quoted_printable(std::string_view octets, std::string& out);
  void escape(char c, std::string& out);
  void flush_blanks(std::string& out);

  Encoding encoding_;
  std::uint32_t bits_ = 0;  // base64: what is not yet an octet
  int sextets_ = 0;
  std::string held_;    // quoted-printable: an escape that is not complete
  std::string blanks_;  // quoted-printable: blanks that may stand at the end of a line
};

std::string decode_transfer(std::string_view octets, Encoding encoding);

// Lines of 76 octets (RFC 2045 §6.8), each ended with CRLF.
std::string encode_base64(std::string_view octets);

// RFC 2045 §6.7, for text: CRLF and LF become hard line breaks, lines are at most 76 octets, and no
// line begins with a dot or "From " (§6.7 allows any octet to be encoded; RFC 2049 §3 advises).
std::string encode_quoted_printable(std::string_view text);

}  // namespace posta::wire::message

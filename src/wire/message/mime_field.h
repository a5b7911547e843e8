// mime_field.h: values of the MIME fields: Content-Type, Content-Disposition and the like
// (RFC 2045 §5, RFC 2183, RFC 2231). Never fails; keeps what can be understood.
//
//   content   = type "/" subtype *(";" parameter)          RFC 2045 §5.1
//   parameter = attribute "=" value                        continued and extended: RFC 2231 §3, §4
//
// INTEROP: unquoted blanks in values, missing semicolons, encoded words inside values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message/limits.h"

namespace posta::wire::message {

// Continuations are joined already (RFC 2231 §6 asks IMAP servers to). An extended value is kept
// as charset'language'percent-encoded, its name without the asterisk.
struct Parameter {
  std::string name;  // lower case
  std::string value;
  bool extended = false;

  bool operator==(const Parameter&) const = default;
};

struct MediaType {
  std::string type = "text", subtype = "plain";  // lower case
  std::vector<Parameter> parameters;
};

struct Disposition {
  std::string type;  // lower case: "attachment", "inline"; empty: none
  std::vector<Parameter> parameters;
};

// All three take the folded body of the field. Nothing: not of the form type "/" subtype, which
// RFC 2045 §5.2 lets us take for text/plain.
std::optional<MediaType> parse_media_type(std::string_view body, const Limits& limits = {});
Disposition parse_disposition(std::string_view body, const Limits& limits = {});

// The first token of a structured value, comments skipped: "base64", "7bit".
std::string_view first_token(std::string_view body);

// Tokens of a comma-separated list: Content-Language (RFC 3282).
std::vector<std::string> parse_languages(std::string_view body, const Limits& limits = {});

// The parameter `name`; an extended form is preferred to a plain one. Null: absent.
const Parameter* find_parameter(const std::vector<Parameter>& parameters, std::string_view name);

// The value as UTF-8 (RFC 2231 §4; INTEROP: RFC 2047 encoded words in it are decoded too).
std::string decoded_value(const Parameter& parameter);

}  // namespace posta::wire::message

// data_encoder.h: from the octets of a message to what follows DATA.
//
// RFC 5321 §4.5.2: a line that begins with a dot gets another. The output never has a bare CR or
// LF, whatever the input: each becomes CRLF (RFC 5321 §2.3.8: "MUST NOT" be sent). It ends in CRLF
// "." CRLF; a message that does not end in CRLF gets one.
//
//   for (std::string_view part; !(part = encoder.take(input)).empty();) stream.write(part);
//   stream.write(encoder.finish());
//
// Slices point into the input or at constants; cut-invariant; nothing is allocated.
#pragma once

#include <string_view>

namespace posta::wire::smtp {

class DataEncoder {
 public:
  std::string_view take(std::string_view& input);  // empty when the input is used up
  std::string_view finish();                       // the rest, and the end of the data

 private:
  std::string_view pending_;
  bool line_start_ = true;
  bool held_cr_ = false;  // a CR whose LF has not come yet; not given out so far
};

}  // namespace posta::wire::smtp

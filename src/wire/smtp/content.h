// content.h: what the octets of a message are like; found while they pass.
//
// Cut-invariant: the findings depend on the octets alone, not on how they were cut.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/limits.h"

namespace posta::wire::smtp {

struct Content {
  Octets octets = 0;     // of the decoded message
  bool bare_cr = false;  // a CR that no LF follows  } RFC 5321 §2.3.8: neither may be in a message;
  bool bare_lf = false;  // a LF that follows no CR  } answer 550 5.6.0
  bool nul = false;      // RFC 5322 §4.1 lets nobody make it any more
  bool eight_bit = false;  // an octet above 127
  bool long_line = false;  // a line of more than 998 octets and its CRLF (RFC 5321 §4.5.3.1.6)

  bool bare_line_ends() const { return bare_cr || bare_lf; }
  friend bool operator==(const Content&, const Content&) = default;
};

// Feeds slices of a message to a Content, at memory speed.
class ContentScanner {
 public:
  void scan(std::string_view slice);
  void finish();  // no more will come: a CR at the very end is a bare one
  const Content& content() const { return content_; }
  Content& content() { return content_; }

 private:
  void scan_lines(std::string_view slice);

  Content content_;
  std::size_t line_octets_ = 0;  // since the last LF
  char last_ = 0;                // the last octet seen
};

}  // namespace posta::wire::smtp

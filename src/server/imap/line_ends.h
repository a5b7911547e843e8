// line_ends.h: a message on its way in, with CRLF at the end of every line.
//
// RFC 3501 §6.3.11 wants a message as in RFC 2822, where CR and LF only occur together (§2.3).
// INTEROP: clients that copy local mail forget that. A lone CR or LF becomes CRLF, since refusing
// would leave a person with mail that cannot be saved, and keeping it would hand on what POP3 and
// SMTP must not send. Cut-invariant.
#pragma once

#include <string>
#include <string_view>

namespace posta::server::imap {

class LineEnds {
 public:
  // The octets as they are kept. `text` itself if nothing is to be changed, else `scratch`.
  std::string_view take(std::string_view text, std::string& scratch);
  // The end has come: an LF that is still owed.
  std::string_view finish();

  bool nul() const { return nul_; }  // RFC 3501 §9: a literal has no NUL

 private:
  bool after_cr_ = false;
  bool nul_ = false;
};

}  // namespace posta::server::imap

// subject.h: the base subject, by which IMAP sorts and threads (RFC 5256 §2.1).
#pragma once

#include <string>
#include <string_view>

namespace posta::wire::message {

struct BaseSubject {
  std::string text;
  bool reply_or_forward = false;  // something was removed that says so (RFC 5256 §3, step 5B)
};

// `decoded` is the subject in UTF-8, encoded words already decoded.
BaseSubject base_subject(std::string_view decoded);

}  // namespace posta::wire::message

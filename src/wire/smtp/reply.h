// reply.h: a Reply as octets, and octets as a Reply.
//
//   Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
//   Reply-code = %x32-35 %x30-35 %x30-39                                  RFC 5321 §4.2
//
// RFC 2034 §4: "the same status code must appear at the beginning of the text in each line of the
// response"; and none if the Reply has none: greeting, HELO/EHLO, 3xx.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mail/reply.h"
#include "wire/smtp/limits.h"

namespace posta::wire::smtp {

// Appends the reply with its line ends. The text is made safe: octets that are not printable ASCII
// (with `smtputf8`: or well-formed UTF-8, RFC 6531 §3.7.4) become '?', tabs blanks; a line that
// would pass kReplyLineOctetsMax is cut. Never more than kReplyLinesMax lines.
void print_reply(std::string& out, const Reply& reply, bool smtputf8 = false);
std::string to_octets(const Reply& reply, bool smtputf8 = false);

// Reads replies as servers send them. INTEROP: bare LF ends a line too; a line may be a code and
// nothing else; codes of one reply may differ (the last one holds); text may have any octets but
// NUL.
//
// Cut-invariant: however the octets come, the replies are the same. Malformed input and crossed
// limits (kReplyLinesMax, kReplyOctetsMax, kReplyLineReadMax) are an Error, and final.
class ReplyReader {
 public:
  // Takes octets off the front of `input`. True: a whole reply is in reply(), the next call begins
  // another. False: `input` is used up.
  Result<bool> feed(std::string_view& input);

  const Reply& reply() const { return reply_; }
  Reply take() { return std::move(reply_); }

 private:
  Result<bool> line(std::string_view text);

  std::string partial_;  // a line whose end has not come yet
  Reply reply_;
  std::size_t lines_ = 0;   // of the reply being read
  std::size_t octets_ = 0;  // of the reply being read
  bool complete_ = false;
};

}  // namespace posta::wire::smtp

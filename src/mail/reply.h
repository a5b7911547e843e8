// reply.h: what SMTP says, and what came of a delivery.
//
// Codes: RFC 5321 §4.2. Enhanced status codes: RFC 3463, RFC 2034, RFC 5248.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace posta {

// RFC 3463 §2: class "." subject "." detail. Class 2 success, 4 persistent transient, 5 permanent.
struct Status {
  std::uint8_t cls = 0;
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;

  explicit constexpr operator bool() const { return cls != 0; }
  std::string str() const;  // "5.1.1"
  static std::optional<Status> parse(std::string_view text);
  friend constexpr auto operator<=>(const Status&, const Status&) = default;
};

struct Reply {
  int code = 0;
  Status status;     // none for the greeting, HELO/EHLO and 3xx (RFC 2034 §4)
  std::string text;  // without code and status; several lines are separated by \n

  Reply() = default;
  Reply(int c, Status s, std::string t) : code(c), status(s), text(std::move(t)) {}
  Reply(int c, std::string t) : code(c), text(std::move(t)) {}

  // RFC 5321 §4.2.1: unknown codes are understood by their first digit.
  bool positive() const { return code >= 200 && code < 300; }
  bool intermediate() const { return code >= 300 && code < 400; }
  bool transient() const { return code >= 400 && code < 500; }
  bool permanent() const { return code >= 500; }

  // "550 5.1.1 No such user", lines joined by "; ": for logs, DSNs, `queue list`.
  std::string str() const;
};

// What came of one recipient.
struct Outcome {
  enum class Kind { delivered, deferred, failed };
  Kind kind = Kind::deferred;
  Reply reply;            // what said so: ours, or the remote host's
  std::string host = {};  // the remote host that said it; empty: we did
  std::string tls = {};   // how the way there was protected: "TLSv1.3 verified"; empty: in clear
};

}  // namespace posta

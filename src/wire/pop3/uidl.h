// uidl.h: the unique-id of a message, in the form that clients of the former server remember.
//
//   unique-id = 1*70(%x21-7E)                                             RFC 1939 §7
//
// The pattern has literal characters and, as in Dovecot's pop3_uidl_format,
//   %u   the uid            %v   the uidvalidity            %%   a percent sign
// each with an optional `0` and width (1 to 20) and one of `x` `X` (hexadecimal) before the letter:
// "%08Xu%08Xv". Without `x` or `X` the number is decimal. A pattern must have %u: the id is to be
// unique within the maildrop. It is unique for ever only if %v is there too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/ids.h"

namespace posta::wire::pop3 {

inline constexpr std::string_view kUidlPattern = "%08Xu%08Xv";

class UidlFormat {
 public:
  UidlFormat();  // kUidlPattern
  // Config Error if the pattern is not as above, has other characters than 0x21 to 0x7E, could give
  // more than 70 of them, or could give the same id to two uids ("%u%v": 1 and 11 or 11 and 1).
  static Result<UidlFormat> parse(std::string_view pattern);

  std::string print(Uid uid, UidValidity validity) const;
  void print(std::string& out, Uid uid, UidValidity validity) const;

 private:
  struct Piece {
    enum class Kind { literal, uid, validity };
    Kind kind = Kind::literal;
    std::string text;  // literal
    int width = 0;     // least number of digits, filled with zeros
    char base = 'd';   // d, x, X

    int digits_max() const;
    bool fixed() const { return width >= digits_max(); }
  };

  Result<> check(std::string_view pattern) const;

  std::vector<Piece> pieces_;
};

}  // namespace posta::wire::pop3

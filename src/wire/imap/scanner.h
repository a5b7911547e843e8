// scanner.h: the words of the command grammar, and where we are in a command (RFC 3501 §9).
//
// Rules take from the front and fail at once, with the offset. Refusals are BAD; a few are NO with
// a response code (refuse_with).
// INTEROP: where the grammar has one SP, several are taken; blanks at the end of a command or
// inside parentheses are passed over. Octets above 127 are taken in strings and atoms: sessions
// send names and passwords in UTF-8 without asking.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/flags.h"
#include "mail/sequence_set.h"
#include "wire/imap/limits.h"

namespace posta::wire::imap {

bool is_atom_char(char c);     // RFC 3501 §9 ATOM-CHAR
bool is_astring_char(char c);  // ASTRING-CHAR: "]" too
bool is_list_char(char c);     // list-char: wildcards too
// tag = 1*<any ASTRING-CHAR except "+">       INTEROP: "+" too, but not first, where it would look
// like a request to go on
bool is_tag(std::string_view text);

class Scanner {
 public:
  Scanner(std::string_view octets, const Limits& limits) : octets_(octets), limits_(limits) {}

  const Limits& limits() const { return limits_; }
  std::size_t at() const { return at_; }
  std::string_view rest() const { return octets_.substr(at_); }
  bool next_is(char c) const { return at_ < octets_.size() && octets_[at_] == c; }
  bool take(char c);
  bool take_space();  // 1*SP
  // The word, whatever its case, if no other atom begins with it here.
  bool take_word(std::string_view word);
  void blanks() { take_space(); }

  Failure refuse(std::string what) const { return fail(Error::Kind::syntax, std::move(what), at_); }
  Failure refuse_at(std::size_t at, std::string what) const {
    return fail(Error::Kind::syntax, std::move(what), at);
  }
  Failure too_many(std::string_view what, std::size_t most) const;
  Failure refuse_with(std::string code, std::string what);  // NO [code]
  const std::string& code() const { return code_; }         // empty: BAD

  Result<> expect(char c);
  Result<> space();
  Result<> end();

  template <class Is>
  std::string_view run(Is is) {
    std::size_t start = at_;
    while (at_ < octets_.size() && is(octets_[at_])) ++at_;
    return octets_.substr(start, at_ - start);
  }
  Result<std::string_view> atom();
  Result<std::string> string();   // quoted / literal
  Result<std::string> astring();  // 1*ASTRING-CHAR / string
  Result<std::uint64_t> number();
  Result<std::uint64_t> nz_number();
  Result<std::uint32_t> nz_number32();        // RFC 3501 §9: below 2^32
  Result<std::uint64_t> mod_sequence_or_0();  // RFC 7162 §7 mod-sequence-valzer: up to 2^63 - 1
  Result<SequenceSet> sequence_set();

 private:
  Result<std::string> quoted();
  Result<std::string> literal();

  std::string_view octets_;
  const Limits& limits_;
  std::size_t at_ = 0;
  std::string code_;
};

// "(" item *(SP item) ")". `item` takes the scanner and returns a Result<>.
template <class Item>
Result<> parenthesised(Scanner& in, bool may_be_empty, Item item) {
  TRY_VOID(in.expect('('));
  in.blanks();
  if (may_be_empty && in.take(')')) return {};
  for (;;) {
    TRY_VOID(item(in));
    bool blank = in.take_space();
    if (in.take(')')) return {};
    if (!blank) return in.refuse("A blank or ) must follow");
  }
}

// mailbox = "INBOX" / astring                                  as UTF-8, INBOX in capitals
Result<std::string> mailbox(Scanner& in);
// The same for a mailbox that is to be: NO [CANNOT] if its name is not written in ASCII. RFC 3501
// §5.1: "Server implementations SHOULD prohibit the creation of 8-bit mailbox names".
Result<std::string> new_mailbox(Scanner& in);
// list-mailbox = 1*list-char / string                          as UTF-8
Result<std::string> list_mailbox(Scanner& in);
// What is no modified UTF-7 stands for itself: a pattern or reference that no name begins with.
std::string pattern_of(std::string_view written);

struct FlagNames {
  std::uint8_t system = 0;  // Flags::System
  std::vector<std::string> keywords;
};
Result<FlagNames> flag_list(Scanner& in);  // "(" [flag *(SP flag)] ")"
Result<> flag(Scanner& in, FlagNames& into);

}  // namespace posta::wire::imap

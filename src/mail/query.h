// query.h: what a search asks for (RFC 3501 §6.4.4), as a tree. Pure; who evaluates it knows the
// mailbox.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mail/flags.h"
#include "mail/ids.h"
#include "mail/sequence_set.h"

namespace posta {

struct Query {
  enum class Kind {
    all,
    conjunction,  // all of `children`; none: everything
    either,       // OR: `children` has two
    negation,     // NOT: `children` has one
    numbers,      // sequence numbers: `set`
    uids,         // UID: `set`
    flag,         // system flag `flag` is set (unset: inside a negation)
    keyword,      // `text`
    recent,       // \Recent; NEW is recent and not seen, OLD is not recent
    before,       // internal date, by day: `day`
    on,
    since,
    sent_before,  // the Date field's day
    sent_on,
    sent_since,
    larger,  // octets: `number`
    smaller,
    header,   // field `name` contains `text`; an empty text: the field is there
    body,     // `text` in the body
    text,     // `text` in header or body
    mod_seq,  // `number` or greater (RFC 7162 §3.1.5)
  };
  Kind kind = Kind::all;
  std::vector<Query> children;
  SequenceSet set;
  Flags::System flag = Flags::seen;
  std::string name;  // lower case
  std::string text;  // UTF-8
  std::chrono::year_month_day day{};
  std::uint64_t number = 0;
  friend bool operator==(const Query&, const Query&) = default;
};

}  // namespace posta

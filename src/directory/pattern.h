// pattern.h: aliases for many addresses: "info-*@example.org", "*-sales@example.org".
//
// One asterisk stands for one or more octets. Compared folded. Of several that match, the one with
// the most literal octets wins; among equals the one with more of them in front, then the first in
// order of octets: the outcome never depends on when a pattern was made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "directory/directory.h"

namespace posta::directory {

// True if the local part of an alias is a pattern: it has an asterisk.
bool is_pattern(std::string_view local);

// Nothing if it is well-formed: one asterisk, and something beside it ("*" alone is what a domain's
// catch-all is for). Otherwise why not.
Result<> check_pattern(std::string_view local);

// The patterns of one domain.
class Patterns {
 public:
  void add(Alias alias);
  // `folded` is a local part, folded. Null if none matches.
  const Alias* match(std::string_view folded) const;
  std::size_t size() const { return patterns_.size(); }

 private:
  struct Pattern {
    std::string prefix;  // folded
    std::string suffix;
    Alias alias;
  };
  std::vector<Pattern> patterns_;  // the best first
};

}  // namespace posta::directory

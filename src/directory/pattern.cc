#include "directory/pattern.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "directory/fold.h"

namespace posta::directory {

bool is_pattern(std::string_view local) {
  return local.find('*') != std::string_view::npos;
}

Result<> check_pattern(std::string_view local) {
  auto at = local.find('*');
  if (at == std::string_view::npos)
    return fail(Error::Kind::syntax, "a pattern has an asterisk", local.size());
  if (auto more = local.find('*', at + 1); more != std::string_view::npos)
    return fail(Error::Kind::syntax, "a pattern has one asterisk only", more);
  if (local.size() == 1) {
    return fail(Error::Kind::syntax,
                "\"*\" alone would take every address: set the domain's catch-all instead");
  }
  return {};
}

void Patterns::add(Alias alias) {
  std::string folded = fold_local(alias.address.local);
  auto star = folded.find('*');
  CHECK(star != std::string::npos);
  Pattern pattern{folded.substr(0, star), folded.substr(star + 1), std::move(alias)};
  auto better = [](const Pattern& a, const Pattern& b) {
    auto literal = [](const Pattern& p) { return p.prefix.size() + p.suffix.size(); };
    if (literal(a) != literal(b)) return literal(a) > literal(b);
    if (a.prefix.size() != b.prefix.size()) return a.prefix.size() > b.prefix.size();
    return std::tie(a.prefix, a.suffix) < std::tie(b.prefix, b.suffix);
  };
  patterns_.insert(std::ranges::upper_bound(patterns_, pattern, better), std::move(pattern));
}

const Alias* Patterns::match(std::string_view folded) const {
  for (const Pattern& p : patterns_) {
    if (folded.size() > p.prefix.size() + p.suffix.size() && folded.starts_with(p.prefix) &&
        folded.ends_with(p.suffix))
      return &p.alias;
  }
  return nullptr;
}

}  // namespace posta::directory

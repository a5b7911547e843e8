#include "wire/smtp/line_run.h"

namespace posta::wire::smtp {

LineRun line_run(std::string_view text) {
  constexpr std::size_t kNone = std::string_view::npos;
  for (std::size_t begin = 0;;) {
    std::size_t lf = text.find('\n', begin);
    std::size_t cr = text.substr(begin, lf == kNone ? kNone : lf - begin).find('\r');
    if (cr != kNone && begin + cr + 1 != lf) return {begin + cr, LineRun::Stop::cr};
    if (lf == kNone) return {text.size(), LineRun::Stop::end};
    if (cr == kNone) return {lf, LineRun::Stop::lf};
    begin = lf + 1;
    if (begin == text.size() || text[begin] == '.') return {begin, LineRun::Stop::line_end};
  }
}

}  // namespace posta::wire::smtp

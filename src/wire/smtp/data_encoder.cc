#include "wire/smtp/data_encoder.h"

#include <utility>

#include "wire/smtp/line_run.h"

namespace posta::wire::smtp {

std::string_view DataEncoder::take(std::string_view& input) {
  if (!pending_.empty()) return std::exchange(pending_, {});
  while (!input.empty()) {
    if (held_cr_) {  // a CR becomes CRLF, whether its LF is here or not
      held_cr_ = false;
      line_start_ = true;
      if (input.front() == '\n') input.remove_prefix(1);
      return kCrlf;
    }
    if (line_start_) {
      line_start_ = false;
      if (input.front() == '.') return ".";  // and then the dot itself
    }
    LineRun run = line_run(input);
    std::string_view slice = input.substr(0, run.octets);
    input.remove_prefix(run.octets);
    if (run.stop == LineRun::Stop::line_end) line_start_ = true;
    if (run.stop == LineRun::Stop::cr) {
      held_cr_ = true;
      input.remove_prefix(1);
    }
    if (run.stop == LineRun::Stop::lf) {
      line_start_ = true;
      input.remove_prefix(1);
      if (slice.empty()) return kCrlf;
      pending_ = kCrlf;
    }
    if (!slice.empty()) return slice;
  }
  return {};
}

std::string_view DataEncoder::finish() {
  bool whole = line_start_ && !held_cr_;
  held_cr_ = false;
  line_start_ = true;
  return whole ? ".\r\n" : "\r\n.\r\n";
}

}  // namespace posta::wire::smtp

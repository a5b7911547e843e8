#include "wire/pop3/line.h"

#include <algorithm>

namespace posta::wire::pop3 {

Line LineReader::next(std::string_view buffered) {
  if (skipping_) return skip(buffered);
  std::string_view window = buffered.substr(0, line_octets_max_);
  std::size_t lf = window.find('\n');
  if (lf == std::string_view::npos) {
    if (buffered.size() < line_octets_max_) return {};
    skipping_ = true;
    skipped_ = 0;
    return skip(buffered);
  }
  std::string_view text = window.substr(0, lf);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.find('\r') != std::string_view::npos || text.find('\0') != std::string_view::npos)
    return {Line::Kind::bad_octet, {}, lf + 1};
  return {Line::Kind::line, text, lf + 1};
}

// A line too long goes without being kept; the answer waits for its end, so that replies stay in
// step with a client that pipelines.
Line LineReader::skip(std::string_view buffered) {
  std::size_t room =
      limits_.skipped_line_octets_max - std::min(skipped_, limits_.skipped_line_octets_max);
  std::string_view window = buffered.substr(0, room);
  std::size_t lf = window.find('\n');
  if (lf == std::string_view::npos) {
    if (buffered.size() >= room) return {Line::Kind::endless, {}, buffered.size()};
    skipped_ += window.size();
    return {Line::Kind::need_more, {}, window.size()};
  }
  skipping_ = false;
  return {Line::Kind::too_long, {}, lf + 1};
}

}  // namespace posta::wire::pop3

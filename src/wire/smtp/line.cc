#include "wire/smtp/line.h"

#include <algorithm>

namespace posta::wire::smtp {

Line LineReader::next(std::string_view buffered) {
  if (skipping_) return skip(buffered);
  std::string_view window = buffered.substr(0, line_octets_max_);
  std::size_t lf = window.find('\n');
  if (lf == std::string_view::npos) {
    if (buffered.size() < line_octets_max_) return {};
    skipping_ = true;
    skipped_ = 0;
    skipped_cr_ = false;
    return skip(buffered);
  }
  bool crlf = lf > 0 && window[lf - 1] == '\r';
  Line line{Line::Kind::line, window.substr(0, crlf ? lf - 1 : lf), lf + 1};
  return end_line(line, crlf);
}

// A line too long goes without being kept. The answer waits for its end, so that replies stay in
// step with a client that pipelines.
Line LineReader::skip(std::string_view buffered) {
  std::size_t room =
      limits_.skipped_line_octets_max - std::min(skipped_, limits_.skipped_line_octets_max);
  std::string_view window = buffered.substr(0, room);
  std::size_t lf = window.find('\n');
  if (lf == std::string_view::npos) {
    if (buffered.size() >= room) return {Line::Kind::endless, {}, buffered.size()};
    if (!window.empty()) skipped_cr_ = window.back() == '\r';
    skipped_ += window.size();
    return {Line::Kind::need_more, {}, window.size()};
  }
  bool crlf = lf > 0 ? window[lf - 1] == '\r' : skipped_cr_;
  skipping_ = false;
  return end_line({Line::Kind::too_long, {}, lf + 1}, crlf);
}

Line LineReader::end_line(Line line, bool crlf) {
  if (ends_ == LineEnds::undecided)
    ends_ = crlf || !hand_mode_permitted_ ? LineEnds::crlf : LineEnds::bare_lf;
  if (ends_ == LineEnds::bare_lf && crlf) return {Line::Kind::mixed, {}, line.consumed};
  if (line.kind == Line::Kind::too_long) return line;
  if (ends_ == LineEnds::crlf && !crlf) return {Line::Kind::bare_lf, {}, line.consumed};
  if (line.text.find('\r') != std::string_view::npos ||
      line.text.find('\0') != std::string_view::npos)
    return {Line::Kind::bad_octet, {}, line.consumed};
  return line;
}

}  // namespace posta::wire::smtp

#include "wire/pop3/multiline.h"

#include <algorithm>
#include <utility>

namespace posta::wire::pop3 {

namespace {

std::string_view take_front(std::string_view& input, std::size_t octets) {
  std::string_view front = input.substr(0, octets);
  input.remove_prefix(front.size());
  return front;
}

constexpr std::size_t kNone = std::string_view::npos;

}  // namespace

std::string_view MultilineEncoder::take(std::string_view& chunk) {
  if (!pending_.empty()) return std::exchange(pending_, {});
  if (chunk.empty()) return {};
  if (std::exchange(line_start_, false) && chunk.front() == '.') return ".";  // then the dot itself
  std::string_view window = chunk;
  if (workarounds_.no_nuls) window = chunk.substr(0, chunk.find('\0'));
  if (window.empty()) {
    meter_.add(take_front(chunk, 1));
    last_cr_ = false;
    return "\x80";
  }
  const bool watch = workarounds_.end_of_header && !header_ended_;
  for (std::size_t from = 0;;) {
    std::size_t lf = window.find('\n', from);
    if (watch) meter_.add(window.substr(from, lf == kNone ? kNone : lf - from));
    if (lf == kNone) break;
    if (watch && meter_.end_line()) header_ended_ = true;
    from = lf + 1;
    if (lf == 0 ? !last_cr_ : window[lf - 1] != '\r') {  // a bare LF
      std::string_view slice = take_front(chunk, lf);
      chunk.remove_prefix(1);
      line_start_ = true;
      last_cr_ = false;
      if (slice.empty()) return "\r\n";
      pending_ = "\r\n";
      return slice;
    }
    if (from == window.size() || window[from] == '.') {
      line_start_ = true;
      last_cr_ = false;
      return take_front(chunk, from);
    }
  }
  last_cr_ = window.back() == '\r';
  return take_front(chunk, window.size());
}

std::string_view MultilineEncoder::finish() {
  std::string_view end = "\r\n\r\n.\r\n";
  if (line_start_) end.remove_prefix(2);
  if (!workarounds_.end_of_header || header_ended_) end.remove_prefix(2);
  return end;
}

std::string_view TopFilter::take(std::string_view chunk) {
  for (std::size_t from = 0; !done_;) {
    std::size_t lf = chunk.find('\n', from);
    if (in_header_) meter_.add(chunk.substr(from, lf == kNone ? kNone : lf - from));
    if (lf == kNone) return chunk;
    from = lf + 1;
    if (in_header_) {
      in_header_ = !meter_.end_line();
    } else {
      --left_;
    }
    done_ = !in_header_ && left_ == 0;
    if (done_) return chunk.substr(0, from);
  }
  return {};
}

}  // namespace posta::wire::pop3

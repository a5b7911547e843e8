#include "wire/smtp/data_decoder.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "wire/smtp/line_run.h"

namespace posta::wire::smtp {

namespace {

std::string_view take_front(std::string_view& input, std::size_t octets) {
  std::string_view front = input.substr(0, octets);
  input.remove_prefix(front.size());
  return front;
}

constexpr std::string_view kCr = kCrlf.substr(0, 1);

}  // namespace

std::string_view DataDecoder::take(std::string_view& input) {
  while (!done_ && !mixed_ && (!pending_.empty() || !input.empty())) {
    std::string_view slice = pending_.empty() ? next(input) : std::exchange(pending_, {});
    if (!slice.empty() && !too_big()) return slice;
  }
  return {};
}

// One step of the picture in the header; may give nothing, but takes an octet or changes the state.
std::string_view DataDecoder::next(std::string_view& input) {
  const bool by_hand = options_.line_ends == LineEnds::bare_lf;
  switch (at_) {
    case At::line_start:
      at_ = At::text;
      last_cr_ = false;
      if (input.front() == '.') {
        at_ = At::after_dot;
        input.remove_prefix(1);
      }
      return {};
    case At::after_dot:
      if (by_hand && input.front() == '\n') {
        input.remove_prefix(1);
        end();
      } else if (!by_hand && input.front() == '\r') {
        input.remove_prefix(1);
        at_ = At::dot_cr;
      } else {
        at_ = At::text;
      }
      return {};
    case At::dot_cr:
      if (input.front() == '\n') {
        input.remove_prefix(1);
        end();
        return {};
      }
      at_ = At::text;
      last_cr_ = true;
      scanner_.scan(kCr);
      return options_.normalise ? std::string_view() : kCr;
    case At::text: break;
  }
  if (by_hand) return text_by_hand(input);
  return options_.normalise ? text_normalised(input) : text(input);
}

void DataDecoder::end() {
  done_ = true;
  scanner_.finish();
}

// As many lines as come before one that begins with a dot. Bare LFs are passed over here; the
// scanner finds them.
std::string_view DataDecoder::text(std::string_view& input) {
  const char* const begin = input.data();
  const char* const end = begin + input.size();
  const char* stop = end;
  for (const char* from = begin; from != end;) {
    auto* lf =
        static_cast<const char*>(std::memchr(from, '\n', static_cast<std::size_t>(end - from)));
    if (lf == nullptr) break;
    from = lf + 1;
    if (lf == begin ? !last_cr_ : lf[-1] != '\r') continue;
    if (from == end || *from == '.') {
      at_ = At::line_start;
      stop = from;
      break;
    }
  }
  std::string_view slice = take_front(input, static_cast<std::size_t>(stop - begin));
  last_cr_ = slice.back() == '\r';
  scanner_.scan(slice);
  return slice;
}

// The same with bare CR and LF made CRLF. A dot after one of those is text, as it was sent.
std::string_view DataDecoder::text_normalised(std::string_view& input) {
  if (last_cr_) {
    last_cr_ = false;
    if (input.front() == '\n') {
      scanner_.scan(take_front(input, 1));
      at_ = At::line_start;
    } else {
      ++scanner_.content().octets;  // the LF that the CR gets
    }
    return kCrlf;
  }
  LineRun run = line_run(input);
  std::string_view slice = take_front(input, run.octets);
  scanner_.scan(slice);
  switch (run.stop) {
    case LineRun::Stop::end: break;
    case LineRun::Stop::line_end: at_ = At::line_start; break;
    case LineRun::Stop::cr:
      scanner_.scan(take_front(input, 1));
      last_cr_ = true;
      break;
    case LineRun::Stop::lf:
      scanner_.scan(take_front(input, 1));
      ++scanner_.content().octets;
      pending_ = kCrlf;
      break;
  }
  return slice;
}

std::string_view DataDecoder::text_by_hand(std::string_view& input) {
  std::size_t lf = input.find('\n');
  std::string_view slice = take_front(input, lf);
  const bool before_cr = slice.empty() ? last_cr_ : slice.back() == '\r';
  scanner_.scan(slice);
  last_cr_ = before_cr;
  if (lf == std::string_view::npos) return slice;
  if (before_cr) {
    mixed_ = true;
    input = {};
    return slice;
  }
  input.remove_prefix(1);
  at_ = At::line_start;
  scanner_.scan(kCrlf);
  pending_ = kCrlf;
  return slice;
}

void BdatDecoder::begin_chunk(Octets octets, bool last) {
  CHECK(chunk_done() && !last_);
  left_ = octets;
  last_ = last;
  if (left_ == 0 && last_) end_message();
}

void BdatDecoder::end_message() {
  if (last_cr_) {
    ++scanner_.content().octets;
    pending_ = kCrlf;
    last_cr_ = false;
  }
  scanner_.finish();
}

std::string_view BdatDecoder::take(std::string_view& input) {
  while (!pending_.empty() || (left_ != 0 && !input.empty())) {
    std::string_view slice;
    if (!pending_.empty()) {
      slice = std::exchange(pending_, {});
    } else {
      std::string_view window = input.substr(0, left_);
      const std::size_t before = window.size();
      slice = next(window);
      const std::size_t taken = before - window.size();
      input.remove_prefix(taken);
      left_ -= taken;
      if (left_ == 0 && last_ && pending_.empty()) end_message();
    }
    if (!slice.empty() && !too_big()) return slice;
  }
  return {};
}

std::string_view BdatDecoder::next(std::string_view& window) {
  if (!options_.normalise) {
    std::string_view slice = take_front(window, window.size());
    scanner_.scan(slice);
    return slice;
  }
  if (last_cr_) {
    last_cr_ = false;
    if (window.front() == '\n') {
      scanner_.scan(take_front(window, 1));
    } else {
      ++scanner_.content().octets;
    }
    return kCrlf;
  }
  LineRun run = line_run(window);
  std::string_view slice = take_front(window, run.octets);
  scanner_.scan(slice);
  if (run.stop == LineRun::Stop::cr) {
    scanner_.scan(take_front(window, 1));
    last_cr_ = true;
  } else if (run.stop == LineRun::Stop::lf) {
    scanner_.scan(take_front(window, 1));
    ++scanner_.content().octets;
    pending_ = kCrlf;
  }
  return slice;
}

}  // namespace posta::wire::smtp

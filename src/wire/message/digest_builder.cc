// digest_builder.cc: the one pass over a message.
//
// The message is a sequence of lines. Only the front of a line matters: an empty line ends a
// header, "--boundary" of an open multipart ends parts. So of a line that a chunk cuts, at most
// kHead octets are held back until it can be told what it is; all else is counted where it lies.
//
//             blank line                      delimiter
//   header ----------------> body  ---------------------------> tail (rest of that line)
//      ^  \____ delimiter ____________________________________/   |
//      |              "--boundary"                                |  "--boundary--"
//      +----------------------------------------------------------+----------------> body
//      (epilogue)

#include <cstring>

#include "base/check.h"
#include "wire/message/digest.h"
#include "wire/message/facts.h"
#include "wire/message/preview.h"

namespace posta::wire::message {

namespace {

constexpr std::size_t kHead = 2 + kBoundaryOctetsMax + 2;  // "--" boundary "--"
constexpr std::uint32_t kNone = ~std::uint32_t{0};

std::size_t find_lf(std::string_view octets) {
  const void* lf = std::memchr(octets.data(), '\n', octets.size());
  return lf ? static_cast<std::size_t>(static_cast<const char*>(lf) - octets.data())
            : std::string_view::npos;
}

}  // namespace

class DigestBuilder::Impl {
 public:
  explicit Impl(const Limits& limits) : limits_(limits), facts_(limits) {
    header_.reserve(2048);
    open_part();
  }

  void feed(std::string_view in) {
    while (!in.empty()) {
      if (!head_.empty())
        in = complete_head(in);
      else if (state_ == State::tail)
        in = tail(in);
      else if (state_ == State::header)
        in = header_line(in);
      else
        in = body(in);
    }
  }

  // A header becomes strings, lists of addresses and an envelope: about twice its octets.
  Octets memory() const {
    return 2 * (headers_kept_ + header_.size()) + sizeof(Part) * digest_.parts.capacity();
  }

  Digest finish() {
    if (!head_.empty()) take_head(judge(head_, true));
    std::uint64_t end = position_;
    bool in_header = state_ == State::header;
    if (state_ == State::tail) in_header = after_tail_ == State::header;
    if (in_header) end_header(true);
    while (!open_.empty()) end = close_part(end, false);
    digest_.size = position_;
    choose_preview();
    digest_.bodystructure = print_body(digest_, true);
    return std::move(digest_);
  }

 private:
  enum class State { header, body, tail };
  enum class Line { undecided, blank, delimiter, other };

  // A part that is not closed. Innermost last.
  struct Open {
    std::uint32_t part;
    std::uint64_t lines_before = 0;  // LFs of the message before its body
    std::string boundary;            // of a multipart whose delimiters still count
  };

  // The encoded beginning of a part that may become the preview.
  struct Sample {
    std::uint32_t part = kNone;
    std::string octets;
  };

  Part& part_of(const Open& open) { return digest_.parts[open.part]; }

  // ---- consuming octets

  void consume(std::string_view octets) {
    if (octets.empty()) return;
    position_ += octets.size();
    if (sample_ && sample_->octets.size() < limits_.preview_octets_max)
      sample_->octets += octets.substr(0, limits_.preview_octets_max - sample_->octets.size());
    before_last_ = octets.size() > 1 ? octets[octets.size() - 2] : last_;
    last_ = octets.back();
  }

  // What the line that begins with `v` is. `whole`: nothing follows.
  Line judge(std::string_view v, bool whole) {
    char c = v.front();
    if (state_ == State::header) {
      if (c == '\n') return Line::blank;
      if (c == '\r') {
        if (v.size() == 1) return whole ? Line::other : Line::undecided;
        return v[1] == '\n' ? Line::blank : Line::other;
      }
    }
    if (c != '-' || boundaries_ == 0) return Line::other;
    if (v.size() > 1 && v[1] != '-') return Line::other;
    v = v.substr(0, kHead);
    if (v.size() < kHead && !whole && find_lf(v) == std::string_view::npos) return Line::undecided;
    return v.size() > 1 && match(v.substr(2)) ? Line::delimiter : Line::other;
  }

  // RFC 2046 §5.1.1: "the boundary appear in its entirety following the CRLF"; §5.1.2: at any
  // level of nesting. Of two that fit, the longer: a boundary may begin with another.
  bool match(std::string_view text) {
    std::size_t best = 0;
    for (std::size_t i = open_.size(); i-- > 0;) {
      const std::string& boundary = open_[i].boundary;
      if (boundary.size() <= best || !text.starts_with(boundary)) continue;
      best = boundary.size();
      matched_ = i;
    }
    if (best == 0) return false;
    closes_ = text.substr(best).starts_with("--");
    if (!closes_ && digest_.parts.size() >= limits_.parts_max) {
      for (Open& open : open_) open.boundary.clear();  // the open part runs to the end
      boundaries_ = 0;
      return false;
    }
    return true;
  }

  std::string_view complete_head(std::string_view in) {
    while (!in.empty()) {
      head_ += in.front();
      in.remove_prefix(1);
      Line line = judge(head_, false);
      if (line == Line::undecided) continue;
      take_head(line);
      break;
    }
    return in;
  }

  void take_head(Line line) {
    std::string head = std::exchange(head_, {});
    if (line == Line::delimiter) delimiter();
    if (line == Line::blank) return blank_line(head);
    switch (state_) {
      case State::tail: tail(head); return;
      case State::header: header_octets(head); return;
      case State::body:
        consume(head);
        line_start_ = head.ends_with('\n');
        if (line_start_) ++lines_;
    }
  }

  // ---- header

  std::string_view header_line(std::string_view in) {
    if (line_start_) {
      Line line = judge(in, false);
      if (line == Line::undecided) {
        head_ = in;
        return {};
      }
      if (line == Line::delimiter) {
        delimiter();
        return in;
      }
      if (line == Line::blank) {
        std::size_t n = in.front() == '\n' ? 1 : 2;
        blank_line(in.substr(0, n));
        return in.substr(n);
      }
    }
    std::size_t lf = find_lf(in);
    std::size_t n = lf == std::string_view::npos ? in.size() : lf + 1;
    header_octets(in.substr(0, n));
    return in.substr(n);
  }

  // Octets of one header line, at most to its LF.
  void header_octets(std::string_view octets) {
    consume(octets);
    line_start_ = octets.ends_with('\n');
    if (line_start_) ++lines_;
    header_total_ += octets.size();
    std::uint64_t kept = header_.size();
    std::uint64_t room = std::min(limits_.header_octets_max - kept,
                                  limits_.headers_octets_max - headers_kept_ - kept);
    header_ += octets.substr(0, room);
  }

  void blank_line(std::string_view octets) {
    consume(octets);
    ++lines_;
    line_start_ = true;
    end_header(false);
  }

  // The header of the innermost part is complete. `ends`: nothing more of the part follows.
  void end_header(bool ends) {
    headers_kept_ += header_.size();
    std::uint32_t index = open_.back().part;
    bool root = index == 0 || digest_.parts[digest_.parts[index].parent].is_message();
    facts_.read(header_, index == 0 ? &digest_ : nullptr, header_total_);
    Part& p = digest_.parts[index];
    bool in_digest = index != 0 && digest_.parts[p.parent].is_multipart() &&
                     digest_.parts[p.parent].subtype == "digest";
    facts_.describe(p, in_digest);
    if (root) {
      std::string envelope = facts_.envelope();
      if (index == 0) {
        digest_.envelope = std::move(envelope);
        facts_.describe(digest_);
      } else {
        p.envelope = std::move(envelope);
      }
    }
    p.body_start = p.body_end = position_;
    open_.back().lines_before = lines_;
    state_ = State::body;
    if (p.is_multipart()) return begin_multipart(p);
    if (!p.is_message()) return begin_sample(index);
    // If a delimiter ended this header, it begins one more part.
    std::size_t parts = digest_.parts.size() + (ends ? 1 : 0);
    if (open_.size() >= limits_.depth_max || parts >= limits_.parts_max) return make_opaque(p);
    ++messages_;
    open_part();
    if (ends) end_header(true);  // an embedded message without an octet
  }

  void begin_multipart(Part& p) {
    if (open_.size() >= limits_.depth_max) return make_opaque(p);
    const Parameter* boundary = find_parameter(p.parameters, "boundary");
    std::string value;
    if (boundary) value = boundary->extended ? decoded_value(*boundary) : boundary->value;
    while (value.ends_with(' ')) value.pop_back();  // RFC 2046 §5.1.1: never ends with a space
    begin_sample(open_.back().part);
    if (value.empty() || value.size() > kBoundaryOctetsMax ||
        value.find_first_of("\r\n") != std::string::npos)
      return make_text(p);
    open_.back().boundary = std::move(value);
    ++boundaries_;
  }

  // Beyond a limit. Not what it says it is, so that its structure need not be known.
  void make_opaque(Part& p) {
    p.type = "application";
    p.subtype = "octet-stream";
    p.parameters.clear();
  }

  // A multipart without a usable boundary, or without parts. RFC 2045 §5.2 suggests text/plain for
  // what makes no sense: so its octets can be read.
  void make_text(Part& p) {
    p.type = "text";
    p.subtype = "plain";
    p.parameters = {{"charset", "us-ascii", false}};
  }

  // ---- body

  std::string_view body(std::string_view in) {
    if (boundaries_ == 0) {  // nothing can end this part
      lines_ += static_cast<std::uint64_t>(std::count(in.begin(), in.end(), '\n'));
      consume(in);
      line_start_ = in.back() == '\n';
      return {};
    }
    std::string_view rest = in;
    for (;;) {
      if (line_start_ && !rest.empty() && rest.front() == '-') {
        Line line = judge(rest, false);
        if (line != Line::other) {
          consume(in.substr(0, in.size() - rest.size()));
          if (line == Line::delimiter) {
            delimiter();
            return rest;
          }
          head_ = rest;
          return {};
        }
      }
      std::size_t lf = find_lf(rest);
      if (lf == std::string_view::npos) {
        line_start_ = line_start_ && rest.empty();
        consume(in);
        return {};
      }
      ++lines_;
      line_start_ = true;
      rest.remove_prefix(lf + 1);
    }
  }

  // ---- delimiters

  // A delimiter line of open_[matched_] begins at position_; none of it is consumed.
  void delimiter() {
    std::uint64_t line_end = last_ != '\n' ? 0 : before_last_ == '\r' ? 2 : 1;
    std::uint64_t end = position_ - std::min(line_end, position_);
    if (state_ == State::header) end_header(true);
    while (open_.size() > matched_ + 1) end = close_part(end, true);
    Open& multipart = open_.back();
    sample_ = nullptr;
    bool partless = closes_ && digest_.parts.size() == multipart.part + 1;
    if (partless) make_text(part_of(multipart));
    if (!partless && sample_of_.part == multipart.part) sample_of_ = {};  // a preamble is no text
    if (closes_) {
      multipart.boundary.clear();
      --boundaries_;
      after_tail_ = State::body;
    } else {
      open_part();
      after_tail_ = State::header;
    }
    state_ = State::tail;
  }

  std::string_view tail(std::string_view in) {
    std::size_t lf = find_lf(in);
    std::size_t n = lf == std::string_view::npos ? in.size() : lf + 1;
    consume(in.substr(0, n));
    if (after_tail_ == State::header) digest_.parts.back().header_start = position_;
    if (lf == std::string_view::npos) return {};
    ++lines_;
    line_start_ = true;
    state_ = after_tail_;
    return in.substr(n);
  }

  // A new innermost part, whose header begins here.
  void open_part() {
    Part p;
    p.header_start = p.body_start = p.body_end = position_;
    p.parent = open_.empty() ? 0 : open_.back().part;
    auto index = static_cast<std::uint32_t>(digest_.parts.size());
    digest_.parts.push_back(std::move(p));
    open_.push_back({index, lines_, {}});
    header_.clear();
    header_total_ = 0;
    state_ = State::header;
    sample_ = nullptr;
  }

  // Closes the innermost part at `end`, or where it began if that is later (its line end is the
  // delimiter's). Returns the end of its parent.
  std::uint64_t close_part(std::uint64_t end, bool at_delimiter) {
    Open open = std::move(open_.back());
    open_.pop_back();
    Part& p = part_of(open);
    p.body_end = std::max(end, p.body_start);
    p.end = static_cast<std::uint32_t>(digest_.parts.size());
    p.lines = lines_ - std::min(lines_, open.lines_before);
    if (at_delimiter && p.body_end < position_ && p.lines > 0) --p.lines;
    if (!open.boundary.empty()) --boundaries_;
    if (p.is_message()) --messages_;
    if (p.is_multipart() && p.end == open.part + 1) make_text(p);
    return p.body_end;
  }

  // ---- preview

  // The first plain text and the first HTML that are not attached, and not in an embedded message.
  void begin_sample(std::uint32_t index) {
    const Part& p = digest_.parts[index];
    sample_ = nullptr;
    if (messages_ > 0 || p.disposition.type == "attachment") return;
    bool html = p.type == "text" && p.subtype == "html";
    bool plain = (p.type == "text" && p.subtype == "plain") || p.is_multipart();
    Sample& sample = html ? html_sample_ : sample_of_;
    if ((!html && !plain) || sample.part != kNone) return;
    sample.part = index;
    sample_ = &sample;
  }

  void choose_preview() {
    for (Sample* sample : {&sample_of_, &html_sample_}) {
      if (sample->part == kNone || !digest_.preview.empty()) continue;
      const Part& p = digest_.parts[sample->part];
      std::string_view octets = std::string_view(sample->octets).substr(0, p.body_size());
      digest_.preview = preview_of(p, octets, limits_.preview_characters_max);
    }
  }

  const Limits limits_;
  Digest digest_;
  Facts facts_;
  std::vector<Open> open_;
  State state_ = State::header;
  State after_tail_ = State::header;
  bool line_start_ = true;
  char last_ = 0, before_last_ = 0;  // the octets before position_
  std::uint64_t position_ = 0;       // octets consumed
  std::uint64_t lines_ = 0;          // LFs consumed
  std::string head_;                 // the front of a line that is not judged yet
  std::string header_;               // of the innermost part
  std::uint64_t header_total_ = 0;   // its octets, kept or not
  std::uint64_t headers_kept_ = 0;   // in all parts before
  std::size_t boundaries_ = 0;       // open parts with a boundary
  std::size_t messages_ = 0;         // open embedded messages
  std::size_t matched_ = 0;          // judge(): whose delimiter it is
  bool closes_ = false;              // judge(): it is the last one
  Sample sample_of_, html_sample_;   // plain text, HTML
  Sample* sample_ = nullptr;         // what grows now
};

DigestBuilder::DigestBuilder(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
DigestBuilder::~DigestBuilder() = default;
DigestBuilder::DigestBuilder(DigestBuilder&&) noexcept = default;
DigestBuilder& DigestBuilder::operator=(DigestBuilder&&) noexcept = default;

void DigestBuilder::feed(std::string_view octets) {
  CHECK(impl_);
  impl_->feed(octets);
}

Octets DigestBuilder::memory() const {
  return impl_->memory();
}

Digest DigestBuilder::finish() {
  CHECK(impl_);
  Digest digest = impl_->finish();
  impl_.reset();
  return digest;
}

Digest digest_of(std::string_view message, const Limits& limits) {
  DigestBuilder builder(limits);
  builder.feed(message);
  return builder.finish();
}

}  // namespace posta::wire::message

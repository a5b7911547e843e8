// page_codec.cc: pages as octets. Folding is the cost of opening a mailbox: 100,000 rows in a few
// milliseconds, so this reader is inline and goes straight into the builder's columns.
#include "base/bytes.h"
#include "base/check.h"
#include "mailbox/page.h"

namespace posta::mailbox {

namespace {

enum Kind : std::uint8_t { kBase = 1, kRow = 2, kFlags = 3, kExpunge = 4 };

constexpr std::uint8_t kBitmap = 255;
constexpr unsigned kRangesMax = 15;  // more are longer than the bitmap
constexpr std::uint8_t kSystemFlags = 0x1F;

// Calls `octet` for each octet of a set; false if they are none.
template <class Octet>
bool take_set(Octet&& octet, LowSet& rows) {
  std::uint8_t count = octet();
  if (count == kBitmap) {
    for (unsigned i = 0; i < 32; ++i) {
      std::uint8_t bits = octet();
      for (unsigned b = 0; b < 8; ++b)
        if (bits >> b & 1) rows.add(static_cast<std::uint8_t>(i * 8 + b));
    }
    return true;
  }
  if (count > 127) return false;
  int last = -1;
  for (unsigned i = 0; i < count; ++i) {
    std::uint8_t from = octet();
    std::uint8_t to = octet();
    if (from <= last || to < from) return false;
    for (unsigned low = from; low <= to; ++low) rows.add(static_cast<std::uint8_t>(low));
    last = to;
  }
  return true;
}

}  // namespace

void put_low_set(Writer& out, const LowSet& rows) {
  std::array<std::pair<std::uint8_t, std::uint8_t>, kRangesMax> ranges;
  unsigned count = 0;
  bool fits = true;
  rows.each([&](std::uint8_t low) {
    if (count > 0 && ranges[count - 1].second + 1 == low) {
      ranges[count - 1].second = low;
    } else if (count < kRangesMax) {
      ranges[count++] = {low, low};
    } else {
      fits = false;
    }
  });
  if (fits) {
    out.octet(static_cast<std::uint8_t>(count));
    for (unsigned i = 0; i < count; ++i) out.octet(ranges[i].first).octet(ranges[i].second);
    return;
  }
  std::array<char, 32> bitmap{};
  rows.each([&](std::uint8_t low) {
    bitmap[low >> 3] = static_cast<char>(bitmap[low >> 3] | 1 << (low & 7));
  });
  out.octet(kBitmap).raw({bitmap.data(), bitmap.size()});
}

bool get_low_set(Reader& in, LowSet& set) {
  return take_set([&] { return in.octet(); }, set) && in.ok();
}

// Reads a page's value into a builder. Like Reader, it remembers the first failure.
class FoldReader {
 public:
  FoldReader(PageBuilder& page, std::string_view octets)
      : page_(page), at_(octets.data()), end_(at_ + octets.size()) {}

  bool fold() {
    bool first = true;
    while (ok_ && at_ != end_) {
      const char* begin = at_;
      std::uint8_t kind = octet();
      if (kind == kRow) {
        row();
      } else if (kind == kBase && first) {
        base();
      } else if (kind == kFlags || kind == kExpunge) {
        kind == kFlags ? flags() : expunge();
        ++page_.log_.records;
        page_.log_.octets += static_cast<std::uint32_t>(at_ - begin);
      } else {
        ok_ = false;
      }
      first = false;
    }
    return ok_;
  }

 private:
  std::uint8_t octet() {
    if (at_ == end_) {
      ok_ = false;
      return 0;
    }
    return static_cast<std::uint8_t>(*at_++);
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      auto c = static_cast<std::uint8_t>(*at_++);
      if (shift == 63 && c > 1) break;
      value |= std::uint64_t{c & 0x7Fu} << shift;
      if (c < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }

  std::uint64_t signed_bits() {
    std::uint64_t bits = number();
    return (bits >> 1) ^ (bits & 1 ? ~std::uint64_t{0} : 0);
  }

  std::uint32_t number32() {
    std::uint64_t value = number();
    if (value >> 32 != 0) ok_ = false;
    return static_cast<std::uint32_t>(value);
  }

  std::uint8_t system_flags() {
    std::uint8_t value = octet();
    if ((value & ~kSystemFlags) != 0) ok_ = false;
    return value;
  }

  LowSet set() {
    LowSet rows;
    if (!take_set([this] { return octet(); }, rows)) ok_ = false;
    return rows;
  }

  void row() {
    std::uint8_t low = octet();
    std::uint64_t email = number();
    std::uint64_t mod_seq = number();
    std::uint64_t date = signed_bits();
    std::uint32_t size = number32();
    std::uint8_t system = system_flags();
    std::uint64_t keywords = number();
    if (!ok_ || low <= highest_) {  // uids only grow
      ok_ = false;
      return;
    }
    highest_ = low;
    page_.present_.add(low);
    page_.email_[low] = email;
    page_.mod_seq_[low] = mod_seq;
    page_.date_[low] = static_cast<std::int64_t>(date);
    page_.size_[low] = size;
    page_.system_[low] = system;
    page_.keywords_[low] = keywords;
  }

  void base() {
    LowSet rows = set();
    if (!ok_ || rows.empty()) {
      ok_ = false;
      return;
    }
    std::uint64_t email = 0;
    std::uint64_t mod_seq = 0;
    std::uint64_t date = 0;
    rows.each([&](std::uint8_t low) { page_.email_[low] = email += signed_bits(); });
    rows.each([&](std::uint8_t low) { page_.mod_seq_[low] = mod_seq += signed_bits(); });
    rows.each([&](std::uint8_t low) {
      page_.date_[low] = static_cast<std::int64_t>(date += signed_bits());
    });
    rows.each([&](std::uint8_t low) { page_.size_[low] = number32(); });
    rows.each([&](std::uint8_t low) { page_.system_[low] = system_flags(); });
    std::uint8_t has_keywords = octet();
    if (has_keywords > 1) ok_ = false;
    rows.each([&](std::uint8_t low) { page_.keywords_[low] = has_keywords != 0 ? number() : 0; });
    if (!ok_) return;
    page_.present_ = rows;
    highest_ = rows.highest();
  }

  void flags() {
    std::uint64_t mod_seq = number();
    FlagChange change;
    change.cleared.system = octet();
    change.set.system = system_flags();
    change.cleared.keywords = number();
    change.set.keywords = number();
    LowSet rows = set();
    if (!ok_ || rows.empty() || !rows.within(page_.present_)) {
      ok_ = false;
      return;
    }
    rows.each([&](std::uint8_t low) {
      page_.set_flags(low, change.apply(page_.flags(low)), ModSeq(mod_seq));
    });
  }

  void expunge() {
    number();
    LowSet rows = set();
    if (!ok_ || rows.empty() || !rows.within(page_.present_)) {
      ok_ = false;
      return;
    }
    rows.each([&](std::uint8_t low) { page_.remove(low); });
  }

  PageBuilder& page_;
  const char* at_;
  const char* end_;
  int highest_ = -1;
  bool ok_ = true;
};

bool PageBuilder::fold(std::string_view octets) {
  return FoldReader(*this, octets).fold();
}

std::string PageBuilder::encode_base() const {
  CHECK(!present_.empty());
  Writer out(kBase);
  out.reserve(48 + std::size_t{14} * present_.count());
  put_low_set(out, present_);
  // Differences wrap around like the sums that undo them.
  auto column = [&](auto value_of) {
    std::uint64_t before = 0;
    present_.each([&](std::uint8_t low) {
      auto value = static_cast<std::uint64_t>(value_of(low));
      out.signed_number(static_cast<std::int64_t>(value - before));
      before = value;
    });
  };
  column([&](std::uint8_t low) { return email_[low]; });
  column([&](std::uint8_t low) { return mod_seq_[low]; });
  column([&](std::uint8_t low) { return date_[low]; });
  present_.each([&](std::uint8_t low) { out.number(size_[low]); });
  present_.each([&](std::uint8_t low) { out.octet(system_[low]); });
  std::uint64_t any_keywords = keywords();
  out.boolean(any_keywords != 0);
  if (any_keywords != 0) present_.each([&](std::uint8_t low) { out.number(keywords_[low]); });
  return out.take();
}

void append_row_record(std::string& records, const MessageState& state) {
  records += row_record(state);
}

std::string row_record(const MessageState& state) {
  Writer out(kRow);
  out.reserve(40);
  out.octet(low_of(state.uid)).number(state.email.value).number(state.mod_seq.value);
  out.signed_number(state.internal_date.time_since_epoch().count()).number(state.size);
  out.octet(state.flags.system & kSystemFlags).number(state.flags.keywords);
  return out.take();
}

std::string flags_record(ModSeq mod_seq, const FlagChange& change, const LowSet& rows) {
  Writer out(kFlags);
  out.number(mod_seq.value).octet(change.cleared.system).octet(change.set.system & kSystemFlags);
  out.number(change.cleared.keywords).number(change.set.keywords);
  put_low_set(out, rows);
  return out.take();
}

std::string expunge_record(ModSeq mod_seq, const LowSet& rows) {
  Writer out(kExpunge);
  out.number(mod_seq.value);
  put_low_set(out, rows);
  return out.take();
}

}  // namespace posta::mailbox

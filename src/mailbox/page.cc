#include "mailbox/page.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "mailbox/records.h"

namespace posta::mailbox {

namespace {
constexpr std::uint8_t kExpungedKind = 2;  // 1 has no keywords
}

unsigned LowSet::count() const {
  unsigned n = 0;
  for (auto word : bits_) n += static_cast<unsigned>(std::popcount(word));
  return n;
}

int LowSet::highest() const {
  for (int w = 3; w >= 0; --w)
    if (bits_[static_cast<std::size_t>(w)] != 0)
      return w * 64 + 63 - std::countl_zero(bits_[static_cast<std::size_t>(w)]);
  return -1;
}

bool LowSet::within(const LowSet& other) const {
  for (std::size_t w = 0; w < 4; ++w)
    if ((bits_[w] & ~other.bits_[w]) != 0) return false;
  return true;
}

// ----------------------------------------------------------------------------------------------
// Page

std::size_t Page::memory() const {
  return sizeof(Page) + 32 + block_octets();
}

std::uint8_t Page::low(std::uint32_t row) const {
  return column<std::uint8_t>(lows_at())[row];
}

std::uint32_t Page::size(std::uint32_t row) const {
  return column<std::uint32_t>(sizes_at())[row];
}

Flags Page::flags(std::uint32_t row) const {
  return {column<std::uint8_t>(systems_at())[row],
          has_keywords_ ? column<std::uint64_t>(eights() * 3)[row] : 0};
}

MessageState Page::at(std::uint32_t row) const {
  CHECK(row < rows_);
  MessageState state;
  state.uid = uid(row);
  state.email = EmailId(column<std::uint64_t>(0)[row]);
  state.mod_seq = ModSeq(column<std::uint64_t>(eights())[row]);
  state.internal_date =
      WallTime(std::chrono::milliseconds(column<std::int64_t>(eights() * 2)[row]));
  state.size = size(row);
  state.flags = flags(row);
  return state;
}

std::pair<std::uint32_t, bool> Page::find(std::uint8_t wanted) const {
  const std::uint8_t* lows = column<std::uint8_t>(lows_at());
  const std::uint8_t* end = lows + rows_;
  const std::uint8_t* place = std::lower_bound(lows, end, wanted);
  return {static_cast<std::uint32_t>(place - lows), place != end && *place == wanted};
}

// ----------------------------------------------------------------------------------------------
// PageBuilder

PageBuilder::PageBuilder(const Page& page) : number_(page.number()), log_(page.log()) {
  for (std::uint32_t row = 0; row < page.rows(); ++row) add(page.at(row));
}

void PageBuilder::add(const MessageState& state) {
  std::uint8_t low = low_of(state.uid);
  CHECK(!present_.has(low));
  present_.add(low);
  email_[low] = state.email.value;
  mod_seq_[low] = state.mod_seq.value;
  date_[low] = state.internal_date.time_since_epoch().count();
  keywords_[low] = state.flags.keywords;
  size_[low] = state.size;
  system_[low] = state.flags.system;
}

void PageBuilder::set_flags(std::uint8_t low, Flags flags, ModSeq mod_seq) {
  CHECK(present_.has(low));
  system_[low] = flags.system;
  keywords_[low] = flags.keywords;
  mod_seq_[low] = mod_seq.value;
}

std::uint64_t PageBuilder::keywords() const {
  std::uint64_t any = 0;
  present_.each([&](std::uint8_t low) { any |= keywords_[low]; });
  return any;
}

std::shared_ptr<const Page> PageBuilder::build() const {
  std::shared_ptr<Page> page(new Page);
  page->number_ = number_;
  page->rows_ = present_.count();
  page->log_ = log_;
  std::uint64_t any_keywords = keywords();
  page->has_keywords_ = any_keywords != 0;
  page->block_.reset(new std::byte[page->block_octets()]);
  auto* email = reinterpret_cast<std::uint64_t*>(page->block_.get());
  std::uint64_t* mod_seq = email + page->rows_;
  auto* date = reinterpret_cast<std::int64_t*>(mod_seq + page->rows_);
  auto* keywords = reinterpret_cast<std::uint64_t*>(date + page->rows_);
  auto* size = reinterpret_cast<std::uint32_t*>(page->block_.get() + page->sizes_at());
  auto* lows = reinterpret_cast<std::uint8_t*>(page->block_.get() + page->lows_at());
  std::uint8_t* system = lows + page->rows_;
  std::size_t row = 0;
  present_.each([&](std::uint8_t low) {
    email[row] = email_[low];
    mod_seq[row] = mod_seq_[low];
    date[row] = date_[low];
    if (any_keywords != 0) keywords[row] = keywords_[low];
    size[row] = size_[low];
    lows[row] = low;
    system[row] = system_[low];
    page->unseen_ += (system_[low] & Flags::seen) == 0 ? 1 : 0;
    ++row;
  });
  return page;
}

Result<std::shared_ptr<const Page>> fold_page(std::uint32_t number, std::string_view octets) {
  PageBuilder builder(number);
  if (!builder.fold(octets)) return corrupt("a page of message states is malformed");
  return builder.build();
}

std::string encode_expunged(MailboxId mailbox, std::span<const std::string> keywords,
                            const PageBuilder& rows) {
  auto used = static_cast<std::size_t>(std::bit_width(rows.keywords()));
  keywords = keywords.first(std::min(used, keywords.size()));
  Writer out(kExpungedKind);
  out.number(mailbox.value).number(keywords.size());
  for (const auto& name : keywords) out.text(name);
  return out.raw(rows.encode_base()).take();
}

Result<ExpungedRows> decode_expunged(std::uint32_t page, std::string_view octets) {
  Reader in(octets);
  std::uint8_t kind = in.octet();
  if (kind != 1 && kind != kExpungedKind)
    return corrupt("a record of expunged messages is of an unknown version");
  ExpungedRows expunged;
  std::uint64_t mailbox = in.number();
  std::uint64_t keywords = kind == kExpungedKind ? in.number() : 0;
  if (keywords > static_cast<std::uint64_t>(kKeywordsMax)) in.fail();
  for (std::uint64_t i = 0; i < keywords && in.ok(); ++i) expunged.keywords.emplace_back(in.text());
  if (!in.ok() || mailbox >> 32 != 0) return corrupt("a record of expunged messages is malformed");
  expunged.mailbox = MailboxId(static_cast<std::uint32_t>(mailbox));
  TRY(expunged.rows, fold_page(page, in.rest()));
  if (expunged.rows->rows() == 0) return corrupt("a record of expunged messages is malformed");
  return expunged;
}

}  // namespace posta::mailbox

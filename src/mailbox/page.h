// page.h: the states of up to 256 consecutive uids of a mailbox (docs/formats/mailbox.md, *State
// pages*).
//
//   octets in the store --fold--> Page (immutable, columns, shared by views)
//                                   |  ^
//                      PageBuilder(page)  build()
//                                   |
//                        encode_base(builder): a rewritten page
//
// A change is an append of one record: append_row, flags_record, expunge_record.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "mailbox/mailbox.h"

namespace posta::mailbox {

inline constexpr unsigned kPageRows = 256;
inline constexpr unsigned kPageShift = 8;

// A page whose flags and expunges since the base exceed either is rewritten.
inline constexpr std::uint32_t kPageLogOctetsMax = 2048;
inline constexpr std::uint32_t kPageLogRecordsMax = 256;

inline std::uint32_t page_of(Uid uid) {
  return uid.value >> kPageShift;
}
inline std::uint8_t low_of(Uid uid) {
  return static_cast<std::uint8_t>(uid.value);
}

// Some of a page's uids, by their low octet.
class LowSet {
 public:
  void add(std::uint8_t low) { bits_[low >> 6] |= std::uint64_t{1} << (low & 63); }
  void remove(std::uint8_t low) { bits_[low >> 6] &= ~(std::uint64_t{1} << (low & 63)); }
  bool has(std::uint8_t low) const { return bits_[low >> 6] >> (low & 63) & 1; }
  bool empty() const { return (bits_[0] | bits_[1] | bits_[2] | bits_[3]) == 0; }
  unsigned count() const;
  int highest() const;  // -1 if empty
  bool within(const LowSet& other) const;
  template <class F>
  void each(F&& f) const {
    for (unsigned w = 0; w < 4; ++w)
      for (std::uint64_t rest = bits_[w]; rest != 0; rest &= rest - 1)
        f(static_cast<std::uint8_t>(w * 64 + static_cast<unsigned>(std::countr_zero(rest))));
  }
  friend bool operator==(const LowSet&, const LowSet&) = default;

 private:
  std::array<std::uint64_t, 4> bits_{};
};

// New flags are (old & ~cleared) | set.
struct FlagChange {
  Flags cleared;
  Flags set;
  Flags apply(Flags old) const {
    return {static_cast<std::uint8_t>((old.system & ~cleared.system) | set.system),
            (old.keywords & ~cleared.keywords) | set.keywords};
  }
  friend bool operator==(const FlagChange&, const FlagChange&) = default;
};

// How much of a page's value is flags and expunges since its base.
struct PageLog {
  std::uint32_t records = 0;
  std::uint32_t octets = 0;
  bool full() const { return records >= kPageLogRecordsMax || octets >= kPageLogOctetsMax; }
  friend bool operator==(const PageLog&, const PageLog&) = default;
};

// Immutable. Rows in order of uid, one column after the other in one allocation.
class Page {
 public:
  std::uint32_t number() const { return number_; }
  std::uint32_t rows() const { return rows_; }
  std::uint32_t unseen() const { return unseen_; }  // rows without \Seen
  PageLog log() const { return log_; }
  std::size_t memory() const;  // octets

  // 0 <= row < rows()
  MessageState at(std::uint32_t row) const;
  Uid uid(std::uint32_t row) const { return Uid(number_ << kPageShift | low(row)); }
  Flags flags(std::uint32_t row) const;
  ModSeq mod_seq(std::uint32_t row) const { return ModSeq(column<std::uint64_t>(eights())[row]); }
  std::uint32_t size(std::uint32_t row) const;
  std::uint8_t low(std::uint32_t row) const;
  // The row of a uid; else where it would be inserted, and false.
  std::pair<std::uint32_t, bool> find(std::uint8_t low) const;

 private:
  friend class PageBuilder;
  Page() = default;
  template <class T>
  const T* column(std::size_t offset) const {
    return reinterpret_cast<const T*>(block_.get() + offset);
  }
  // Columns by decreasing alignment. Keywords are the last of the eights, and absent if all zero.
  std::size_t eights() const { return std::size_t{8} * rows_; }
  std::size_t sizes_at() const { return eights() * (has_keywords_ ? 4 : 3); }
  std::size_t lows_at() const { return sizes_at() + std::size_t{4} * rows_; }
  std::size_t systems_at() const { return lows_at() + rows_; }
  std::size_t block_octets() const { return systems_at() + rows_; }

  std::uint32_t number_ = 0;
  std::uint32_t rows_ = 0;
  std::uint32_t unseen_ = 0;
  bool has_keywords_ = false;
  PageLog log_;
  std::unique_ptr<std::byte[]> block_;
};

// A page being changed. About 10 KiB: lives on the stack of one function, never in a coroutine.
class PageBuilder {
 public:
  explicit PageBuilder(std::uint32_t number) : number_(number) {}
  explicit PageBuilder(const Page& page);

  std::uint32_t number() const { return number_; }
  const LowSet& present() const { return present_; }
  PageLog& log() { return log_; }

  void add(const MessageState& state);  // the uid's low octet must not be there
  void set_flags(std::uint8_t low, Flags flags, ModSeq mod_seq);
  Flags flags(std::uint8_t low) const { return {system_[low], keywords_[low]}; }
  std::uint64_t keywords() const;  // that any row has
  void remove(std::uint8_t low) { present_.remove(low); }

  std::shared_ptr<const Page> build() const;
  std::string encode_base() const;  // all rows; there must be one

  // Applies the octets of a page's value. False: they are corrupt.
  bool fold(std::string_view octets);

 private:
  friend class FoldReader;
  std::uint32_t number_;
  LowSet present_;
  PageLog log_;
  // By low octet; meaningful where present.
  std::array<std::uint64_t, kPageRows> email_;
  std::array<std::uint64_t, kPageRows> mod_seq_;
  std::array<std::int64_t, kPageRows> date_;
  std::array<std::uint64_t, kPageRows> keywords_;
  std::array<std::uint32_t, kPageRows> size_;
  std::array<std::uint8_t, kPageRows> system_;
};

// A page's value as it stands in the store. Error{corrupt}.
Result<std::shared_ptr<const Page>> fold_page(std::uint32_t number, std::string_view octets);

// Expunged rows of one page (`x`).
struct ExpungedRows {
  MailboxId mailbox;
  std::vector<std::string> keywords;  // names, up to the highest that a row has
  std::shared_ptr<const Page> rows;
};
std::string encode_expunged(MailboxId mailbox, std::span<const std::string> keywords,
                            const PageBuilder& rows);
Result<ExpungedRows> decode_expunged(std::uint32_t page, std::string_view octets);

// A set of low octets as records have it (a uid set). False: it is malformed.
void put_low_set(Writer& out, const LowSet& set);
bool get_low_set(Reader& in, LowSet& set);

// Records to append to a page's value.
std::string row_record(const MessageState& state);
void append_row_record(std::string& records, const MessageState& state);
std::string flags_record(ModSeq mod_seq, const FlagChange& change, const LowSet& rows);
std::string expunge_record(ModSeq mod_seq, const LowSet& rows);

}  // namespace posta::mailbox

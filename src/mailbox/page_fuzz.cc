// Any octets fold or are corrupt; what folds, written as a base, folds to the same rows.
#include "base/check.h"
#include "mailbox/page.h"

using namespace posta::mailbox;

namespace {

void check_same(const Page& a, const Page& b) {
  CHECK(a.rows() == b.rows());
  for (std::uint32_t i = 0; i < a.rows(); ++i) {
    MessageState x = a.at(i);
    MessageState y = b.at(i);
    CHECK(x.uid == y.uid && x.email == y.email && x.mod_seq == y.mod_seq && x.flags == y.flags &&
          x.size == y.size && x.internal_date == y.internal_date);
    CHECK(i == 0 || a.uid(i - 1) < a.uid(i));
    CHECK(a.find(a.low(i)) == std::pair(i, true));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (auto expunged = decode_expunged(3, octets)) {
    PageBuilder rows(*expunged->rows);
    auto again = decode_expunged(3, encode_expunged(expunged->mailbox, expunged->keywords, rows));
    CHECK(again && again->mailbox == expunged->mailbox);
    check_same(*expunged->rows, *again->rows);
  }
  auto page = fold_page(3, octets);
  if (!page) return 0;
  PageBuilder builder(**page);
  check_same(**page, *builder.build());
  if (builder.present().empty()) return 0;
  auto again = fold_page(3, builder.encode_base());
  CHECK(again);
  check_same(**page, **again);
  return 0;
}

// difference.cc: what lies between two views. Pages that both share cost a look at two pointers.
#include <algorithm>

#include "base/check.h"
#include "mailbox/view.h"

namespace posta::mailbox {

namespace {

class Comparison {
 public:
  Comparison(const PageView& before, const PageView& after) : before_(before), after_(after) {}

  Difference run() {
    const auto& old = before_.pages();
    const auto& now = after_.pages();
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < old.size() || j < now.size()) {
      bool both = i < old.size() && j < now.size() && old[i]->number() == now[j]->number();
      if (both && old[i] == now[j]) {
        n_before_ += old[i]->rows();
        n_after_ += now[j]->rows();
      } else if (both) {
        page(old[i].get(), now[j].get());
      } else if (j == now.size() || (i < old.size() && old[i]->number() < now[j]->number())) {
        page(old[i++].get(), nullptr);
        continue;
      } else {
        page(nullptr, now[j++].get());
        continue;
      }
      ++i;
      ++j;
    }
    std::ranges::reverse(difference_.expunged);
    return std::move(difference_);
  }

 private:
  void page(const Page* old, const Page* now) {
    std::uint32_t i = 0;
    std::uint32_t j = 0;
    std::uint32_t old_rows = old != nullptr ? old->rows() : 0;
    std::uint32_t now_rows = now != nullptr ? now->rows() : 0;
    while (i < old_rows || j < now_rows) {
      if (j == now_rows || (i < old_rows && old->low(i) < now->low(j))) {
        difference_.expunged.push_back(++n_before_);
        difference_.expunged_uids.push_back(old->uid(i++));
      } else if (i == old_rows || now->low(j) < old->low(i)) {
        ++n_after_;
        ++j;
        ++difference_.added;
      } else {
        ++n_before_;
        ++n_after_;
        if (old->mod_seq(i++) != now->mod_seq(j++)) difference_.flagged.push_back(n_after_);
      }
    }
  }

  const PageView& before_;
  const PageView& after_;
  std::uint32_t n_before_ = 0;  // sequence numbers that were passed
  std::uint32_t n_after_ = 0;
  Difference difference_;
};

}  // namespace

Difference difference(const View& before, const View& after) {
  const auto* old = dynamic_cast<const PageView*>(&before);
  const auto* now = dynamic_cast<const PageView*>(&after);
  CHECK(old != nullptr && now != nullptr && old->record().id == now->record().id);
  CHECK(old->record().mod_seq <= now->record().mod_seq);
  return Comparison(*old, *now).run();
}

}  // namespace posta::mailbox

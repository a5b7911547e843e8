#include "store/group_view.h"

#include "store/committer.h"
#include "store/keys.h"

namespace posta::store {

void GroupView::clear() {
  lists_.clear();
  indexed_ = 0;
  places_.clear();
  ranges_.clear();
  last_.clear();
}

void GroupView::index() {
  for (; indexed_ < lists_.size(); ++indexed_) {
    for (const Batch::Op& op : *lists_[indexed_]) {
      if (op.kind == Batch::Op::Kind::erase_range) {
        ranges_.push_back(places_.size());
        places_.push_back({&op, kNone});
        continue;
      }
      auto [found, fresh] = last_.try_emplace(op.key, places_.size());
      places_.push_back({&op, fresh ? kNone : found->second});
      found->second = places_.size() - 1;
    }
  }
}

Result<std::optional<std::string>> GroupView::get(std::string_view key, Log& log) {
  index();
  // From the youngest operation back to the first that does not look at what was there.
  std::vector<const Batch::Op*> after;
  std::optional<std::size_t> erased;  // place of the youngest range that covers the key
  for (auto place = ranges_.rbegin(); place != ranges_.rend() && !erased; ++place) {
    const Batch::Op& op = *places_[*place].op;
    if (op.key <= key && (op.value.empty() || key < op.value)) erased = *place;
  }
  std::optional<std::string> value;
  bool based = false;
  auto found = last_.find(key);
  std::size_t place = found == last_.end() ? kNone : found->second;
  while (place != kNone && (!erased || place > *erased)) {
    const Batch::Op& op = *places_[place].op;
    after.push_back(&op);
    if (op.kind == Batch::Op::Kind::put || op.kind == Batch::Op::Kind::erase) {
      based = true;
      break;
    }
    place = places_[place].before;
  }
  if (!based && !erased) {
    TRY(value, log.get(key));
  }
  for (auto op = after.rbegin(); op != after.rend(); ++op) fold(value, **op);
  return value;
}

}  // namespace posta::store

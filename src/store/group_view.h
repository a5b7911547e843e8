// group_view.h: the keys as a batch sees them whose group is not written yet.
//
// Later batches of one group see what earlier ones do. The index is built only when somebody asks,
// so that groups without preconditions pay nothing.
#pragma once

#include "store/store.h"

namespace posta::store {

class Log;

class GroupView {
 public:
  // The operations stay where they are until clear().
  void add(const std::vector<Batch::Op>& ops) { lists_.push_back(&ops); }
  void clear();

  // The value of `key` after all operations that were added.
  Result<std::optional<std::string>> get(std::string_view key, Log& log);

 private:
  struct Place {
    const Batch::Op* op;
    std::size_t before;  // the operation before it on the same key, or kNone
  };
  static constexpr std::size_t kNone = ~std::size_t{0};
  void index();

  std::vector<const std::vector<Batch::Op>*> lists_;
  std::size_t indexed_ = 0;  // lists
  std::vector<Place> places_;
  std::vector<std::size_t> ranges_;  // places of erase_range
  std::unordered_map<std::string_view, std::size_t> last_;
};

}  // namespace posta::store

// merge.h: `append` and `add` as RocksDB merges (docs/formats/store.md).
//
// An operand is an octet that says which, then the octets to append or the 8 octets to add. Values
// themselves have no such octet. Results are those of store::fold.
#pragma once

#include <memory>
#include <string_view>

namespace rocksdb {
class MergeOperator;
}

namespace posta::store::rocks {

inline constexpr std::string_view kAppendOperand = "a";
inline constexpr std::string_view kAddOperand = "+";

std::shared_ptr<rocksdb::MergeOperator> merge_operator();

}  // namespace posta::store::rocks

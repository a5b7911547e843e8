#include "store/rocksdb/merge.h"

#include <rocksdb/merge_operator.h>

#include "store/keys.h"

namespace posta::store::rocks {

namespace {

class AppendAdd final : public rocksdb::MergeOperator {
 public:
  const char* Name() const override { return "posta.append-add.1"; }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::string& value = out->new_value;
    value.clear();  // iterators leave the value of the key before in it
    if (in.existing_value) value.assign(in.existing_value->data(), in.existing_value->size());
    std::size_t octets = value.size();
    for (const rocksdb::Slice& operand : in.operand_list) octets += operand.size();
    value.reserve(octets);
    for (const rocksdb::Slice& operand : in.operand_list) {
      std::string_view octets_of(operand.data(), operand.size());
      if (octets_of.starts_with(kAppendOperand)) {
        value += octets_of.substr(1);
      } else if (octets_of.starts_with(kAddOperand)) {
        value = put_counter(sum(value, octets_of.substr(1)));
      } else {
        return false;
      }
    }
    return true;
  }

  // Neighbours of one kind become one operand.
  bool PartialMergeMulti(const rocksdb::Slice&, const std::deque<rocksdb::Slice>& operands,
                         std::string* merged, rocksdb::Logger*) const override {
    char kind = operands.empty() || operands[0].empty() ? '\0' : operands[0][0];
    if (kind != kAppendOperand[0] && kind != kAddOperand[0]) return false;
    std::string result(1, kind);
    std::string counter;
    for (const rocksdb::Slice& operand : operands) {
      if (operand.empty() || operand[0] != kind) return false;
      std::string_view octets(operand.data() + 1, operand.size() - 1);
      if (kind == kAppendOperand[0]) {
        result += octets;
      } else {
        counter = put_counter(sum(counter, octets));
      }
    }
    *merged = result + counter;
    return true;
  }

 private:
  static std::int64_t sum(std::string_view a, std::string_view b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(get_counter(a)) +
                                     static_cast<std::uint64_t>(get_counter(b)));
  }
};

}  // namespace

std::shared_ptr<rocksdb::MergeOperator> merge_operator() {
  return std::make_shared<AppendAdd>();
}

}  // namespace posta::store::rocks

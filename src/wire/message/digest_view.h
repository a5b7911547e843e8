// digest_view.h: the template of DigestView::each_field. Include digest.h.
#pragma once

#include "base/bytes.h"
#include "wire/message/digest.h"

namespace posta::wire::message {

template <class Fn>
void DigestView::each_field(Fn fn) const {
  Reader reader(fields_);
  std::uint64_t count = reader.number(), offset = 0;
  for (; count > 0 && reader.ok(); --count) {
    auto known = static_cast<FieldName>(reader.octet() & ~kKeptField);
    std::string_view name = known == FieldName::other ? reader.text() : to_string(known);
    std::uint64_t length = reader.number();
    if (!reader.ok() || !fn(name, offset, length)) return;
    offset += length;
  }
}

}  // namespace posta::wire::message

// status.h: what RocksDB says, as an Error.
#pragma once

#include <rocksdb/status.h>

#include "base/result.h"

namespace posta::store::rocks {

Failure failure(const rocksdb::Status& status, std::string_view doing);

inline Result<> result(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return {};
  return failure(status, doing);
}

}  // namespace posta::store::rocks

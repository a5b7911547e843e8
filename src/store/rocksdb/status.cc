#include "store/rocksdb/status.h"

#include <fmt/format.h>

namespace posta::store::rocks {

Failure failure(const rocksdb::Status& status, std::string_view doing) {
  Error::Kind kind = Error::Kind::unavailable;
  if (status.IsCorruption()) kind = Error::Kind::corrupt;
  if (status.IsNoSpace()) kind = Error::Kind::full;
  if (status.IsNotFound() || status.IsPathNotFound()) kind = Error::Kind::not_found;
  return fail(kind, fmt::format("{}: {}", doing, status.ToString()));
}

}  // namespace posta::store::rocks

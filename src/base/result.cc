#include "base/result.h"

#include <fmt/format.h>

namespace posta {

const char* to_string(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::syntax: return "syntax";
    case Error::Kind::limit: return "limit";
    case Error::Kind::unavailable: return "unavailable";
    case Error::Kind::stale: return "stale";
    case Error::Kind::full: return "full";
    case Error::Kind::denied: return "denied";
    case Error::Kind::not_found: return "not found";
    case Error::Kind::conflict: return "conflict";
    case Error::Kind::corrupt: return "corrupt";
    case Error::Kind::cancelled: return "cancelled";
    case Error::Kind::timeout: return "timeout";
    case Error::Kind::closed: return "closed";
    case Error::Kind::config: return "configuration";
  }
  return "unknown";
}

std::string describe(const Error& error) {
  if (error.is(Error::Kind::syntax))
    return fmt::format("{}: {} (at {})", to_string(error.kind), error.what, error.at);
  return fmt::format("{}: {}", to_string(error.kind), error.what);
}

}  // namespace posta

#include "mail/ids.h"

#include "base/codec.h"

namespace posta {

std::string to_string(QueueId id) {
  return base32_name(id.value);
}

QueueId parse_queue_id(std::string_view text) {
  return QueueId(parse_base32_name(text).value_or(0));
}

}  // namespace posta

#include "wire/sasl/mechanism.h"

#include "base/check.h"
#include "base/text.h"

namespace posta::wire::sasl {

const MechanismInfo& info(Mechanism mechanism) {
  const MechanismInfo& found = kMechanisms[static_cast<std::size_t>(mechanism)];
  CHECK(found.mechanism == mechanism);
  return found;
}

std::optional<Mechanism> parse_mechanism(std::string_view name) {
  for (const MechanismInfo& known : kMechanisms)
    if (equals_ignore_case(known.name, name)) return known.mechanism;
  return std::nullopt;
}

std::string_view Bindings::find(std::string_view name) const {
  if (name == kExporter) return exporter;
  if (name == kServerEndPoint) return server_end_point;
  return {};
}

}  // namespace posta::wire::sasl

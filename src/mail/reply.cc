#include "mail/reply.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace posta {

std::string Status::str() const {
  return fmt::format("{}.{}.{}", cls, subject, detail);
}

std::optional<Status> Status::parse(std::string_view text) {
  auto parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  auto cls = to_number<std::uint8_t>(parts[0]);
  auto subject = to_number<std::uint16_t>(parts[1]);
  auto detail = to_number<std::uint16_t>(parts[2]);
  if (!cls || !subject || !detail) return std::nullopt;
  // RFC 3463 §2: class is 2, 4 or 5; subject and detail have at most three digits.
  if ((*cls != 2 && *cls != 4 && *cls != 5) || *subject > 999 || *detail > 999) return std::nullopt;
  return Status{*cls, *subject, *detail};
}

std::string Reply::str() const {
  std::string lines = text;
  for (std::size_t at = 0; (at = lines.find('\n', at)) != std::string::npos; at += 2)
    lines.replace(at, 1, "; ");
  return status ? fmt::format("{} {} {}", code, status.str(), lines)
                : fmt::format("{} {}", code, lines);
}

}  // namespace posta

#include "wire/message/field_name.h"

#include <array>

#include "base/text.h"

namespace posta::wire::message {

namespace {

constexpr std::size_t kCount = static_cast<std::size_t>(FieldName::count_);

constexpr std::array<std::string_view, kCount> kNames = {
    "",
    "",
    "from",
    "to",
    "cc",
    "bcc",
    "sender",
    "reply-to",
    "date",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
    "content-type",
    "content-transfer-encoding",
    "content-id",
    "content-description",
    "content-disposition",
    "content-language",
    "content-location",
    "content-md5",
    "mime-version",
    "received",
    "return-path",
    "delivered-to",
    "x-original-to",
    "dkim-signature",
    "arc-seal",
    "arc-message-signature",
    "arc-authentication-results",
    "authentication-results",
    "received-spf",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-post",
    "list-help",
    "list-subscribe",
    "list-owner",
    "list-archive",
    "precedence",
    "auto-submitted",
    "user-agent",
    "x-mailer",
    "x-priority",
    "importance",
    "priority",
    "organization",
    "errors-to",
    "resent-from",
    "resent-to",
    "resent-date",
    "resent-message-id",
    "thread-topic",
    "thread-index",
    "x-spam-status",
    "x-spam-flag",
    "x-spam-score",
    "disposition-notification-to",
    "feedback-id",
    "autocrypt",
    "keywords",
    "comments",
};
static_assert(kNames.back() == "comments");

constexpr std::size_t kSlots = 256;

constexpr std::size_t slot_of(std::string_view name) {
  auto letter = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(ascii_lower(name[i])));
  };
  return (name.size() * 11 + letter(0) * 5 + letter(name.size() / 2) * 29 +
          letter(name.size() - 1) * 17) %
         kSlots;
}

// Open addressing; 0 is an empty slot.
constexpr std::array<std::uint8_t, kSlots> kTable = [] {
  std::array<std::uint8_t, kSlots> table{};
  for (std::size_t i = 2; i < kCount; ++i) {
    std::size_t slot = slot_of(kNames[i]);
    while (table[slot] != 0) slot = (slot + 1) % kSlots;
    table[slot] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

}  // namespace

FieldName field_name(std::string_view name) {
  if (name.empty()) return FieldName::nameless;
  for (std::size_t slot = slot_of(name); kTable[slot] != 0; slot = (slot + 1) % kSlots) {
    std::string_view known = kNames[kTable[slot]];
    if (known.size() == name.size() && equals_ignore_case(known, name))
      return static_cast<FieldName>(kTable[slot]);
  }
  return FieldName::other;
}

std::string_view to_string(FieldName name) {
  auto i = static_cast<std::size_t>(name);
  return i < kCount ? kNames[i] : std::string_view();
}

}  // namespace posta::wire::message

#include "wire/message/field_name.h"

#include <algorithm>
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
    "newsgroups",
    "x-label",
    "mail-followup-to",
    "mail-reply-to",
    "sensitivity",
    "x-msmail-priority",
};
static_assert(kNames.back() == "x-msmail-priority");

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

// What Thunderbird, Apple Mail, K-9, mutt and the webmails put into HEADER.FIELDS for their lists
// of messages. Not Received and the signatures: long, and nobody's list shows them.
constexpr FieldName kListed[] = {
    FieldName::from,
    FieldName::to,
    FieldName::cc,
    FieldName::bcc,
    FieldName::sender,
    FieldName::reply_to,
    FieldName::date,
    FieldName::subject,
    FieldName::message_id,
    FieldName::in_reply_to,
    FieldName::references,
    FieldName::content_type,
    FieldName::content_transfer_encoding,
    FieldName::content_description,
    FieldName::mime_version,
    FieldName::return_path,
    FieldName::delivered_to,
    FieldName::x_original_to,
    FieldName::list_id,
    FieldName::list_unsubscribe,
    FieldName::list_unsubscribe_post,
    FieldName::list_post,
    FieldName::list_subscribe,
    FieldName::x_priority,
    FieldName::importance,
    FieldName::priority,
    FieldName::disposition_notification_to,
    FieldName::newsgroups,
    FieldName::x_label,
    FieldName::mail_followup_to,
    FieldName::mail_reply_to,
    FieldName::sensitivity,
    FieldName::x_msmail_priority,
};

constexpr std::array<bool, kCount> kIsListed = [] {
  std::array<bool, kCount> listed{};
  for (FieldName name : kListed) listed[static_cast<std::size_t>(name)] = true;
  return listed;
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

bool is_listed(FieldName name) {
  auto i = static_cast<std::size_t>(name);
  return i < kCount && kIsListed[i];
}

FieldNames::FieldNames(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    FieldName number = field_name(name);
    if (number != FieldName::other) known_.set(static_cast<std::size_t>(number));
    // Whatever its number: an old record wrote out names that have one since.
    names_.push_back(to_lower(name));
  }
  std::ranges::sort(names_);
}

bool FieldNames::has(FieldName name, std::string_view other) const {
  if (name != FieldName::other) return known_[static_cast<std::size_t>(name)];
  return std::ranges::binary_search(names_, other);
}

bool FieldNames::has(std::string_view name) const {
  return std::ranges::binary_search(names_, to_lower(name));
}

}  // namespace posta::wire::message

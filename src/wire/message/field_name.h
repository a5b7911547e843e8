// field_name.h: the field names that posta knows by number.
//
// The numbers stand in stored digests (docs/formats/digest.md): append, never reorder.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace posta::wire::message {

enum class FieldName : std::uint8_t {
  other = 0,  // the name is written out
  nameless,   // octets of a header that are no field
  from,
  to,
  cc,
  bcc,
  sender,
  reply_to,
  date,
  subject,
  message_id,
  in_reply_to,
  references,
  content_type,
  content_transfer_encoding,
  content_id,
  content_description,
  content_disposition,
  content_language,
  content_location,
  content_md5,
  mime_version,
  received,
  return_path,
  delivered_to,
  x_original_to,
  dkim_signature,
  arc_seal,
  arc_message_signature,
  arc_authentication_results,
  authentication_results,
  received_spf,
  list_id,
  list_unsubscribe,
  list_unsubscribe_post,
  list_post,
  list_help,
  list_subscribe,
  list_owner,
  list_archive,
  precedence,
  auto_submitted,
  user_agent,
  x_mailer,
  x_priority,
  importance,
  priority,
  organization,
  errors_to,
  resent_from,
  resent_to,
  resent_date,
  resent_message_id,
  thread_topic,
  thread_index,
  x_spam_status,
  x_spam_flag,
  x_spam_score,
  disposition_notification_to,
  feedback_id,
  autocrypt,
  keywords,
  comments,
  newsgroups,
  x_label,
  mail_followup_to,
  mail_reply_to,
  sensitivity,
  x_msmail_priority,
  count_
};

FieldName field_name(std::string_view name);  // ignores case
std::string_view to_string(FieldName name);   // lower case; empty for `other` and `nameless`

// Clients ask for it when they list messages, and it is short as a rule: the digest keeps it.
bool is_listed(FieldName name);

// Names of fields that somebody asks for. However many they are, a look-up is short.
class FieldNames {
 public:
  FieldNames() = default;
  explicit FieldNames(const std::vector<std::string>& names);  // in any case

  // `other` is the name in lower case, if `name` is FieldName::other.
  bool has(FieldName name, std::string_view other) const;
  bool has(std::string_view name) const;  // in any case

 private:
  std::bitset<256> known_;
  std::vector<std::string> names_;  // in lower case, sorted
};

}  // namespace posta::wire::message

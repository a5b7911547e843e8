// admin_mailbox.cc: posta mailbox.

#include "app/admin_common.h"

namespace posta::app {

using boost::json::array;
using boost::json::object;
using runtime::Task;

namespace {

const char* role_text(mailbox::Role role) {
  using mailbox::Role;
  switch (role) {
    case Role::none: return "";
    case Role::inbox: return "inbox";
    case Role::drafts: return "drafts";
    case Role::sent: return "sent";
    case Role::junk: return "junk";
    case Role::trash: return "trash";
    case Role::archive: return "archive";
  }
  return "";
}

}  // namespace

Task<Answer> mailbox_command(House& house, const AdminOptions& options) {
  auto account = co_await account_named(house, options.name);
  if (!account) co_return wrong(account.error());
  auto boxes = co_await house.mailboxes().list(*account);
  if (!boxes) co_return wrong(boxes.error());
  array json;
  std::string words;
  for (const auto& box : *boxes) {
    json.push_back(object{{"name", box.name},
                          {"role", role_text(box.role)},
                          {"messages", box.messages},
                          {"unseen", box.unseen},
                          {"octets", box.octets},
                          {"subscribed", box.subscribed},
                          {"uid_validity", box.uid_validity.value},
                          {"uid_next", box.uid_next.value}});
    words += fmt::format("{:<32} {:>8} messages {:>8} unseen {:>14} octets  {}\n", box.name,
                         box.messages, box.unseen, box.octets, role_text(box.role));
  }
  co_return said(options.json, json, std::move(words));
}

}  // namespace posta::app

// cmd_quota.cc: GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208, RFC 2087).
//
//   * QUOTAROOT INBOX ""
//   * QUOTA "" (STORAGE 10 512 MESSAGE 3 1000)      STORAGE in units of 1024 octets
//
// One root, "", for all mailboxes of the account; what has no limit is not in the list. An account
// without any limit has no root: a list of resources may not be empty (RFC 9208 §7).

#include <fmt/format.h>

#include "server/imap/print.h"
#include "server/imap/session.h"

namespace posta::server::imap {

namespace {

// RFC 9208 §5.1: in units of 1024 octets; what is begun counts.
std::uint64_t units(Octets octets) {
  return octets / 1024 + (octets % 1024 != 0 ? 1 : 0);
}

}  // namespace

Task<Result<directory::Quota>> Session::quota() {
  CO_TRY(auto known, co_await server_.deps().directory.account(account()));
  co_return known ? known->quota : directory::Quota{};
}

Task<Result<>> Session::print_quota(directory::Quota limit) {
  CO_TRY(mailbox::Use use, co_await mailboxes().use(account()));
  std::string resources;
  if (limit.octets != 0)
    resources = fmt::format("STORAGE {} {}", units(use.octets), limit.octets / 1024);
  if (limit.messages != 0)
    resources +=
        fmt::format("{}MESSAGE {} {}", resources.empty() ? "" : " ", use.messages, limit.messages);
  untagged(fmt::format("QUOTA \"\" ({})", resources));
  co_return Result<>();
}

Task<Reply> Session::get_quota(wi::GetQuota& command) {
  auto limit = co_await quota();
  if (!limit) co_return unavailable("quota", limit.error());
  if (!command.root.empty() || *limit == directory::Quota{})
    co_return Reply::no("There is no such root", code::kNonExistent);
  auto printed = co_await print_quota(*limit);
  if (!printed) co_return unavailable("quota", printed.error());
  co_return Reply::ok("That is all");
}

// RFC 9208 §4.1.2: "the mailbox name parameter doesn't have to reference an existing mailbox."
Task<Reply> Session::get_quota_root(wi::GetQuotaRoot& command) {
  auto limit = co_await quota();
  if (!limit) co_return unavailable("quota", limit.error());
  const bool limited = *limit != directory::Quota{};
  std::string& out = stream_.out();
  out += "* QUOTAROOT ";
  append_mailbox(out, command.mailbox);
  out += limited ? " \"\"\r\n" : "\r\n";
  if (!limited) co_return Reply::ok("There is no limit");
  auto printed = co_await print_quota(*limit);
  if (!printed) co_return unavailable("quota", printed.error());
  co_return Reply::ok("That is all");
}

Task<Reply> Session::set_quota(wi::SetQuota&) {
  co_return Reply::no("Quotas are set by the administrator", code::kNoPerm);
}

}  // namespace posta::server::imap

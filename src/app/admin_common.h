// admin_common.h: what the admin_*.cc files share: how a command answers, and who answers which
// group.
//
// A group of commands is one file `admin_<group>.cc` with one entry function, declared here and
// called by `administer`; its words stand in admin_options.cc.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>

#include "app/admin.h"
#include "app/admin_options.h"
#include "mail/time.h"

namespace posta::app {

// It could not be done: exit 1, and why on standard error.
Answer wrong(const Error& error);
Answer wrong(std::string what);

// It is done: `value` for programs, `words` for people.
Answer said(bool json, const boost::json::value& value, std::string words);

// "none" takes a setting away.
std::optional<std::string> unless_none(const std::string& text);

std::string time_text(WallTime time);  // 2026-11-21 05:14:51Z

// Error{not_found} names it.
runtime::Task<Result<AccountId>> account_named(House& house, const std::string& text);

// A list of at most `options.limit` was read: what comes after `last` is left for the next page.
Answer page(const AdminOptions& options, const boost::json::array& list, std::string words,
            const std::string& none, const std::string& last);

// Said beside the answer, which it does not make a failure: where these targets lead nowhere.
runtime::Task<> warn_of_targets(House& house, Address alias, std::vector<Address> targets,
                                Answer& answer);

// Likewise what leads nowhere now that `gone` takes no mail any more.
runtime::Task<> warn_of_dead_ends(House& house, Address gone, Answer& answer);

// She has a new password: the wrong ones that were typed before count no longer. That it could not
// be done is said beside the answer.
runtime::Task<> forgive_logins(House& house, Address account, Answer& answer);

// The groups. `options` outlives the task; `input` is what --password-stdin read.
runtime::Task<Answer> app_password_command(House& house, const AdminOptions& options);
runtime::Task<Answer> change_own_password(House& house, const AdminOptions& options,
                                          std::string input);
runtime::Task<Answer> grant_command(House& house, const AdminOptions& options);
runtime::Task<Answer> account_command(House& house, const AdminOptions& options, std::string input);
runtime::Task<Answer> domain_command(House& house, const AdminOptions& options);
runtime::Task<Answer> alias_command(House& house, const AdminOptions& options);
runtime::Task<Answer> queue_command(House& house, const AdminOptions& options);
runtime::Task<Answer> mailbox_command(House& house, const AdminOptions& options);
runtime::Task<Answer> undelete_command(House& house, const AdminOptions& options);
runtime::Task<Answer> status_command(House& house, const AdminOptions& options);
runtime::Task<Answer> trace_command(House& house, const AdminOptions& options);
runtime::Task<Answer> checkpoint_command(House& house, const AdminOptions& options);

}  // namespace posta::app

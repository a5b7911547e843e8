// accounts.h: the life of an account: directory and mailboxes together.
//
//   (nothing) --add--> enabled <--set--> switched off --remove--> removed --mail gone--> (nothing)
//
// `add` is one commit; `remove` is one that ends logins and deliveries, then several that remove
// the mail. Between them stands D/removed/<id>, so a crash leaves work and no confusion.
//
// Addresses without a domain mean the default domain. Errors: not_found, conflict, limit, syntax as
// the directory words them; unavailable if the store or the worker pool is too busy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory/directory.h"
#include "mailbox/mailbox.h"

namespace posta::ops {

using runtime::Task;

// What is shown of an account.
struct AccountState {
  directory::Account account;
  mailbox::Use use;
  bool has_password = false;
  bool is_postmaster = false;  // the system's
};

class Accounts {
 public:
  Accounts(store::Store& store, directory::Directory& directory, mailbox::Mailboxes& mailboxes)
      : store_(store), directory_(directory), mailboxes_(mailboxes) {}

  // With INBOX and the special-use mailboxes.
  Task<Result<directory::Account>> add(directory::NewAccount account);
  // If only its mail could not be removed, the Error says so, and the rest is done.
  Task<Result<>> remove(Address address);
  Task<Result<directory::Account>> set(Address address, directory::AccountChange change);
  // Empty: no password login from now on.
  Task<Result<>> set_password(Address address, std::string password, bool force = false);
  Task<Result<>> set_postmaster(Address address);  // the system's

  Task<Result<AccountState>> show(Address address);
  // In order of address, after `after` (exclusive), at most `limit`.
  Task<Result<std::vector<AccountState>>> list(std::string after, std::size_t limit);

  // Removes the mail of accounts whose removal was interrupted. At start, and on a schedule.
  // Returns how many.
  Task<Result<std::size_t>> finish_removals();

 private:
  Task<Result<directory::Account>> existing(Address address);
  Task<Result<AccountState>> state_of(directory::Account account, AccountId postmaster);
  Task<Result<>> remove_mail(AccountId id);

  store::Store& store_;
  directory::Directory& directory_;
  mailbox::Mailboxes& mailboxes_;
};

}  // namespace posta::ops

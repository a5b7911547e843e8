// check.h: is an account in the store what its documents say? (docs/formats/mailbox.md)
//
// Recomputes every number from the state pages and compares: counts, octets, uids, modseqs, use and
// retention, e-mails, their threads, and the links that keep bodies alive. For tests, the simulator
// and `posta check --store`. Reads the whole account and keeps one small entry for each e-mail.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "mail/ids.h"
#include "store/store.h"

namespace posta::mailbox {

// What is wrong, in words; nothing if all is well. Error: it could not be read.
runtime::Task<Result<std::vector<std::string>>> check_account(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account);

}  // namespace posta::mailbox

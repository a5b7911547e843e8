// recent.cc: \Recent, which a session claims (RFC 3501 §2.3.2).
#include "mailbox/impl.h"

namespace posta::mailbox {

Task<Result<Mailboxes::Recent>> Mailboxes::claim_recent(AccountId account, MailboxId mailbox) {
  auto read = co_await read_status(impl_->store.snapshot(), account, mailbox);
  CO_TRY(auto records, std::move(read));
  if (!records) co_return fail(Error::Kind::not_found, "no such mailbox");
  // What comes from here on is left to the next.
  if (records->numbers.recent == 0) {
    Uid next = records->numbers.uid_next;
    co_return Recent{next, next, 0, records->numbers.mod_seq};
  }
  auto claimed = std::make_shared<Recent>();
  auto committed = co_await impl_->commit_at(account, [mailbox, claimed](AtTurn& at) {
    const MailboxHead* there = at.mailboxes().find(mailbox);
    if (!there) return kNoMailbox;
    MailboxHead changed = *there;
    Numbers& numbers = changed.numbers;
    *claimed = {numbers.recent_from, numbers.uid_next, numbers.recent, numbers.mod_seq};
    numbers.recent_from = numbers.uid_next;
    numbers.recent = 0;
    at.put(std::move(changed));  // no news: no message changes, and no modseq
    return store::kAccept;
  });
  CO_TRY(int code, std::move(committed));
  if (code != store::kAccept) co_return fail(Error::Kind::not_found, "no such mailbox");
  co_return *claimed;
}

}  // namespace posta::mailbox

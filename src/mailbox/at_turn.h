// at_turn.h: an account that is being changed at its turn.
//
//   turn.head() --AtTurn--> numbers, mailboxes changed, records written, news published
//                           accept(): `m` written, the new head set
//
// Nothing is kept if the turn refuses. Each change of a mailbox, or of the tree, takes a modseq of
// its own, in the order of publication.
#pragma once

#include <memory>
#include <span>

#include "mailbox/head.h"
#include "mailbox/keys.h"
#include "mailbox/news.h"

namespace posta::mailbox {

class AtTurn {
 public:
  AtTurn(store::Turn& t, AccountId account, const AccountHead& before)
      : turn(t), account_(account), head_(std::make_shared<AccountHead>(before)) {}

  store::Turn& turn;
  AccountId account() const { return account_; }
  AccountNumbers& numbers() { return head_->numbers; }
  MailboxTable& mailboxes() { return head_->mailboxes; }
  ModSeq next_mod_seq() { return head_->numbers.mod_seq = head_->numbers.mod_seq.next(); }

  // Writes `n` and takes the mailbox into the head; `b` too if it is another than before.
  void put(MailboxHead mailbox);
  // News of a mailbox as it is now in the head.
  std::shared_ptr<News> news_of(MailboxId mailbox, ModSeq mod_seq) const;
  void publish(std::shared_ptr<const News> news);
  // Tells watchers that the tree has changed.
  void publish_tree(std::shared_ptr<News> news);

  int accept();

 private:
  AccountId account_;
  std::shared_ptr<AccountHead> head_;
};

// Messages that come into a mailbox otherwise than by a delivery: copied, moved, brought back. They
// get uids and a modseq, in order; their keywords are the target's numbers. Counts them as in use.
// False: there are no uids left (RFC 3501 §2.3.1.1).
bool add_rows(AtTurn& at, MailboxHead target, std::span<MessageState> rows);

// How the numbers of keywords in one mailbox become those of another.
class KeywordMap {
 public:
  // Names of `names` that one of `used` stands for get a number in `about`, a new one if they have
  // none. If they would be too many, those that fit are mapped, the others go.
  void make(std::span<const std::string> names, std::uint64_t used, std::size_t keywords_max,
            std::shared_ptr<const About>& about);
  std::uint64_t map(std::uint64_t keywords) const;

 private:
  std::array<std::uint64_t, kKeywordsMax> to_{};  // bits
  bool same_ = true;
};

// The number of a keyword; a name that is not there is added if `add`. nothing: it is not, or they
// would be more than `keywords_max`.
std::optional<unsigned> keyword_number(std::string_view name, bool add, std::size_t keywords_max,
                                       std::shared_ptr<const About>& about);

}  // namespace posta::mailbox

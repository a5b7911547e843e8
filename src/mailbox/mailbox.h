// mailbox.h: mailboxes, messages, flags, uids and modseqs, quota use, and the change feed.
//
// An account is one partition of the store. Its head (AccountHead) is in memory while it is used:
// next ids, counts, and the record of every mailbox. Deliveries and changes happen at the account's
// turn, so uids and modseqs need no lock and no read:
//
//   append --at turn--> uid, modseq, email id given; state page, mailbox record, quota written in
//   the batch commit durable ----> Change published --> views updated --> sessions woken
//
// A mailbox in memory is a View: immutable, shared by all sessions, pages of 256 uids (house D5). A
// session pins the view it has announced and moves to a newer one when its protocol allows.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "mail/flags.h"
#include "mail/ids.h"
#include "mail/time.h"
#include "store/store.h"

namespace posta::mailbox {

using runtime::Task;

inline constexpr MailboxId kInbox{1};  // every account's INBOX

struct Limits {
  std::size_t mailboxes_max = 10'000;          // of an account
  std::size_t mailbox_name_octets_max = 1000;  // UTF-8, whole path
  std::size_t mailbox_depth_max = 32;          // levels
  std::size_t subscriptions_max = 10'000;      // names of an account
  std::size_t keywords_max = kKeywordsMax;     // of a mailbox
  std::uint32_t gone_records_max = 10'000;     // of a mailbox, after a sweep (gone_since)
  Octets view_cache_octets_max = 256_MiB;      // LRU, in bytes
  std::chrono::hours retention{30 * 24};       // of expunged e-mail (undelete)
};

// RFC 6154 §2; `inbox` is the mailbox INBOX itself.
enum class Role : std::uint8_t { none, inbox, drafts, sent, junk, trash, archive };

// What is known of a mailbox without looking at a message. Durable: A/<account>/mailbox/<id>.
struct MailboxRecord {
  MailboxId id;
  std::string name;  // UTF-8, '/' between levels
  Role role = Role::none;
  bool subscribed = false;  // in list() and find() only: subscriptions are by name
  UidValidity uid_validity;
  Uid uid_next{1};
  ModSeq mod_seq;  // highest of the mailbox; at least 1 (RFC 7162 §7)
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;
  Octets octets = 0;
  std::vector<std::string> keywords;  // number in Flags::keywords -> name
  Uid recent_from{1};  // uids from here on are \Recent for the next session that claims them
};

// What SELECT and STATUS say, without a page being read (house D5). See open_since().
struct Status : MailboxRecord {
  std::uint32_t recent = 0;        // messages from recent_from on
  std::uint32_t first_unseen = 0;  // sequence number; 0: all are seen
};

// One message in a mailbox.
struct MessageState {
  Uid uid;
  EmailId email;
  Flags flags;
  ModSeq mod_seq;
  std::uint32_t size = 0;  // octets, prefix and body (RFC822.SIZE; a message is below 4 GiB)
  WallTime internal_date;
};

// Immutable: a mailbox as of one version. Sequence numbers (RFC 3501 §2.3.1.2) count from 1.
class View {
 public:
  virtual ~View() = default;
  virtual const MailboxRecord& record() const = 0;
  virtual std::uint32_t count() const = 0;
  virtual std::optional<std::uint32_t> sequence_of(Uid uid) const = 0;
  virtual Octets octets() const = 0;
  // The state at a sequence number, 1 <= n <= count().
  virtual MessageState at(std::uint32_t n) const = 0;
  // Calls `each` for sequence numbers first..last in order: faster than at().
  virtual void visit(
      std::uint32_t first, std::uint32_t last,
      const std::function<void(std::uint32_t n, const MessageState&)>& each) const = 0;
};

// What changed in one mailbox, or in the list of mailboxes. In commit order.
struct Change {
  AccountId account;
  MailboxId mailbox;  // 0: the tree (created, renamed, removed)
  ModSeq mod_seq;
  std::vector<MessageState> added;
  std::vector<MessageState> flagged;  // new state
  std::vector<Uid> expunged;          // ascending
  bool removed = false;               // the mailbox is gone
};

// An e-mail: what all its copies in an account share.
struct Email {
  EmailId id;
  ThreadId thread;
  std::string prefix;  // header lines of this recipient's own: Return-Path, Delivered-To
  store::BodyRef body;
  std::string digest;  // encoded wire::message digest of the body (offsets do not count the prefix)
  WallTime received;
  std::uint64_t size() const { return prefix.size() + body.size; }
};

// A message on its way into a mailbox.
struct Arrival {
  MailboxId mailbox = kInbox;
  std::string prefix;
  store::BodyRef body;
  std::shared_ptr<const std::string> digest;  // shared by all recipients
  std::vector<std::uint64_t> thread_keys;     // hashes of Message-ID, In-Reply-To, References
  ThreadId thread;                            // what find_thread said; 0: nothing, or not asked
  WallTime internal_date;
  Flags flags;                        // system flags
  std::vector<std::string> keywords;  // names; those that find no number are dropped
  Octets quota_octets = 0;            // the account's limits now; 0: none
  std::uint64_t quota_messages = 0;
  bool overshoot = true;  // a delivery may cross the limit once (first-server §4)
};

enum class AppendCode { ok, over_quota, no_mailbox, no_head };

// What the tree of mailboxes says to a change.
enum class TreeCode {
  ok,
  exists,       // there is a mailbox of that name (RFC 5530 ALREADYEXISTS)
  no_mailbox,   // there is none (NONEXISTENT)
  not_allowed,  // INBOX cannot be deleted; a mailbox cannot become its own child (CANNOT)
  bad_name,     // empty level, control character, too long or too deep (CANNOT)
  too_many,     // mailboxes_max (LIMIT)
};

// Where the copies of messages are. Both ascending by source, RFC 4315 COPYUID.
struct Copied {
  UidValidity uid_validity;  // of the mailbox they are in now
  std::vector<Uid> from;
  std::vector<Uid> to;
};

enum class CopyCode { ok, no_source, no_target, over_quota, missing };
// Messages to be copied that are gone: passed over, or a reason to copy none (CopyCode::missing).
enum class Gone { passed_over, refused };

// What STORE asks for. Keywords by name: they get a number in the mailbox when first used.
struct FlagsWanted {
  std::vector<Uid> uids;  // ascending
  enum class Mode { add, remove, replace } mode = Mode::add;
  std::uint8_t system = 0;  // Flags::System bits
  std::vector<std::string> keywords;
  std::optional<ModSeq> unchanged_since;  // RFC 7162 §3.1.3
};
struct FlagsStored {
  enum class Code { ok, no_mailbox, too_many_keywords } code = Code::ok;
  ModSeq mod_seq;             // of what was changed; 0: nothing was
  std::vector<Uid> modified;  // changed since `unchanged_since`, so left alone
};

// An expunged e-mail that can be brought back.
struct Expunged {
  MailboxId mailbox;  // where it was
  WallTime expunged;
  MessageState state;
  ModSeq mod_seq;  // of the expunge
};

// What lies between two views of one mailbox, as a session has to announce it.
struct Difference {
  std::vector<std::uint32_t> expunged;  // sequence numbers in `before`, descending: each may be
                                        // said as it is (RFC 3501 §7.4.1)
  std::vector<Uid> expunged_uids;       // ascending
  std::vector<std::uint32_t> flagged;   // sequence numbers in `after` of messages that both have
  std::uint32_t added = 0;              // messages at the end of `after` that are new
};

struct Appended {
  UidValidity uid_validity;
  Uid uid;
  EmailId email;
};

struct Use {
  Octets octets = 0;
  std::uint64_t messages = 0;
};

class Mailboxes {
 public:
  // Subscribes to the store's publications: construct before the first commit.
  Mailboxes(store::Store& store, Limits limits);
  ~Mailboxes();

  // --- account life. Adds INBOX and the special-use mailboxes (Drafts, Sent, Junk, Trash,
  // Archive).
  void prepare_create(store::Batch& batch, AccountId account, WallTime now);
  // Everything of the account, bodies unlinked. Long: several commits.
  Task<Result<>> remove(AccountId account);
  // For an account that came back from a backup, before anybody uses it: what was given since the
  // backup was made is not known here, but clients know it. So that no uid, no id of an e-mail or
  // mailbox and no modseq names two things (RFC 3501 §2.3.1.1, RFC 7162 §3.1.2, RFC 8474 §4), all
  // of them go on with a gap, and every message counts as changed. Clients keep their copies.
  Task<Result<>> renumber(AccountId account);

  // --- delivery
  // Makes sure that the store has the account's head, so that a turn can run. Cheap if it has.
  Task<Result<>> load(AccountId account);
  // The thread that a message with these thread keys joins, or 0. Before the batch, since a turn
  // cannot read; without it only messages that came a moment ago are joined. No read if the
  // message answers nothing (one key).
  Task<Result<ThreadId>> find_thread(AccountId account, std::vector<std::uint64_t> thread_keys);
  // Inside a turn of the account's partition (its id): gives the uid, writes everything, publishes
  // the Change. The body must be in the same batch or linked already. Never waits. ok, or nothing
  // was changed.
  AppendCode append_at_turn(store::Turn& turn, AccountId account, const Arrival& arrival,
                            Appended& out);
  // A delivery of its own (APPEND, tests): loads, commits, retries what was refused.
  Task<Result<std::pair<AppendCode, Appended>>> append(AccountId account, Arrival arrival,
                                                       std::unique_ptr<store::BodyWriter> body);

  // --- reading
  Task<Result<std::vector<MailboxRecord>>> list(AccountId account);
  // What the mailbox's record says: three small reads. nothing: no such mailbox.
  Task<Result<std::optional<Status>>> status(AccountId account, MailboxId mailbox);
  // For SELECT: the status, and the view of the very same moment. If that is not in memory, the
  // pages are still to be read: `opening` does it, and until then whoever else opens the mailbox
  // waits. nothing: no such mailbox.
  class Opening;
  struct Selection {
    Status status;
    std::shared_ptr<const View> view;  // null: see opening
    std::shared_ptr<Opening> opening;
  };
  Task<Result<std::optional<Selection>>> select(AccountId account, MailboxId mailbox);
  // Error{stale}: it was begun too long ago (store: snapshot_life_max).
  Task<Result<std::shared_ptr<const View>>> finish(std::shared_ptr<Opening> opening);
  // The mailbox as it is now: the shared view. nothing: no such mailbox.
  Task<Result<std::shared_ptr<const View>>> open(AccountId account, MailboxId mailbox);
  // For a session that has announced `status` and now needs the messages: the view, and what lies
  // between. nothing: the mailbox is gone, or too much has been expunged since to tell.
  struct Opened {
    std::shared_ptr<const View> view;
    Difference since;
  };
  Task<Result<std::optional<Opened>>> open_since(AccountId account, MailboxId mailbox,
                                                 Status status);
  Task<Result<std::optional<Email>>> email(AccountId account, EmailId id);
  // Octets of prefix and body together, [offset, offset + length).
  Task<Result<std::string>> read(Email email, std::uint64_t offset, std::uint64_t length);
  Task<Result<Use>> use(AccountId account);
  // In the order of `ids`; nothing where one is gone. Reads ranges where ids lie close together:
  // for FETCH over a whole mailbox, some hundred at a time.
  Task<Result<std::vector<std::optional<Email>>>> emails(AccountId account,
                                                         std::vector<EmailId> ids);
  // Uids expunged after `since` (RFC 7162 §3.2.7); nothing: that is longer ago than is remembered.
  Task<Result<std::optional<std::vector<Uid>>>> gone_since(AccountId account, MailboxId mailbox,
                                                           ModSeq since);

  // --- the tree. Names are UTF-8 with '/' between levels; INBOX in any case is INBOX, also as the
  // first level. One durable commit each, and a Change of mailbox 0.
  // Makes missing superiors too (RFC 3501 §6.3.3). A trailing '/' is ignored.
  Task<Result<std::pair<TreeCode, MailboxId>>> create(AccountId account, std::string name,
                                                      Role role, WallTime now);
  // The mailbox's messages become expunged ones (undelete brings them back); inferiors stay, and
  // then the name lives on as a level without a mailbox (\NonExistent, RFC 5258 §3).
  Task<Result<TreeCode>> remove_mailbox(AccountId account, MailboxId mailbox, WallTime now);
  // With all inferiors. Renaming INBOX moves its messages to a new mailbox and leaves INBOX empty,
  // its inferiors where they are (RFC 3501 §6.3.5).
  Task<Result<TreeCode>> rename(AccountId account, std::string from, std::string to, WallTime now);
  // By name, whether or not there is such a mailbox (RFC 3501 §6.3.9: a name stays subscribed when
  // its mailbox goes).
  Task<Result<TreeCode>> subscribe(AccountId account, std::string name, bool subscribed);
  Task<Result<std::vector<std::string>>> subscriptions(AccountId account);
  Task<Result<std::optional<MailboxRecord>>> find(AccountId account, std::string name);

  // --- copies. All or nothing, one durable commit. Bodies are never copied: an e-mail and its
  // copies share one record. Keywords for which the target has no number left are dropped: mail can
  // be moved out of the way, whatever labels it has.
  Task<Result<std::pair<CopyCode, Copied>>> copy(AccountId account, MailboxId from,
                                                 std::vector<Uid> uids, MailboxId to, Use quota,
                                                 Gone gone, WallTime now);
  Task<Result<std::pair<CopyCode, Copied>>> move(AccountId account, MailboxId from,
                                                 std::vector<Uid> uids, MailboxId to, Gone gone,
                                                 WallTime now);

  // --- flags, as IMAP has them.
  Task<Result<FlagsStored>> store(AccountId account, MailboxId mailbox, FlagsWanted wanted);
  // Claims \Recent for one session, atomically: the messages from the returned uid up to (not
  // including) uid_next of the claim are recent for the caller and for nobody after it. Costs a
  // commit only if something is there to claim (RFC 3501 §2.3.2).
  struct Recent {
    Uid first;
    Uid end;
    std::uint32_t messages = 0;  // of these uids
    ModSeq mod_seq;              // of the mailbox at that moment
  };
  Task<Result<Recent>> claim_recent(AccountId account, MailboxId mailbox);

  // --- bringing back what was expunged
  // In order of time, after `since` (exclusive). What was expunged at one moment comes together, so
  // it may be a little more than `limit`.
  Task<Result<std::vector<Expunged>>> expunged(AccountId account, WallTime since,
                                               std::size_t limit);
  // Into the mailbox they were in, or INBOX if that is gone, with new uids and their flags less
  // \Deleted. Several commits if it is much. Returns how many.
  Task<Result<std::uint64_t>> undelete(AccountId account, std::vector<Expunged> which,
                                       WallTime now);

  // --- changing. One durable commit each; uids that are gone are passed over.
  enum class FlagMode { add, remove, replace };
  Task<Result<>> store_flags(AccountId account, MailboxId mailbox, std::vector<Uid> uids,
                             FlagMode mode, Flags flags);
  // Removes messages. What nobody else shares stays recoverable for `retention`, then is swept.
  Task<Result<std::vector<Uid>>> expunge(AccountId account, MailboxId mailbox,
                                         std::vector<Uid> uids, WallTime now);
  // Of these, what has \Deleted when its turn comes (EXPUNGE: others may take the flag away until
  // then).
  Task<Result<std::vector<Uid>>> expunge_deleted(AccountId account, MailboxId mailbox,
                                                 std::vector<Uid> uids, WallTime now);
  // Ends the retention of what was expunged before `before`: unlinks bodies. For a scheduled job.
  // Also finishes removals of mailboxes that a crash cut short, and trims what gone_since knows.
  Task<Result<std::uint64_t>> sweep_expunged(AccountId account, WallTime before);

  // --- news. `wake` is called on the committer's thread after each durable change of the account;
  // it must only post. Ends when the returned handle is destroyed.
  using Wake = std::function<void(const std::shared_ptr<const Change>&)>;
  std::shared_ptr<void> watch(AccountId account, Wake wake);

  const Limits& limits() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Cheap where the views share pages. `before` and `after` are views of the same mailbox, `after`
// the newer.
Difference difference(const View& before, const View& after);

}  // namespace posta::mailbox

// intake.h: the one door through which letters come in.
//
// A server asks at each step of its protocol; the answer is a Reply to be said as it is.
//
//   connect ── mail ──> Transaction ── rcpt* ── data ── write* ── finish
//                                                                  │
//                       one durable commit in mta/queue, then, and only then, 250
//
// connect.cc, mail.cc, rcpt.cc, data.cc: one file a step; submission.cc has what is asked of our
// own users besides (RFC 6409): who they are, whom they write as, and how much. Rules for all mail
// stand here and nowhere else: no relaying, no unknown recipients, quota, disk, sizes, loops.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/events.h"
#include "base/limits.h"
#include "directory/directory.h"
#include "mail/letter.h"
#include "mail/reply.h"
#include "mailbox/mailbox.h"
#include "mta/intake/allowance.h"
#include "mta/intake/digest_budget.h"
#include "mta/queue/queue.h"
#include "mta/route/route.h"
#include "net/endpoint.h"
#include "runtime/task.h"
#include "store/store.h"
#include "wire/message/address_list.h"

namespace posta::mta {

struct IntakeLimits {
  Octets message_octets_max = 50_MiB;       // 552 5.3.4; announced as SIZE (RFC 1870)
  std::size_t recipients_max = 1000;        // 452 4.5.3; RFC 5321 §4.5.3.1.8 wants at least 100
  std::size_t received_fields_max = 100;    // 554 5.4.6; RFC 5321 §6.3
  std::chrono::hours over_quota_grace{72};  // full for longer: 550 5.2.2 instead of 452 4.2.2
  Octets digests_octets_max = 64_MiB;  // of all that are being built (digest_budget.h): 451 4.3.0
};

// What is asked of letters that come by Origin::Via::submission (RFC 6409).
struct SubmissionConfig {
  AllowanceLimits allowance;
  Octets header_octets_max = 256_KiB;  // held until its end is seen; 552 5.3.4
};

struct IntakeConfig {
  Domain host;  // our name, in Received
  IntakeLimits limits;
  SubmissionConfig submission = {};
  std::vector<net::IpNetwork> refused_networks = {};  // who connects from there is turned away
  bool defer_unknown = false;  // unknown recipients: 450 4.1.1 instead of 550 5.1.1
  bool announce_forward =
      false;                    // 251 2.1.5 says where an alias leads, if to one address elsewhere
  bool refuse_at_once = false;  // with 521 and the end, instead of 554 and QUIT
  bool normalise_line_ends = false;  // bare CR or LF in a message becomes CRLF instead of 550 5.6.0
};

// What MAIL says, already parsed.
struct MailArguments {
  ReversePath from;
  std::optional<std::uint64_t> size;  // SIZE=
  bool eight_bit = false;             // BODY=8BITMIME
  bool smtputf8 = false;
};

// What the decoder saw in a message, for the judgement after its end.
struct MessageFaults {
  bool too_big = false;
  bool bare_line_ends = false;
  bool aborted = false;  // BDAT sequence broken, client reset
};

class Intake;
struct SubmittedHeader;  // mta/seal/submission.h

// One letter being written. Destroying it forgets everything.
class Transaction {
 public:
  ~Transaction();

  // 250 2.1.5, or why not. `address` without a domain is <Postmaster> or a trusted bare local part.
  Task<Reply> rcpt(Address address, std::string original);

  std::size_t recipients() const { return letter_.envelope.recipients.size(); }
  const Letter& letter() const { return letter_; }

  // 354, or why not (503 without recipients is the session's to say). Begins the message: writes
  // the trace fields.
  Task<Reply> data();

  // Message octets, CRLF line ends. After an Error go on reading to the true end, then finish()
  // says it.
  Task<Result<>> write(std::string octets);

  // The end of the message. 250 2.0.0 with the queue id: the letter is on stable storage, and in
  // every mailbox that could be reached now. Anything else: nothing of it is kept.
  Task<Reply> finish(MessageFaults faults);

 private:
  friend class Intake;
  Transaction(Intake& intake, Letter letter);
  struct Message;  // transaction.h: body writer and digest builder
  Task<Reply> admit(Message& message, MessageFaults faults);
  Intake& intake_;
  Letter letter_;
  std::unique_ptr<Allowance::Claim> claim_;  // of a submitted letter
  std::unique_ptr<Message> message_;
};

class Intake {
 public:
  struct Deps {
    store::Store& store;
    directory::Directory& directory;
    mailbox::Mailboxes& mailboxes;
    Router& router;
    Queue& queue;
    Events& events;
  };
  Intake(Deps deps, IntakeConfig config);
  ~Intake();

  // May this peer speak at all? Nothing, or the 4xx/5xx greeting to say instead of 220.
  Task<std::optional<Reply>> connect(Origin origin);

  // 250 2.1.0 and a transaction, or why not.
  struct Mailed {
    Reply reply;
    std::unique_ptr<Transaction> transaction;  // null if refused
  };
  Task<Mailed> mail(Origin origin, MailArguments arguments);

  // Whether the address would be accepted, for VRFY: 250, 252, 550 (RFC 5321 §3.5).
  Task<Reply> verify(Origin origin, Address address);

  const IntakeConfig& config() const { return *config_.load(); }
  // For all that is judged from now on. Any thread.
  void configure(IntakeConfig config);

 private:
  friend class Transaction;
  Task<Reply> judge(const Origin& origin, const Address& address, WallTime now);
  Task<Reply> judge_foreign(const Origin& origin, const Address& address);
  // A bare local part means the default domain; where there is none, our own name.
  Task<Result<Address>> qualified(Address address);
  // --- submission.cc
  // Nothing: the sender may write this letter, and `claim` is what it takes.
  Task<std::optional<Reply>> judge_sender(const Origin& origin, const ReversePath& from,
                                          std::unique_ptr<Allowance::Claim>& claim);
  Task<std::optional<Reply>> judge_header(const Letter& letter, const SubmittedHeader& header);
  Task<std::optional<Reply>> judge_authors(const Letter& letter,
                                           const std::vector<wire::message::Address>& authors,
                                           std::string_view field);
  Task<Result<bool>> may_send_as(AccountId account, Address sender);
  Task<std::optional<Reply>> over_quota(const directory::Account& account, WallTime now);
  Deps deps_;
  // The last is in force; the others are kept, since somebody may be reading them. There are as
  // many as an administrator has made changes.
  std::mutex mutex_;
  std::deque<IntakeConfig> configs_;  // under mutex_
  std::atomic<const IntakeConfig*> config_;
  Allowance allowance_;
  DigestBudget digests_;
};

}  // namespace posta::mta

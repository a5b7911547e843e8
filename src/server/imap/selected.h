// selected.h: what a session knows of the mailbox that it has selected.
//
//   announced    what sequence numbers mean: the client was told of each message here, and of the
//                end of none
//   flags        the flags that the client was told. The same view, but when somebody else has
//                expunged something and the client must not be told yet (RFC 3501 §7.4.1): then a
//                newer one, for all but the expunged
//
// Both are shared immutable views; moving on is a change of pointers (house D5).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mail/sequence_set.h"
#include "mailbox/mailbox.h"

namespace posta::server::imap {

using mailbox::MessageState;
using mailbox::View;

// Flags that the running command has told already, or that its client asked not to be told.
struct Told {
  std::vector<Uid> uids;  // ascending
  ModSeq mod_seq;         // up to this change
  bool silent = false;    // STORE …SILENT: what the client expects is told only if it is otherwise
  // What STORE asked for.
  enum class Mode : std::uint8_t { add, remove, replace } mode = Mode::add;
  Flags flags;

  Flags apply(Flags before) const;
};

// The message as `view` has it, or as it was if it is gone from there.
inline MessageState in_view(const View& view, const MessageState& state) {
  auto n = view.sequence_of(state.uid);
  return n ? view.at(*n) : state;
}

struct Selected {
  MailboxId mailbox;
  bool read_only = false;
  std::shared_ptr<const View> announced;
  std::shared_ptr<const View> flags;
  // \Recent for this session: ranges of uids, [first, end), ascending.
  std::vector<std::pair<Uid, Uid>> recent;
  std::size_t keywords_told = 0;  // how many of the mailbox's keywords FLAGS has named
  std::unique_ptr<Told> told;     // by the running command

  std::uint32_t count() const { return announced->count(); }
  // The message with this number, 1 <= n <= count(), with the flags that the client knows.
  MessageState at(std::uint32_t n) const;
  // The same for first..last in order; `each` gets (n, state).
  template <class F>
  void visit(std::uint32_t first, std::uint32_t last, F each) const {
    const bool same = announced == flags;
    announced->visit(first, last, [&](std::uint32_t n, const MessageState& state) {
      each(n, same ? state : newest(state));
    });
  }
  bool is_recent(Uid uid) const;
  std::uint32_t recent_count() const;
  void add_recent(mailbox::Mailboxes::Recent claimed);
  // A read-only session sees what nobody has claimed, and leaves it (RFC 3501 §2.3.2).
  void see_recent(const mailbox::MailboxRecord& record);

  // Ranges of sequence numbers, ascending, without overlap. Uids that are not there are passed
  // over; sequence numbers beyond the last are nothing (RFC 3501 §9 seq-number: BAD).
  using Ranges = std::vector<SequenceSet::Range>;
  Ranges by_uid(const SequenceSet& set) const;
  std::optional<Ranges> by_number(const SequenceSet& set) const;
  std::optional<Ranges> resolve(const SequenceSet& set, bool uids) const {
    return uids ? std::optional(by_uid(set)) : by_number(set);
  }
  std::vector<Uid> uids(const Ranges& ranges) const;

 private:
  MessageState newest(const MessageState& state) const { return in_view(*flags, state); }
};

// The first sequence number whose uid is `uid` or greater; count() + 1 if there is none.
std::uint32_t lower_bound(const View& view, Uid uid);

}  // namespace posta::server::imap

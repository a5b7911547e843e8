// truth.h: what all sessions together have been told of the mailboxes, and the laws that it obeys.
//
//   1  a uid names one message for ever, and uids only grow: what is appended gets a greater one
//      than any that was known before
//   2  a (uid, mod-sequence) has one set of flags, whoever is told
//   3  a message is \Recent for one session at most
//   4  nothing vanishes unless somebody asked: \Deleted and an EXPUNGE, or a MOVE
//   5  what was expunged, and told so, is in no view that is opened later
//   6  what was appended, copied or moved, and told so, is in every view that is opened later
//      unless somebody has asked for its end
//
// Sessions tell what they hear, in the order in which they hear it; all run in one thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace posta::imap {

using Number = std::uint32_t;
using FlagSet = std::set<std::string>;  // as written, without \Recent

std::string to_string(const FlagSet& flags);

class Truth {
 public:
  struct Message {
    std::string token;          // what it says in its Subject; empty: not known
    bool delete_asked = false;  // somebody may have given it \Deleted
    bool move_asked = false;    // somebody tried to move it
    bool moved = false;         // and was told so
    bool gone = false;          // somebody was told that it is expunged
    bool promised = false;      // APPENDUID, COPYUID: it is durable
    bool end_asked() const { return delete_asked || move_asked; }
    std::map<std::uint64_t, FlagSet> flags;  // by mod-sequence
    std::string recent_for;
  };

  // --- what a session hears
  void uid_validity(const std::string& mailbox, std::uint64_t value);
  void token(const std::string& mailbox, Number uid, const std::string& token);
  void flags(const std::string& mailbox, Number uid, std::uint64_t mod_seq, const FlagSet& flags);
  void recent(const std::string& mailbox, Number uid, const std::string& who);
  void gone(const std::string& mailbox, Number uid);
  // `floor`: uid_floor() when the command was sent.
  void promised(const std::string& mailbox, Number uid, Number floor);
  // A whole view, opened after `before` was taken.
  struct Before {
    std::set<Number> present, gone;
    std::uint64_t mod_seq = 0;
  };
  Before before(const std::string& mailbox) const;
  void view(const std::string& mailbox, const std::set<Number>& uids, const Before& before);

  // COPYUID: the flags went with it, \Deleted too.
  void copied(const std::string& from, Number source, const std::string& to, Number uid,
              bool moved);

  // --- what a session is about to ask
  void delete_asked(const std::string& mailbox, Number uid) {
    message(mailbox, uid).delete_asked = true;
  }
  void move_asked(const std::string& mailbox, Number uid) {
    message(mailbox, uid).move_asked = true;
  }

  // Uids from here on are new.
  Number uid_floor(const std::string& mailbox) const;
  bool end_asked(const std::string& mailbox, Number uid) {
    return message(mailbox, uid).end_asked();
  }
  std::uint64_t mod_seq(const std::string& mailbox) const;  // the highest that anybody heard
  const std::map<Number, Message>& messages(const std::string& mailbox) {
    return of(mailbox).messages;
  }

  // Law 4, when all have ended: who asks may be heard later than who sees.
  void finish();

  void complain(std::string what) { complaints_.push_back(std::move(what)); }
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  struct Mailbox {
    std::uint64_t uid_validity = 0;
    std::uint64_t mod_seq = 0;
    std::map<Number, Message> messages;
  };
  Mailbox& of(const std::string& mailbox) { return mailboxes_[mailbox]; }
  Message& message(const std::string& mailbox, Number uid) { return of(mailbox).messages[uid]; }

  std::map<std::string, Mailbox> mailboxes_;
  std::vector<std::string> complaints_;
};

}  // namespace posta::imap

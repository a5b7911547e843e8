// view.h: one session's idea of the mailbox it has selected, kept from untagged responses alone,
// and what they may be (RFC 3501 §7).
//
//   * 5 EXISTS        the mailbox grows, never shrinks
//   * 2 EXPUNGE       message 2 goes, those behind it move up; never during FETCH, STORE, SEARCH
//   * 3 FETCH (…)     of a message that is there; uids ascend, mod-sequences do not fall
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "imap/response.h"
#include "imap/truth.h"

namespace posta::imap {

struct Entry {
  Number uid = 0;  // 0: not heard yet
  std::optional<FlagSet> flags;
  std::uint64_t mod_seq = 0;
  bool recent = false;
};

class View {
 public:
  View(Truth& truth, std::string who, std::string mailbox, bool read_only)
      : truth_(truth), who_(std::move(who)), mailbox_(std::move(mailbox)), read_only_(read_only) {}

  const std::string& mailbox() const { return mailbox_; }
  bool read_only() const { return read_only_; }
  Number count() const { return static_cast<Number>(entries_.size()); }
  const Entry& at(Number n) const { return entries_[n - 1]; }
  const std::vector<Entry>& entries() const { return entries_; }
  Number recent() const { return recent_; }
  Number number_of(Number uid) const;  // 0: not there
  std::set<Number> uids() const;       // those that are known

  // An untagged response. `expunge_allowed`: RFC 3501 §7.4.1. Not one of these four: false.
  bool hear(const Response& response, bool expunge_allowed);
  // What FETCH said last of a message: number, uid (0: it did not say).
  struct Fetched {
    Number number = 0;
    Number uid = 0;
    std::optional<FlagSet> flags;
    std::optional<std::uint64_t> mod_seq;
  };
  const Fetched& fetched() const { return fetched_; }
  bool shrunk() const { return shrunk_; }  // an EXPUNGE was heard since the last call of forget()
  void forget() { shrunk_ = false; }

 private:
  void exists(Number count);
  void expunge(Number number);
  void fetch(const Response& response);
  void content(const Response& response, Number uid);
  void learn_uid(Number number, Number uid);
  void complain(std::string what);

  Truth& truth_;
  std::string who_, mailbox_;
  bool read_only_;
  std::vector<Entry> entries_;
  Number recent_ = 0;
  Fetched fetched_;
  bool shrunk_ = false;
};

}  // namespace posta::imap

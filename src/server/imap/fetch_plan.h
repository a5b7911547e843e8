// fetch_plan.h: what a FETCH needs to know, decided once for all its messages (RFC 3501 §6.4.5).
//
//   states    flags, uids, dates, sizes: in the view's pages, nothing is read
//   digest    ENVELOPE, BODYSTRUCTURE: in the e-mail's record
//             HEADER.FIELDS of fields that the digest keeps
//   octets    other sections: ranges of the message (section.h)
//
// Printing is fetch_print.h; reading, and the order of things, cmd_fetch.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/imap/command.h"
#include "wire/message/field_name.h"

namespace posta::server::imap {

class FetchPlan {
 public:
  // `mod_seq`: MODSEQ is wanted whether or not it is asked for. What is asked for twice is printed
  // once, sections apart.
  FetchPlan(const wire::imap::Fetch& command, bool mod_seq);

  struct Item {
    wire::imap::FetchItem::Kind kind;
    const wire::imap::FetchItem* asked;               // in the command; null: added by us
    std::string name;                                 // as the response calls it: "BODY[1.MIME]<0>"
    std::optional<wire::message::FieldNames> fields;  // of HEADER.FIELDS, HEADER.FIELDS.NOT
    bool in_digest = false;  // HEADER.FIELDS of the message's own header: the digest may have them
    bool is_section() const { return FetchPlan::is_section(kind); }
  };
  const std::vector<Item>& items() const { return items_; }

  bool needs_email() const { return needs_email_; }
  bool needs_parts() const { return needs_parts_; }
  bool needs_octets() const { return needs_octets_; }  // whatever the digest keeps
  bool has_sections() const { return has_sections_; }
  // So much is wanted of each message that others must get their turn before all is printed.
  bool is_long() const { return items_.size() > kItemsInARow || selections_ > 1; }
  bool sets_seen() const { return sets_seen_; }  // a section without PEEK
  bool has(wire::imap::FetchItem::Kind kind) const;

  static bool is_section(wire::imap::FetchItem::Kind kind);

 private:
  static constexpr std::size_t kItemsInARow = 16;

  void add(wire::imap::FetchItem::Kind kind, const wire::imap::FetchItem* asked);

  std::vector<Item> items_;
  unsigned selections_ = 0;  // items that select fields
  bool needs_email_ = false;
  bool needs_parts_ = false;
  bool needs_octets_ = false;
  bool has_sections_ = false;
  bool sets_seen_ = false;
};

}  // namespace posta::server::imap

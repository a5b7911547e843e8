// listing.h: which names a LIST or LSUB answers with, and what it says of each (RFC 3501 §6.3.8,
// §6.3.9; RFC 5258; RFC 6154 §2). Pure.
//
//   patterns --> mailboxes --> subscriptions --> superiors --> (RECURSIVEMATCH) --> answer
//
// Done in steps, each for one name, since the names and the patterns may be many: between two the
// session may let others run.
//
// Names are UTF-8. A name that is only a level above others is \NonExistent in the extended form
// (RFC 5258 §3), \Noselect in the old one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/mailbox.h"
#include "server/imap/list_pattern.h"
#include "wire/imap/command.h"

namespace posta::server::imap {

struct Listed {
  std::string name;
  std::vector<std::string_view> attributes;
  const mailbox::MailboxRecord* record = nullptr;  // null: there is no such mailbox
  // RFC 5258 §3.5 CHILDINFO: which criteria a mailbox below meets.
  bool child_subscribed = false;
  bool child_special_use = false;
};

class Listing {
 public:
  // All of them must outlive the listing. `name_octets_max`: no name is longer.
  Listing(const wire::imap::List& command, const std::vector<mailbox::MailboxRecord>& records,
          const std::vector<std::string>& subscriptions, std::size_t name_octets_max);

  // False: that was all. Otherwise `listed` is the next name of the answer, in order of name, or
  // nothing if this step found none.
  bool step(std::optional<Listed>& listed);

 private:
  struct Node {
    const mailbox::MailboxRecord* record = nullptr;
    bool subscribed = false;
    // Of what is below:
    bool child_exists = false;
    bool child_subscribed = false;
    bool child_special_use = false;
    bool child_untold = false;  // one meets the selection, and its own name does not match

    bool special_use() const;
  };
  using Tree = std::map<std::string, Node, std::less<>>;
  enum class Phase : std::uint8_t { patterns, records, subscriptions, superiors, untold, answer };

  void begin(Phase phase);
  void take_pattern(const std::string& pattern);
  void mark_superiors(const std::string& name, const Node& node);
  void mark_untold(const std::string& name, const Node& node);
  bool matches(std::string_view name) const;
  bool meets(const Node& node) const;
  std::optional<Listed> answer(const std::string& name, const Node& node) const;
  std::optional<Listed> lsub(const std::string& name, const Node& node) const;
  std::optional<Listed> list(const std::string& name, const Node& node) const;

  const wire::imap::List& command_;
  const std::vector<mailbox::MailboxRecord>& records_;
  const std::vector<std::string>& subscriptions_;
  const std::size_t name_octets_max_;
  std::vector<ListPattern> patterns_;
  bool ends_in_percent_ = false;  // one of the patterns
  Tree tree_;
  Phase phase_ = Phase::patterns;
  std::size_t at_ = 0;  // in the patterns, the records, the subscriptions
  Tree::iterator node_;
};

}  // namespace posta::server::imap

#include "server/imap/listing.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "server/imap/roles.h"

namespace posta::server::imap {

namespace {

constexpr std::string_view kInboxName = "INBOX";

struct Node {
  const mailbox::MailboxRecord* record = nullptr;
  bool subscribed = false;
  // Of what is below:
  bool child_exists = false;
  bool child_subscribed = false;
  bool child_special_use = false;
  bool child_untold = false;  // one meets the selection, and its own name does not match

  bool special_use() const { return record && !attribute_of(record->role).empty(); }
};
using Tree = std::map<std::string, Node, std::less<>>;

template <class F>
void each_superior(Tree& tree, std::string_view name, F mark) {
  for (std::size_t at = name.rfind('/'); at != std::string_view::npos && at > 0;
       at = name.rfind('/', at - 1))
    mark(tree[std::string(name.substr(0, at))]);
}

Tree tree_of(const std::vector<mailbox::MailboxRecord>& records,
             const std::vector<std::string>& subscriptions) {
  Tree tree;
  for (const mailbox::MailboxRecord& record : records) tree[record.name].record = &record;
  for (const std::string& name : subscriptions) tree[name].subscribed = true;
  std::vector<std::string> names;
  for (const auto& [name, node] : tree) names.push_back(name);
  for (const std::string& name : names) {
    const Node node = tree[name];
    each_superior(tree, name, [&node](Node& superior) {
      superior.child_exists |= node.record != nullptr;
      superior.child_subscribed |= node.subscribed;
      superior.child_special_use |= node.special_use();
    });
  }
  return tree;
}

class Lister {
 public:
  Lister(const wire::imap::List& command, Tree tree) : command_(command), tree_(std::move(tree)) {}

  std::vector<Listed> answer() {
    if (command_.recursive_match) mark_untold();
    std::vector<Listed> out;
    for (const auto& [name, node] : tree_) {
      if (!matches(name)) continue;
      if (command_.lsub) {
        lsub(name, node, out);
      } else {
        list(name, node, out);
      }
    }
    return out;
  }

 private:
  bool matches(std::string_view name) const {
    return std::ranges::any_of(command_.patterns, [&](const std::string& pattern) {
      return matches_pattern(command_.reference + pattern, name);
    });
  }

  // RFC 5258 §3.1: all options must hold.
  bool meets(const Node& node) const {
    if (!command_.select_subscribed && !command_.select_special_use)
      return node.record || node.child_exists;
    return (!command_.select_subscribed || node.subscribed) &&
           (!command_.select_special_use || node.special_use());
  }

  void mark_untold() {
    for (const auto& [name, node] : tree_)
      if (meets(node) && !matches(name))
        each_superior(tree_, name, [](Node& superior) { superior.child_untold = true; });
  }

  // RFC 3501 §6.3.9: with "%" a level above a subscribed name is shown as \Noselect.
  void lsub(const std::string& name, const Node& node, std::vector<Listed>& out) const {
    if (node.subscribed) {
      out.push_back({.name = name, .attributes = {}, .record = node.record});
    } else if (node.child_subscribed &&
               std::ranges::any_of(command_.patterns,
                                   [](const std::string& p) { return p.ends_with('%'); })) {
      out.push_back({.name = name, .attributes = {"\\Noselect"}, .record = nullptr});
    }
  }

  void list(const std::string& name, const Node& node, std::vector<Listed>& out) const {
    const bool met = meets(node);
    if (!met && !node.child_untold) return;
    Listed listed{.name = name, .attributes = {}, .record = node.record};
    if (!node.record)
      listed.attributes.push_back(command_.extended ? "\\NonExistent" : "\\Noselect");
    listed.attributes.push_back(node.child_exists ? "\\HasChildren" : "\\HasNoChildren");
    if (node.subscribed && (command_.select_subscribed || command_.return_subscribed))
      listed.attributes.push_back("\\Subscribed");
    if (node.special_use()) listed.attributes.push_back(attribute_of(node.record->role));
    if (command_.recursive_match) {
      listed.child_subscribed = command_.select_subscribed && node.child_subscribed;
      listed.child_special_use = command_.select_special_use && node.child_special_use;
    }
    out.push_back(std::move(listed));
  }

  const wire::imap::List& command_;
  Tree tree_;
};

}  // namespace

// Which places of the pattern can be reached by the name so far; at worst their product.
bool matches_pattern(std::string_view pattern, std::string_view name) {
  const bool inbox = name.starts_with(kInboxName) &&
                     (name.size() == kInboxName.size() || name[kInboxName.size()] == '/');
  std::vector<bool> here(pattern.size() + 1), next(pattern.size() + 1);
  auto wild = [&](std::size_t i) { return pattern[i] == '*' || pattern[i] == '%'; };
  auto reach = [&](std::vector<bool>& places, std::size_t i) {
    places[i] = true;
    for (; i < pattern.size() && wild(i); ++i) places[i + 1] = true;
  };
  reach(here, 0);
  for (std::size_t at = 0; at < name.size(); ++at) {
    std::fill(next.begin(), next.end(), false);
    bool any = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (!here[i]) continue;
      const char c = name[at];
      bool stays = pattern[i] == '*' || (pattern[i] == '%' && c != '/');
      bool goes = !wild(i) && (pattern[i] == c ||
                               (inbox && at < kInboxName.size() && ascii_upper(pattern[i]) == c));
      if (stays) reach(next, i);
      if (goes) reach(next, i + 1);
      any = any || stays || goes;
    }
    if (!any) return false;
    here.swap(next);
  }
  return here[pattern.size()];
}

std::vector<Listed> listing(const wire::imap::List& command,
                            const std::vector<mailbox::MailboxRecord>& records,
                            const std::vector<std::string>& subscriptions) {
  return Lister(command, tree_of(records, subscriptions)).answer();
}

}  // namespace posta::server::imap

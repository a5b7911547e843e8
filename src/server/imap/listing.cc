#include "server/imap/listing.h"

#include <algorithm>

#include "server/imap/roles.h"

namespace posta::server::imap {

namespace {

template <class Tree, class F>
void each_superior(Tree& tree, std::string_view name, F mark) {
  for (std::size_t at = name.rfind('/'); at != std::string_view::npos && at > 0;
       at = name.rfind('/', at - 1))
    mark(tree[std::string(name.substr(0, at))]);
}

}  // namespace

bool Listing::Node::special_use() const {
  return record && !attribute_of(record->role).empty();
}

Listing::Listing(const wire::imap::List& command,
                 const std::vector<mailbox::MailboxRecord>& records,
                 const std::vector<std::string>& subscriptions, std::size_t name_octets_max)
    : command_(command),
      records_(records),
      subscriptions_(subscriptions),
      name_octets_max_(name_octets_max) {}

void Listing::begin(Phase phase) {
  phase_ = phase;
  at_ = 0;
  node_ = tree_.begin();
}

bool Listing::step(std::optional<Listed>& listed) {
  listed.reset();
  switch (phase_) {
    case Phase::patterns:
      if (at_ == command_.patterns.size()) {
        begin(Phase::records);
      } else {
        take_pattern(command_.patterns[at_++]);
      }
      return true;
    case Phase::records:
      if (at_ == records_.size()) {
        begin(Phase::subscriptions);
      } else {
        const mailbox::MailboxRecord& record = records_[at_++];
        tree_[record.name].record = &record;
      }
      return true;
    case Phase::subscriptions:
      if (at_ == subscriptions_.size()) {
        begin(Phase::superiors);
      } else {
        tree_[subscriptions_[at_++]].subscribed = true;
      }
      return true;
    case Phase::superiors:
      if (node_ == tree_.end()) {
        begin(command_.recursive_match ? Phase::untold : Phase::answer);
      } else {
        mark_superiors(node_->first, node_->second);
        ++node_;
      }
      return true;
    case Phase::untold:
      if (node_ == tree_.end()) {
        begin(Phase::answer);
      } else {
        mark_untold(node_->first, node_->second);
        ++node_;
      }
      return true;
    case Phase::answer:
      if (node_ == tree_.end()) return false;
      listed = answer(node_->first, node_->second);
      ++node_;
      return true;
  }
  return false;
}

// RFC 5258 §3: "if an extended LIST command has multiple mailbox names and one (or more) of them is
// the empty string, the empty string MUST be ignored for the purpose of matching."
void Listing::take_pattern(const std::string& pattern) {
  if (pattern.empty() && command_.patterns.size() > 1) return;
  patterns_.emplace_back(command_.reference, pattern, name_octets_max_);
  ends_in_percent_ |= pattern.ends_with('%');
}

// Superiors come before what is below them, so none that is made here is met on the way.
void Listing::mark_superiors(const std::string& name, const Node& node) {
  each_superior(tree_, name, [&node](Node& superior) {
    superior.child_exists |= node.record != nullptr;
    superior.child_subscribed |= node.subscribed;
    superior.child_special_use |= node.special_use();
  });
}

void Listing::mark_untold(const std::string& name, const Node& node) {
  if (meets(node) && !matches(name))
    each_superior(tree_, name, [](Node& superior) { superior.child_untold = true; });
}

bool Listing::matches(std::string_view name) const {
  return std::ranges::any_of(patterns_,
                             [&](const ListPattern& pattern) { return pattern.matches(name); });
}

// RFC 5258 §3.1: all options must hold.
bool Listing::meets(const Node& node) const {
  if (!command_.select_subscribed && !command_.select_special_use)
    return node.record || node.child_exists;
  return (!command_.select_subscribed || node.subscribed) &&
         (!command_.select_special_use || node.special_use());
}

std::optional<Listed> Listing::answer(const std::string& name, const Node& node) const {
  if (!matches(name)) return std::nullopt;
  return command_.lsub ? lsub(name, node) : list(name, node);
}

// RFC 3501 §6.3.9: with "%" a level above a subscribed name is shown as \Noselect.
std::optional<Listed> Listing::lsub(const std::string& name, const Node& node) const {
  if (node.subscribed) return Listed{.name = name, .attributes = {}, .record = node.record};
  if (node.child_subscribed && ends_in_percent_)
    return Listed{.name = name, .attributes = {"\\Noselect"}, .record = nullptr};
  return std::nullopt;
}

std::optional<Listed> Listing::list(const std::string& name, const Node& node) const {
  const bool met = meets(node);
  if (!met && !node.child_untold) return std::nullopt;
  Listed listed{.name = name, .attributes = {}, .record = node.record};
  if (!node.record) listed.attributes.push_back(command_.extended ? "\\NonExistent" : "\\Noselect");
  listed.attributes.push_back(node.child_exists ? "\\HasChildren" : "\\HasNoChildren");
  if (node.subscribed && (command_.select_subscribed || command_.return_subscribed))
    listed.attributes.push_back("\\Subscribed");
  if (node.special_use()) listed.attributes.push_back(attribute_of(node.record->role));
  if (command_.recursive_match) {
    listed.child_subscribed = command_.select_subscribed && node.child_subscribed;
    listed.child_special_use = command_.select_special_use && node.child_special_use;
  }
  return listed;
}

}  // namespace posta::server::imap

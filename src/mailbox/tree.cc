#include "mailbox/tree.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "mailbox/impl.h"

namespace posta::mailbox {

int code_of(TreeCode code) {
  return code == TreeCode::ok ? store::kAccept : kTreeCodes + static_cast<int>(code);
}

TreeCode tree_code_of(int code) {
  if (code == kNoMailbox) return TreeCode::no_mailbox;
  CHECK(code == store::kAccept || code > kTreeCodes);
  return code == store::kAccept ? TreeCode::ok : static_cast<TreeCode>(code - kTreeCodes);
}

namespace {

Names names_of(AtTurn& at) {
  Names names;
  at.mailboxes().each([&](const MailboxHead& m) { names.emplace(m.about->name, m.id); });
  return names;
}

MailboxId make_mailbox(AtTurn& at, std::string_view name, Role role, WallTime now, ModSeq mod_seq) {
  AccountNumbers& numbers = at.numbers();
  auto about = std::make_shared<About>();
  about->name = name;
  about->role = role;
  about->uid_validity = next_uid_validity(numbers.last_uid_validity, now);
  numbers.last_uid_validity = about->uid_validity;
  MailboxHead mailbox{numbers.next_mailbox, std::move(about), {}, nullptr};
  mailbox.numbers.mod_seq = mod_seq;
  numbers.next_mailbox = numbers.next_mailbox.next();
  MailboxId id = mailbox.id;
  at.put(std::move(mailbox));
  return id;
}

// The superiors of `name` that are missing, outermost first.
std::vector<std::string_view> missing_superiors(const Names& names, std::string_view name) {
  std::vector<std::string_view> missing;
  for (auto s = superior_of(name); !s.empty(); s = superior_of(s))
    if (!names.contains(s)) missing.push_back(s);
  std::ranges::reverse(missing);
  return missing;
}

}  // namespace

TreeCode create_at(AtTurn& at, const Limits& limits, std::string_view name, Role role, WallTime now,
                   MailboxId& made) {
  Names names = names_of(at);
  if (names.contains(name)) return TreeCode::exists;
  auto missing = missing_superiors(names, name);
  if (names.size() + missing.size() + 1 > limits.mailboxes_max) return TreeCode::too_many;
  auto news = std::make_shared<News>();
  at.publish_tree(news);
  for (auto superior : missing) make_mailbox(at, superior, Role::none, now, news->mod_seq);
  made = make_mailbox(at, name, role, now, news->mod_seq);
  return TreeCode::ok;
}

TreeCode rename_at(AtTurn& at, const Limits& limits, std::string_view from, std::string_view to,
                   WallTime now) {
  Names names = names_of(at);
  std::vector<std::pair<MailboxId, std::string>> renamed;
  for (const auto& [name, id] : names) {
    if (name != from && !is_below(name, from)) continue;
    renamed.emplace_back(id, std::string(to) + name.substr(from.size()));
  }
  if (renamed.empty()) return TreeCode::no_mailbox;
  if (names.contains(to)) return TreeCode::exists;
  if (is_below(to, from)) return TreeCode::not_allowed;
  for (const auto& [id, name] : renamed) {
    if (names.contains(name)) return TreeCode::exists;
    if (!canonical_name(name, limits)) return TreeCode::bad_name;
  }
  auto missing = missing_superiors(names, to);
  if (names.size() + missing.size() > limits.mailboxes_max) return TreeCode::too_many;

  auto news = std::make_shared<News>();
  at.publish_tree(news);
  AccountNumbers& numbers = at.numbers();
  UidValidity vacated = numbers.vacated_uid_validity;
  for (auto superior : missing) make_mailbox(at, superior, Role::none, now, news->mod_seq);
  for (auto& [id, name] : renamed) {
    MailboxHead mailbox = *at.mailboxes().find(id);
    auto about = std::make_shared<About>(*mailbox.about);
    if (about->subscribed)
      at.turn.put(keys::subscription(at.account(), about->name), encode_subscription());
    about->subscribed = false;  // the old name stays subscribed, RFC 3501 §6.3.9
    about->name = std::move(name);
    numbers.vacated_uid_validity = std::max(numbers.vacated_uid_validity, about->uid_validity);
    if (about->uid_validity <= vacated) {
      about->uid_validity = next_uid_validity(numbers.last_uid_validity, now);
      numbers.last_uid_validity = about->uid_validity;
    }
    mailbox.about = std::move(about);
    news->retitled.push_back({id, mailbox.about, mailbox.numbers});
    at.put(std::move(mailbox));
  }
  return TreeCode::ok;
}

// ------------------------------------------------------------------------------------------------
// what clients do

Task<Result<std::pair<TreeCode, MailboxId>>> Mailboxes::create(AccountId account, std::string name,
                                                               Role role, WallTime now) {
  auto canonical = canonical_name(name, impl_->limits);
  if (!canonical) co_return std::pair(TreeCode::bad_name, MailboxId{});
  CHECK(role != Role::inbox);
  auto made = std::make_shared<MailboxId>();
  auto committed = co_await impl_->commit_at(
      account, [&limits = impl_->limits, wanted = *canonical, role, now, made](AtTurn& at) {
        return code_of(create_at(at, limits, wanted, role, now, *made));
      });
  CO_TRY(int code, std::move(committed));
  TreeCode said = tree_code_of(code);
  co_return std::pair(said, said == TreeCode::ok ? *made : MailboxId{});
}

Task<Result<TreeCode>> Mailboxes::rename(AccountId account, std::string from, std::string to,
                                         WallTime now) {
  auto old_name = canonical_name(from, impl_->limits);
  auto new_name = canonical_name(to, impl_->limits);
  if (!old_name) co_return TreeCode::no_mailbox;
  if (!new_name) co_return TreeCode::bad_name;
  if (*old_name != "INBOX") {
    auto committed = co_await impl_->commit_at(
        account, [&limits = impl_->limits, f = *old_name, t = *new_name, now](AtTurn& at) {
          return code_of(rename_at(at, limits, f, t, now));
        });
    CO_TRY(int code, std::move(committed));
    co_return tree_code_of(code);
  }
  // RFC 3501 §6.3.5: "Renaming INBOX is permitted, and has special behavior."
  Wanted wanted;
  wanted.account = account;
  wanted.mailbox = kInbox;
  wanted.kind = Wanted::Kind::move;
  wanted.all = true;
  wanted.now = now;
  wanted.prepare = [&limits = impl_->limits, t = *new_name, now](AtTurn& at, MailboxId& target) {
    return code_of(create_at(at, limits, t, Role::none, now, target));
  };
  auto changed = co_await impl_->change(std::move(wanted));
  CO_TRY(auto done, std::move(changed));
  if (done.code == kOverQuota) co_return TreeCode::too_many;
  co_return tree_code_of(done.code);
}

Task<Result<TreeCode>> Mailboxes::subscribe(AccountId account, std::string name, bool subscribed) {
  auto canonical = canonical_name(name, impl_->limits);
  if (!canonical) co_return TreeCode::bad_name;
  if (subscribed) {
    // Looked at before the commit: sessions that do it at once may pass the limit by a few.
    auto read = co_await subscriptions(account);
    CO_TRY(auto names, std::move(read));
    if (std::ranges::binary_search(names, *canonical)) co_return TreeCode::ok;
    if (names.size() >= impl_->limits.subscriptions_max) co_return TreeCode::too_many;
  }
  auto committed = co_await impl_->commit_at(account, [n = *canonical, subscribed](AtTurn& at) {
    Names names = names_of(at);
    if (auto there = names.find(n); there != names.end()) {
      MailboxHead mailbox = *at.mailboxes().find(there->second);
      if (mailbox.about->subscribed) {
        auto about = std::make_shared<About>(*mailbox.about);
        about->subscribed = false;
        mailbox.about = std::move(about);
        at.put(std::move(mailbox));
      }
    }
    std::string key = keys::subscription(at.account(), n);
    if (subscribed)
      at.turn.put(std::move(key), encode_subscription());
    else
      at.turn.erase(std::move(key));
    at.publish_tree(std::make_shared<News>());
    return store::kAccept;
  });
  CO_TRY(int code, std::move(committed));
  co_return tree_code_of(code);
}

}  // namespace posta::mailbox

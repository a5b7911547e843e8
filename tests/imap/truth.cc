#include "imap/truth.h"

#include <algorithm>

#include <fmt/format.h>

namespace posta::imap {

std::string to_string(const FlagSet& flags) {
  return fmt::format("({})", fmt::join(flags, " "));
}

void Truth::uid_validity(const std::string& mailbox, std::uint64_t value) {
  std::uint64_t& known = of(mailbox).uid_validity;
  if (known != 0 && known != value)
    complain(fmt::format("{}: UIDVALIDITY was {}, is {}", mailbox, known, value));
  known = value;
}

void Truth::token(const std::string& mailbox, Number uid, const std::string& token) {
  std::string& known = message(mailbox, uid).token;
  if (!known.empty() && known != token)
    complain(fmt::format("{} uid {}: was message {}, is {}", mailbox, uid, known, token));
  known = token;
}

void Truth::flags(const std::string& mailbox, Number uid, std::uint64_t mod_seq,
                  const FlagSet& flags) {
  Mailbox& box = of(mailbox);
  box.mod_seq = std::max(box.mod_seq, mod_seq);
  auto [known, added] = box.messages[uid].flags.emplace(mod_seq, flags);
  if (!added && known->second != flags)
    complain(fmt::format("{} uid {} at mod-sequence {}: flags {} and {}", mailbox, uid, mod_seq,
                         to_string(known->second), to_string(flags)));
}

void Truth::recent(const std::string& mailbox, Number uid, const std::string& who) {
  std::string& known = message(mailbox, uid).recent_for;
  if (!known.empty() && known != who)
    complain(fmt::format("{} uid {}: recent for {} and for {}", mailbox, uid, known, who));
  known = who;
}

void Truth::gone(const std::string& mailbox, Number uid) {
  message(mailbox, uid).gone = true;
}

void Truth::finish() {
  for (const auto& [name, mailbox] : mailboxes_)
    for (const auto& [uid, m] : mailbox.messages)
      if (m.gone && !m.end_asked())
        complain(fmt::format("{} uid {}: expunged, and nobody asked for it", name, uid));
}

void Truth::copied(const std::string& from, Number source, const std::string& to, Number uid,
                   bool moved) {
  Message& was = message(from, source);
  Message& is = message(to, uid);
  is.delete_asked |= was.delete_asked;
  if (!was.token.empty()) token(to, uid, was.token);
  if (!moved) return;
  if (was.moved) complain(fmt::format("{} uid {}: moved twice", from, source));
  was.moved = was.gone = true;
}

void Truth::promised(const std::string& mailbox, Number uid, Number floor) {
  if (uid < floor)
    complain(fmt::format("{} uid {}: new, and {} was known before", mailbox, uid, floor - 1));
  Message& m = message(mailbox, uid);
  if (m.promised) complain(fmt::format("{} uid {}: given twice", mailbox, uid));
  m.promised = true;
}

Truth::Before Truth::before(const std::string& mailbox) const {
  Before now;
  auto box = mailboxes_.find(mailbox);
  if (box == mailboxes_.end()) return now;
  now.mod_seq = box->second.mod_seq;
  for (const auto& [uid, m] : box->second.messages) {
    if (m.gone) now.gone.insert(uid);
    if (m.promised) now.present.insert(uid);
  }
  return now;
}

void Truth::view(const std::string& mailbox, const std::set<Number>& uids, const Before& before) {
  for (Number uid : before.gone)
    if (uids.contains(uid))
      complain(fmt::format("{} uid {}: expunged, and in a later view", mailbox, uid));
  for (Number uid : before.present)
    if (!uids.contains(uid) && !message(mailbox, uid).end_asked())
      complain(fmt::format("{} uid {}: promised, and not in a later view", mailbox, uid));
  for (Number uid : uids) (void)message(mailbox, uid);
}

Number Truth::uid_floor(const std::string& mailbox) const {
  auto box = mailboxes_.find(mailbox);
  if (box == mailboxes_.end() || box->second.messages.empty()) return 1;
  return box->second.messages.rbegin()->first + 1;
}

std::uint64_t Truth::mod_seq(const std::string& mailbox) const {
  auto box = mailboxes_.find(mailbox);
  return box == mailboxes_.end() ? 0 : box->second.mod_seq;
}

}  // namespace posta::imap

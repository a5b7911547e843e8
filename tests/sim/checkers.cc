#include "sim/checkers.h"

#include <fmt/format.h>

#include "base/text.h"
#include "mailbox/check.h"
#include "mailbox/keys.h"
#include "sim/workloads.h"

namespace posta::sim {

namespace {

bool same(const mailbox::MessageState& a, const mailbox::MessageState& b) {
  return a.uid == b.uid && a.email == b.email && a.flags == b.flags && a.mod_seq == b.mod_seq &&
         a.size == b.size;
}

std::map<Uid, mailbox::MessageState> state_of(const mailbox::View& view) {
  std::map<Uid, mailbox::MessageState> state;
  for (std::uint32_t n = 1; n <= view.count(); ++n) state.emplace(view.at(n).uid, view.at(n));
  return state;
}

bool same(const std::map<Uid, mailbox::MessageState>& a,
          const std::map<Uid, mailbox::MessageState>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.first == y.first && same(x.second, y.second);
  });
}

}  // namespace

// ------------------------------------------------------------------------------------------------
// law 3

Task<> Checkers::begin() {
  for (const char* account : kAccounts) {
    auto done = co_await follow(account);
    if (!done && !done.error().is(Error::Kind::not_found))
      complain(std::string(account) + " cannot be opened: " + done.error().what);
  }
}

Task<Result<>> Checkers::follow(std::string account) {
  CO_TRY(AccountId id, co_await world_.account_of(account));
  mailbox::Mailboxes& mailboxes = world_.house().mailboxes;
  Followed& followed = followed_[account];
  if (followed.begun) replay(account, followed);
  followed.watch = mailboxes.watch(id, [&followed](const auto& change) {
    if (change->mailbox == mailbox::kInbox) followed.news.push_back(change);
  });
  CO_TRY(auto view, co_await mailboxes.open(id, mailbox::kInbox));
  if (!view) co_return fail(Error::Kind::corrupt, "an account without INBOX");
  State now = state_of(*view);
  if (view->record().mod_seq < followed.mod_seq)
    complain(account + ": the modseq went back over a restart");
  if (view->record().uid_next <= followed.uid_max)
    complain(account + ": uidnext went back over a restart");
  // What was told is what is there. A commit may have survived that nobody was told of.
  if (followed.begun && view->record().mod_seq == followed.mod_seq && !same(now, followed.state))
    complain(account + ": after the restart the INBOX is not what the Changes said");
  followed.state = std::move(now);
  followed.mod_seq = view->record().mod_seq;
  if (!followed.state.empty())
    followed.uid_max = std::max(followed.uid_max, followed.state.rbegin()->first);
  followed.begun = true;
  co_return Result<>();
}

void Checkers::replay(const std::string& account, Followed& followed) {
  for (const auto& change : std::exchange(followed.news, {})) {
    if (change->mod_seq <= followed.mod_seq) {
      // The view that we began with had it already; but then nothing may be new in it.
      for (const auto& added : change->added)
        if (!followed.state.contains(added.uid) && added.uid > followed.uid_max)
          complain(fmt::format("{}: modseq {} was used again", account, change->mod_seq.value));
      continue;
    }
    followed.mod_seq = change->mod_seq;
    for (const auto& added : change->added) {
      if (added.uid <= followed.uid_max)
        complain(fmt::format("{}: uid {} was used again", account, added.uid.value));
      followed.uid_max = std::max(followed.uid_max, added.uid);
      followed.state[added.uid] = added;
    }
    for (const auto& flagged : change->flagged) {
      if (!followed.state.contains(flagged.uid))
        complain(
            fmt::format("{}: a flag of uid {}, which is not there", account, flagged.uid.value));
      followed.state[flagged.uid] = flagged;
    }
    for (Uid gone : change->expunged)
      if (followed.state.erase(gone) == 0)
        complain(fmt::format("{}: uid {} was removed, which is not there", account, gone.value));
  }
}

Task<Result<>> Checkers::look_at_account(std::string account) {
  auto id = co_await world_.account_of(account);
  if (!id && id.error().is(Error::Kind::not_found)) co_return Result<>();
  if (!id) co_return Failure(id.error());
  if (!followed_[account].begun) CO_TRY_VOID(co_await follow(account));
  world::House& house = world_.house();
  CO_TRY(auto wrong, co_await mailbox::check_account(house.store->snapshot(), *id));
  for (const std::string& each : wrong) complain(account + ": " + each);
  Followed& followed = followed_[account];
  std::shared_ptr<const mailbox::View> view;
  for (int tries = 0; tries < 100; ++tries) {  // until nothing comes between the two looks
    CO_TRY(view, co_await house.mailboxes.open(*id, mailbox::kInbox));
    replay(account, followed);
    if (view && view->record().mod_seq == followed.mod_seq) break;
  }
  if (!view || view->record().mod_seq != followed.mod_seq || !same(state_of(*view), followed.state))
    complain(account + ": replaying the Changes does not give what a fresh look sees");
  co_return co_await count_copies(account, *id);
}

// ------------------------------------------------------------------------------------------------
// law 1, 2, 4

Checkers::Copy Checkers::identify(const std::string& account, const std::string& message) {
  Copy copy;
  if (message.find("Return-Path: <evil@") != std::string::npos) {
    copy.what = Copy::What::evil;
    complain(account + " has a letter that was smuggled");
    return copy;
  }
  std::size_t at = message.find("Subject: sim-");
  if (at == std::string::npos) {
    complain(account + " has a message that nobody sent: " + printable(message.substr(0, 400)));
    return copy;
  }
  at += 13;
  copy.letter = to_number<unsigned>(message.substr(at, message.find('.', at) - at)).value_or(0);
  if (copy.letter == 0 || copy.letter > ledger_.letters.size()) {
    complain(account + " has a letter of an unknown number");
    copy.letter = 0;
    return copy;
  }
  constexpr std::string_view kFinal = "Final-Recipient: rfc822;";
  if (std::size_t final = message.find(kFinal);
      final != std::string::npos && message.find("multipart/report") != std::string::npos) {
    bool late = message.find("Action: delayed") != std::string::npos;
    copy.what = late ? Copy::What::notice : Copy::What::report;
    final += kFinal.size();
    copy.about = trim(message.substr(final, message.find('\r', final) - final));
    return copy;
  }
  copy.what = Copy::What::letter;
  if (!message.ends_with("\r\n" + ledger_.letters[copy.letter - 1].data))
    complain(fmt::format("{}: letter {} is not what was sent", account, copy.letter));
  return copy;
}

Task<Result<>> Checkers::count_copies(std::string account, AccountId id) {
  world::House& house = world_.house();
  auto& copies = copies_[account];
  store::Range range = mailbox::keys::all(id, mailbox::keys::Kind::email);
  std::size_t there = 0;
  for (;;) {
    CO_TRY(auto pairs, co_await house.store->snapshot()->scan(range, 1000));
    for (const auto& pair : pairs) {
      ++there;
      EmailId number = mailbox::keys::email_of(pair.key);
      if (copies.contains(number)) continue;
      CO_TRY(auto email, co_await house.mailboxes.email(id, number));
      if (!email) co_return fail(Error::Kind::corrupt, "an e-mail record that is not read");
      std::uint64_t size = email->size();
      CO_TRY(std::string octets, co_await house.mailboxes.read(std::move(*email), 0, size));
      if (octets.size() != size) complain(account + ": a message is cut short");
      copies[number] = identify(account, octets);
    }
    if (pairs.size() < 1000) break;
    range.begin = pairs.back().key + '\0';
  }
  if (there != copies.size()) complain(account + ": an e-mail that was there is gone");
  co_return Result<>();
}

Task<Result<>> Checkers::read_queue() {
  mta::Queue& queue = world_.house().queue;
  for (QueueId after;;) {
    CO_TRY(auto letters, co_await queue.list(after, 100));
    for (const auto& letter : letters) {
      for (const auto& owed : letter.owed)
        owed_[to_string(letter.letter.id)].insert(owed.recipient.address.str());
      if (letter.letter.origin.via != Origin::Via::internal) continue;
      const store::BodyRef& body = letter.message.body;
      CO_TRY(std::string octets, co_await world_.house().store->read_body(body, 0, body.size));
      Copy report = identify("a report that is owed", octets);
      if (report.what == Copy::What::report) reports_owed_.emplace(report.letter, report.about);
    }
    if (letters.size() < 100) break;
    after = letters.back().letter.id;
  }
  co_return Result<>();
}

void Checkers::judge(const Letter& letter, bool promised, bool settled) {
  std::set<std::string> places;
  for (const std::string& to : letter.to)
    for (std::string& place : places_of(to)) places.insert(std::move(place));
  std::set<std::string> owed;
  if (auto found = owed_.find(letter.queue_id); found != owed_.end())
    for (const std::string& address : found->second)
      for (std::string& place : places_of(address)) owed.insert(std::move(place));
  std::set<std::string> failed;
  for (const auto& [email, copy] : copies_[letter.from])
    if (copy.what == Copy::What::report && copy.letter == letter.number)
      if (!failed.insert(copy.about).second)
        complain(fmt::format("letter {}: two reports about {}", letter.number, copy.about));
  if (settled && !owed.empty())
    complain(fmt::format("letter {} ({}): still owed", letter.number, letter.queue_id));
  for (const char* account : kAccounts) {
    auto copies = std::ranges::count_if(copies_[account], [&](const auto& each) {
      return each.second.what == Copy::What::letter && each.second.letter == letter.number;
    });
    auto wrong = [&](std::string_view what) {
      complain(
          fmt::format("letter {} ({}) for {}: {}", letter.number, letter.queue_id, account, what));
    };
    if (copies > 1) wrong(fmt::format("delivered {} times", copies));
    if (copies > 0 && letter.fate == Letter::Fate::refused) wrong("refused, and delivered");
    if (copies > 0 && !places.contains(account)) wrong("not a recipient, and delivered");
    if (copies == 0 && promised && places.contains(account) && !owed.contains(account) &&
        !failed.contains(account) && !reports_owed_.contains({letter.number, account}))
      wrong("accepted, and neither delivered nor owed nor reported");
  }
}

Task<> Checkers::look(bool settled) {
  // In this order: what is settled meanwhile is then seen twice rather than not at all.
  std::set<unsigned> promised;
  for (const Letter& letter : ledger_.letters)
    if (letter.fate == Letter::Fate::accepted) promised.insert(letter.number);
  owed_.clear();
  reports_owed_.clear();
  auto queue = co_await read_queue();
  // Again: a letter that was settled while the first look went on has its report behind it.
  if (queue) queue = co_await read_queue();
  if (!queue) complain("the queue cannot be read: " + queue.error().what);
  for (const char* account : kAccounts) {
    auto looked = co_await look_at_account(account);
    if (!looked) complain(std::string(account) + " cannot be read: " + looked.error().what);
  }
  std::set<std::string> ids;
  for (const Letter& letter : ledger_.letters) {
    judge(letter, promised.contains(letter.number), settled);
    if (!letter.queue_id.empty() && !ids.insert(letter.queue_id).second)
      complain("the queue id " + letter.queue_id + " was given twice");
  }
  if (settled && world_.letters_owed() > 0)
    complain(fmt::format("{} letters are still owed", world_.letters_owed()));
}

// ------------------------------------------------------------------------------------------------
// law 5

void Checkers::look_at_sessions() {
  if (!world_.up()) return;
  world_.house().sessions.visit([this](const net::Stream& stream) {
    session_octets_ = std::max<Octets>(session_octets_, stream.buffer_octets());
    if (stream.buffer_octets() > kSessionOctetsMax)
      complain(fmt::format("a session holds {} octets", stream.buffer_octets()));
  });
}

}  // namespace posta::sim

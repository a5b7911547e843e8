#include "imap/stress.h"

#include <fmt/format.h>

#include "net/sim/peer.h"
#include "runtime/sleep.h"

namespace posta::imap {

Stress::Stress(runtime::Executor& executor, Venue& venue, Plan plan)
    : executor_(executor), venue_(venue), plan_(plan) {
  for (unsigned i = 1; i <= plan_.players; ++i)
    players_.push_back(std::make_unique<Player>(venue_, truth_, story_, i, plan_.seed * 1000 + i));
}

Task<> Stress::run() {
  ++runs_;
  if (!made_) {
    auto made = co_await players_.front()->create_mailboxes();
    if (!made) co_return truth_.complain("no mailboxes: " + made.error().what);
    made_ = true;
  }
  runtime::Nursery at_work(executor_);
  for (auto& player : players_) at_work.spawn(player->play(at_work.stop()));
  for (unsigned i = 0; i < plan_.senders; ++i)
    at_work.spawn(send_letters(at_work.stop(), plan_.seed * 77 + runs_ * 10 + i));
  co_await runtime::sleep_for(plan_.duration);
  at_work.stop().request();
  co_await at_work.join();
  co_await last_look();
}

// --- letters

Task<> Stress::send_letters(Stop& stop, std::uint64_t seed) {
  Random random(seed);
  while (!stop.requested()) {
    (void)co_await send_some(stop, random);
    co_await runtime::sleep_for(std::chrono::milliseconds(50));
  }
}

Task<Result<>> Stress::send_some(Stop& stop, Random& random) {
  CO_TRY(auto transport, co_await venue_.dial_smtp());
  net::sim::Peer peer(std::make_unique<net::Stream>(executor_, std::move(transport)));
  auto said = [&](std::string octets, char wanted) -> Task<Result<bool>> {
    if (!octets.empty()) CO_TRY_VOID(co_await peer.say(std::move(octets)));
    CO_TRY(std::string line, co_await peer.line());
    co_return line.starts_with(wanted);
  };
  CO_TRY(bool fine, co_await said("", '2'));
  CO_TRY(fine, co_await said("HELO client.example.net\r\n", '2'));
  while (fine && !stop.requested()) {
    std::string token = story_.new_token();
    CO_TRY(fine, co_await said("MAIL FROM:<x@example.net>\r\n", '2'));
    CO_TRY(fine, co_await said(fmt::format("RCPT TO:<{}>\r\n", venue_.user()), '2'));
    CO_TRY(fine, co_await said("DATA\r\n", '3'));
    if (!fine) break;
    CO_TRY(fine, co_await said(fmt::format("Subject: imap-{}.\r\n\r\nx\r\n.\r\n", token), '2'));
    if (fine) accepted_.insert(token);
    story_.told["letters accepted"] += fine;
    co_await runtime::sleep_for(std::chrono::milliseconds(random.below(400)));
  }
  co_return Result<>();
}

// --- the end

Task<> Stress::last_look() {
  for (auto& player : players_) co_await player->settle();
  for (const std::string& mailbox : kMailboxes) {
    Player looker(venue_, truth_, story_, 1000, plan_.seed);
    auto before = truth_.before(mailbox);
    auto looked = co_await looker.look(mailbox);
    if (!looked) {
      truth_.complain(fmt::format("the last look at {}: {}", mailbox, looked.error().what));
      continue;
    }
    const View& fresh = *looker.view();
    truth_.view(mailbox, fresh.uids(), before);
    for (const auto& player : players_)
      if (player->view() && player->view()->mailbox() == mailbox) compare(*player, fresh);
  }
  truth_.finish();
  count_letters();
}

void Stress::compare(const Player& player, const View& fresh) {
  const View& view = *player.view();
  ++story_.told["views compared"];
  if (view.count() != fresh.count())
    return truth_.complain(fmt::format("{} sees {} messages in {}, of {}", player.name(),
                                       view.count(), view.mailbox(), fresh.count()));
  for (Number n = 1; n <= view.count(); ++n) {
    const Entry& was = view.at(n);
    const Entry& is = fresh.at(n);
    if (was.uid != is.uid || was.flags != is.flags || was.mod_seq != is.mod_seq)
      truth_.complain(fmt::format("{} sees message {} of {} as uid {} {} {}, it is uid {} {} {}",
                                  player.name(), n, view.mailbox(), was.uid, was.mod_seq,
                                  to_string(was.flags.value_or(FlagSet())), is.uid, is.mod_seq,
                                  to_string(is.flags.value_or(FlagSet()))));
  }
}

// A letter that was answered 250 came into the INBOX once; copies are promised by COPYUID.
void Stress::count_letters() {
  std::map<std::string, unsigned> delivered;
  unsigned unread = 0;  // gone before anybody saw what they were
  for (const auto& [uid, m] : truth_.messages("INBOX")) {
    if (m.token.empty() && m.end_asked()) ++unread;
    if (!m.promised) ++delivered[m.token];
  }
  unsigned missing = 0;
  for (const std::string& token : accepted_) {
    if (!delivered.contains(token)) ++missing;
    if (delivered[token] > 1)
      truth_.complain(fmt::format("letter {} was delivered {} times", token, delivered[token]));
  }
  if (missing > unread)
    truth_.complain(
        fmt::format("{} letters were answered 250, and nobody has seen them; {} were "
                    "removed unread",
                    missing, unread));
}

}  // namespace posta::imap

// imap_readers.cc: people who read their mail by IMAP, several sessions on one mailbox.
//
// Each keeps a model (imap_model.h) through whatever it and the others do, and at the end compares
// it with a fresh look.

#include <fmt/format.h>

#include "runtime/sleep.h"
#include "sim/imap_model.h"
#include "sim/workloads.h"

namespace posta::sim {

namespace {

// One thing that somebody does in a mailbox of `count` messages.
std::string something(Random& random, std::size_t count) {
  auto number = [&] { return 1 + random.below(count); };
  static constexpr std::string_view kFlags[] = {"\\Seen", "\\Flagged", "\\Answered", "\\Deleted",
                                                "$Work"};
  const std::string_view flag = kFlags[random.below(std::size(kFlags))];
  switch (random.below(count == 0 ? 2 : 12)) {
    case 0: return "NOOP";
    case 1: return "CHECK";
    case 2: return fmt::format("STORE {} +FLAGS ({})", number(), flag);
    case 3: return fmt::format("STORE {} -FLAGS.SILENT ({})", number(), flag);
    case 4: return fmt::format("UID STORE 1:* +FLAGS ({})", flag);
    case 5: return fmt::format("FETCH {} (UID FLAGS BODY.PEEK[HEADER])", number());
    case 6: return fmt::format("FETCH {} BODY[TEXT]<0.50>", number());
    case 7: return "SEARCH OR SEEN SUBJECT sim";
    case 8: return "UID SEARCH RETURN (COUNT ALL) UNDELETED";
    case 9: return fmt::format("COPY {} Archive", number());
    case 10: return fmt::format("MOVE {} Trash", number());
    default: return "EXPUNGE";
  }
}

// What STORE …SILENT asks for is what its client believes afterwards.
bool is_silent(const std::string& command) {
  return command.contains(".SILENT");
}

}  // namespace

Task<Result<>> Workloads::imap_session(std::string account) {
  auto dial = [this] {
    return Peer::dial(world_.network().host(*net::IpAddress::parse("127.0.0.1")),
                      world_.imap_endpoint());
  };
  const auto& passwords = ledger_.passwords[account];
  const std::string password = passwords[random_.below(passwords.size())];
  CO_TRY(auto peer, co_await dial());
  ImapModel model(std::move(peer));
  CO_TRY(bool in, co_await model.open(account, password, "SELECT INBOX"));
  if (!in) co_return Result<>();
  CO_TRY_VOID(co_await model.learn());
  for (std::uint64_t steps = 2 + random_.below(12); steps > 0; --steps) {
    if (chance(20)) {
      CO_TRY_VOID(co_await model.idle(std::chrono::seconds(random_.below(20))));
    } else {
      std::string command = something(random_, model.messages().size());
      // A silent store is not believed before it is looked at: the model knows responses alone.
      if (is_silent(command)) command.erase(command.find(".SILENT"), 7);
      CO_TRY_VOID(co_await model.ask(std::move(command)));
    }
    told("imap commands");
  }
  CO_TRY_VOID(co_await model.learn());
  // Until nothing happens between two looks of our own, the fresh look may be of another moment.
  for (int tries = 0; tries < 20; ++tries) {
    CO_TRY_VOID(co_await model.ask("NOOP"));
    CO_TRY_VOID(co_await model.learn());
    const std::size_t news = model.news();
    CO_TRY(auto other, co_await dial());
    ImapModel fresh(std::move(other));
    CO_TRY(bool seen, co_await fresh.open(account, password, "EXAMINE INBOX"));
    if (!seen) co_return Result<>();
    CO_TRY_VOID(co_await fresh.learn());
    CO_TRY_VOID(co_await model.ask("NOOP"));
    if (model.news() != news) continue;
    if (model.messages() != fresh.messages())
      complain(
          fmt::format("{}: an IMAP session that heard everything believes in {} messages, one "
                      "that looks afresh sees {}",
                      account, model.messages().size(), fresh.messages().size()));
    told("imap sessions compared");
    break;
  }
  for (const std::string& wrong : model.wrong()) complain(account + " by IMAP: " + wrong);
  co_return Result<>();
}

Task<> Workloads::read_by_imap(Stop& stop) {
  static constexpr const char* kReaders[] = {"ann@example.org", "bob@example.org"};
  while (!stop.requested()) {
    if (!co_await imap_session(kReaders[random_.below(std::size(kReaders))]))
      told("imap sessions broken");
    co_await pause(stop);
  }
}

}  // namespace posta::sim

#include "sim/workloads.h"

#include <fmt/format.h>

#include "base/codec.h"
#include "base/text.h"
#include "runtime/sleep.h"

namespace posta::sim {

namespace {

using namespace std::string_view_literals;

net::IpAddress ip(std::string_view text) {
  return *net::IpAddress::parse(text);
}

// A reply of SMTP: its last line.
Task<Result<std::string>> reply(Peer& peer) {
  for (;;) {
    CO_TRY(std::string line, co_await peer.line());
    if (line.size() < 4 || line[3] != '-') co_return line;
  }
}

Task<Result<std::string>> ask(Peer& peer, std::string command) {
  CO_TRY_VOID(co_await peer.say(std::move(command)));
  co_return co_await reply(peer);
}

// For DATA: a dot more where a line begins with one.
std::string stuffed(std::string_view message) {
  std::string out;
  bool line_start = true;
  for (char c : message) {
    if (line_start && c == '.') out += '.';
    out += c;
    line_start = c == '\n';
  }
  return out;
}

std::string with_lf(std::string_view text) {
  std::string out;
  for (char c : text)
    if (c != '\r') out += c;
  return out;
}

// What must not end the data (RFC 5321 §2.3.8).
constexpr std::string_view kTricks[] = {"\n.\n"sv, "\n.\r\n"sv,      "\r\n.\n"sv,
                                        "\r.\r"sv, "\r\n.\r"sv,      "\r\n\0.\r\n\r"sv,
                                        "\n.\r"sv, "\r\r\n.\r\r\n"sv};

}  // namespace

std::vector<std::string> places_of(const std::string& address) {
  if (address == "staff@example.org") return {"ann@example.org", "bob@example.org"};
  if (address == "crew@example.org") return {"bob@example.org", "carl@example.org"};
  if (address == "ann+box@example.org") return {"ann@example.org"};
  return {address};
}

Task<> Workloads::pause(Stop& stop) {
  co_await runtime::sleep_for(std::chrono::milliseconds(random_.below(4000)), &stop);
}

// ------------------------------------------------------------------------------------------------
// senders

void Workloads::write_message(Letter& letter, Style style) {
  std::string& data = letter.data;
  data = fmt::format(
      "From: <sender@example.net>\r\nSubject: sim-{0}.\r\nMessage-ID: <sim-{0}@client>\r\n\r\n",
      letter.number);
  std::uint64_t lines = random_.below(20);
  if (chance(4)) lines = 3000 + random_.below(3000);  // a body that has a file of its own
  for (std::uint64_t i = 0; i < lines; ++i)
    data += fmt::format("{}line {} of letter {}, and so on\r\n", i % 7 == 3 ? "." : "", i,
                        letter.number);
  if (style == Style::smuggling) {
    data += "hello";
    data += kTricks[random_.below(std::size(kTricks))];
    data +=
        "MAIL FROM:<evil@example.net>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nSubject: "
        "evil\r\n\r\n";
  }
  data += fmt::format("end-of-sim-{}\r\n", letter.number);
}

// True: the server waits for the message.
Task<Result<bool>> Workloads::envelope(Peer& peer, Letter& letter, Style style,
                                       const std::vector<std::string>& to) {
  const char* end = style == Style::by_hand ? "\n" : "\r\n";
  const bool data = style != Style::chunks;
  std::vector<std::string> commands = {"MAIL FROM:<" + letter.from + ">" + end};
  for (const std::string& each : to) commands.push_back("RCPT TO:<" + each + ">" + end);
  if (data) commands.push_back(std::string("DATA") + end);
  std::vector<std::string> replies;
  if (style == Style::pipelined || style == Style::smuggling) {  // RFC 2920 §3.1
    std::string all;
    for (const std::string& command : commands) all += command;
    CO_TRY_VOID(co_await peer.say(all));
    for (std::size_t i = 0; i < commands.size(); ++i) {
      CO_TRY(std::string line, co_await reply(peer));
      replies.push_back(std::move(line));
    }
  } else {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      // Without a sender or a recipient there is nothing to send.
      if (i > 0 && !replies[0].starts_with("250")) break;
      if (data && i + 1 == commands.size() && letter.to.empty()) break;
      CO_TRY(std::string line, co_await ask(peer, commands[i]));
      if (i > 0 && i <= to.size() && line.starts_with("250")) letter.to.push_back(to[i - 1]);
      replies.push_back(std::move(line));
    }
  }
  if (style == Style::pipelined || style == Style::smuggling) {
    for (std::size_t i = 0; i < to.size(); ++i)
      if (replies[i + 1].starts_with("250")) letter.to.push_back(to[i]);
  }
  bool ready = !letter.to.empty() && (!data || replies.back().starts_with("354"));
  if (!ready) CO_TRY_VOID(co_await ask(peer, std::string("RSET") + end));
  co_return ready;
}

Task<Result<>> Workloads::chunks(Peer& peer, Letter& letter, bool whole) {
  std::string_view rest = letter.data;
  while (!rest.empty()) {
    std::size_t size = std::min<std::size_t>(rest.size(), 1 + random_.below(20'000));
    bool last = size == rest.size();
    if (last && !whole) break;
    if (last) letter.fate = Letter::Fate::unsure;
    CO_TRY_VOID(co_await peer.say(fmt::format("BDAT {}{}\r\n", size, last ? " LAST" : "") +
                                  std::string(rest.substr(0, size))));
    rest.remove_prefix(size);
    if (last) co_return Result<>();
    CO_TRY(std::string line, co_await reply(peer));
    if (!line.starts_with("250"))
      co_return fail(Error::Kind::conflict, "a chunk is refused: " + line);
  }
  co_return fail(Error::Kind::closed, "cut short");
}

// Sends the message; afterwards the reply to it is the next.
Task<Result<>> Workloads::content(Peer& peer, Letter& letter, Style style) {
  if (style == Style::chunks) co_return co_await chunks(peer, letter, !chance(10));
  std::string wire = stuffed(letter.data) + ".\r\n";
  if (style == Style::by_hand) wire = with_lf(wire);
  if (style == Style::cut_short) {
    wire.resize(random_.below(wire.size() - 3));
    CO_TRY_VOID(co_await peer.say(std::move(wire)));
    co_return fail(Error::Kind::closed, "cut short");
  }
  letter.fate = Letter::Fate::unsure;
  co_return co_await peer.say(std::move(wire));
}

Task<Result<>> Workloads::deliver(Peer& peer, Letter& letter, Style style) {
  std::vector<std::string> to;
  for (std::uint64_t count = 1 + random_.below(3); to.size() < count;)
    to.emplace_back(kAddresses[random_.below(std::size(kAddresses))]);
  // A report to nobody cannot be looked for, so what may fail has a sender.
  bool may_fail = std::ranges::find(to, "dora@example.org") != to.end();
  letter.from = may_fail || chance(70) ? "ann@example.org" : "";
  write_message(letter, style);
  CO_TRY(bool ready, co_await envelope(peer, letter, style, to));
  if (!ready) co_return Result<>();
  CO_TRY_VOID(co_await content(peer, letter, style));
  CO_TRY(std::string line, co_await reply(peer));
  if (line.starts_with("250")) {
    letter.fate = Letter::Fate::accepted;
    letter.queue_id = line.substr(line.rfind(' ') + 1);
    told("letters accepted");
    if (style == Style::smuggling) complain("smuggling was answered " + line);
  } else if (line.starts_with('4') || line.starts_with('5')) {
    letter.fate = Letter::Fate::refused;
    told("letters refused");
  }
  co_return Result<>();
}

// The handshake behind a reply that allows it, or as the first word.
Task<Result<>> Workloads::begin_tls(Peer& peer) {
  auto shaken = co_await net::connect_tls(peer.stream(), world_.tls_client(),
                                          {.name = "mx.example.org"}, std::chrono::minutes(1));
  peer.stream().set_timeout(std::chrono::minutes(5));
  if (!shaken) co_return Failure(shaken.error());
  told("sessions in TLS");
  co_return Result<>();
}

// Sometimes somebody has put commands behind STARTTLS on the way. Whatever becomes of the session,
// they are not obeyed (RFC 3207 §4.2).
Task<Result<>> Workloads::secure_sender(Peer& peer) {
  std::string command = "STARTTLS\r\n";
  if (chance(15))
    command +=
        "EHLO evil.example.net\r\nMAIL FROM:<evil@example.net>\r\nRCPT TO:<bob@example.org>\r\n"
        "DATA\r\nSubject: evil\r\n\r\n.\r\n";
  CO_TRY(std::string line, co_await ask(peer, std::move(command)));
  if (!line.starts_with("220")) co_return fail(Error::Kind::conflict, "STARTTLS: " + line);
  CO_TRY_VOID(co_await begin_tls(peer));
  CO_TRY_VOID(co_await ask(peer, "EHLO client.example.net\r\n"));
  co_return Result<>();
}

Task<Result<>> Workloads::sender_session() {
  static constexpr std::string_view kFrom[] = {"127.0.0.1", "192.0.2.1", "192.0.2.2",
                                               "2001:db8::3"};
  std::size_t from = random_.below(std::size(kFrom));
  CO_TRY(auto peer,
         co_await Peer::dial(world_.network().host(ip(kFrom[from])), world_.smtp_endpoint()));
  CO_TRY_VOID(co_await reply(*peer));
  bool by_hand = from == 0 && chance(30);
  CO_TRY_VOID(
      co_await ask(*peer, by_hand ? "EHLO client.example.net\n" : "EHLO client.example.net\r\n"));
  if (!by_hand && chance(40)) CO_TRY_VOID(co_await secure_sender(*peer));
  for (std::uint64_t letters = 1 + random_.below(3); letters > 0; --letters) {
    auto style =
        by_hand ? Style::by_hand
                : std::array{Style::plain,  Style::pipelined, Style::pipelined,
                             Style::chunks, Style::smuggling, Style::cut_short}[random_.below(6)];
    CO_TRY_VOID(co_await deliver(*peer, ledger_.new_letter(), style));
  }
  if (chance(80)) CO_TRY_VOID(co_await ask(*peer, by_hand ? "QUIT\n" : "QUIT\r\n"));
  co_return Result<>();
}

Task<> Workloads::send_letters(Stop& stop) {
  while (!stop.requested()) {
    if (!co_await sender_session()) told("sender sessions broken");
    co_await pause(stop);
  }
}

// ------------------------------------------------------------------------------------------------
// readers

// False: refused, and the session goes on.
Task<Result<bool>> Workloads::retrieve(Peer& peer, std::string account, unsigned number,
                                       std::string uid) {
  CO_TRY(std::string line, co_await ask(peer, fmt::format("RETR {}\r\n", number)));
  if (!line.starts_with("+OK")) co_return false;
  CO_TRY(std::string octets, co_await peer.until("\r\n.\r\n"));
  octets.resize(octets.size() - 3);
  std::uint64_t hash = hash64(octets);
  auto [known, added] = ledger_.named[account].try_emplace(uid, hash);
  if (!added && known->second != hash)
    complain(account + ": the unique-id " + uid + " names another message than before");
  told("messages retrieved");
  co_return true;
}

Task<Result<>> Workloads::reader_session(std::string account) {
  // In TLS passwords may come from anywhere.
  const std::uint64_t how = random_.below(3);
  constexpr std::uint64_t clear = 0, stls = 1, implicit = 2;
  CO_TRY(auto peer,
         co_await Peer::dial(world_.network().host(ip(how == clear ? "127.0.0.1" : "192.0.2.9")),
                             how == implicit ? world_.pop3s_endpoint() : world_.pop3_endpoint()));
  if (how == implicit) CO_TRY_VOID(co_await begin_tls(*peer));
  CO_TRY_VOID(co_await peer->line());
  if (how == stls) {
    CO_TRY(std::string line, co_await ask(*peer, "STLS\r\n"));
    if (!line.starts_with("+OK")) co_return fail(Error::Kind::conflict, "STLS: " + line);
    CO_TRY_VOID(co_await begin_tls(*peer));
  }
  const auto& passwords = ledger_.passwords[account];
  CO_TRY_VOID(co_await ask(*peer, "USER " + account + "\r\n"));
  CO_TRY(std::string login,
         co_await ask(*peer, "PASS " + passwords[random_.below(passwords.size())] + "\r\n"));
  if (!login.starts_with("+OK")) co_return Result<>();
  CO_TRY_VOID(co_await ask(*peer, "UIDL\r\n"));
  std::vector<std::string> uids;
  for (;;) {
    CO_TRY(std::string line, co_await peer->line());
    if (line == ".") break;
    uids.push_back(line.substr(line.find(' ') + 1));
    if (ledger_.removed[account].contains(uids.back()))
      complain(account + ": the message " + uids.back() + " was removed and is there again");
  }
  std::set<std::string> marked;
  for (unsigned n = 1; n <= uids.size(); ++n) {
    if (!chance(40)) continue;
    CO_TRY(bool there, co_await retrieve(*peer, account, n, uids[n - 1]));
    if (!there || !chance(60)) continue;
    CO_TRY(std::string line, co_await ask(*peer, fmt::format("DELE {}\r\n", n)));
    if (line.starts_with("+OK")) marked.insert(uids[n - 1]);
  }
  if (chance(20)) co_return Result<>();  // without QUIT: nothing is removed
  CO_TRY(std::string quit, co_await ask(*peer, "QUIT\r\n"));
  if (quit.starts_with("+OK")) {
    ledger_.removed[account].merge(marked);
    told("sessions with removals");
  }
  co_return Result<>();
}

Task<> Workloads::read_mail(Stop& stop) {
  static constexpr const char* kReaders[] = {"ann@example.org", "bob@example.org",
                                             "carl@example.org"};
  while (!stop.requested()) {
    if (!co_await reader_session(kReaders[random_.below(std::size(kReaders))]))
      told("reader sessions broken");
    co_await pause(stop);
  }
}

// ------------------------------------------------------------------------------------------------
// administrators

Task<Result<bool>> Workloads::change(std::string account, directory::AccountChange change) {
  world::House& house = world_.house();
  CO_TRY(AccountId id, co_await world_.account_of(std::move(account)));
  store::Batch batch;
  CO_TRY_VOID(co_await house.directory.prepare_change_account(batch, id, std::move(change)));
  CO_TRY(auto committed, co_await house.store->commit(std::move(batch)));
  co_return committed.ok();
}

Task<> Workloads::administer() {
  world::House& house = world_.house();
  Result<bool> done = false;
  switch (random_.below(4)) {
    case 0:
      done = co_await change("dora@example.org", {.enabled = chance(50), .quota = {}, .name = {}});
      break;
    case 1:
      done =
          co_await change("carl@example.org",
                          {.enabled = {},
                           .quota = directory::Quota{.octets = 0, .messages = 1 + random_.below(8)},
                           .name = {}});
      break;
    case 2: {
      auto id = co_await world_.account_of("bob@example.org");
      if (!id) break;
      std::string password = fmt::format("a better password {}", random_.below(1000));
      ledger_.passwords["bob@example.org"].push_back(password);
      store::Batch batch;
      if (!co_await house.directory.prepare_set_password(batch, *id, password)) break;
      auto committed = co_await house.store->commit(std::move(batch));
      done = committed && committed->ok();
      break;
    }
    default: {
      store::Batch batch;
      auto id = co_await house.directory.prepare_add_account(
          batch,
          {.address = *Address::parse("new@example.org"), .password = {}, .quota = {}, .name = {}});
      if (!id) break;
      house.mailboxes.prepare_create(batch, *id, world_.executor().wall());
      auto committed = co_await house.store->commit(std::move(batch));
      done = committed && committed->ok();
    }
  }
  told(done && *done ? "changes by administrators" : "changes that failed");
}

Task<> Workloads::make_room() {
  for (const char* account : kAccounts) {
    for (int tries = 0; tries < 10; ++tries) {
      auto done =
          co_await change(account, {.enabled = true, .quota = directory::Quota{}, .name = {}});
      if (done && *done) break;
    }
  }
}

}  // namespace posta::sim

// player_commands.cc: what a player does, and what it must be answered.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "imap/player.h"
#include "mail/sequence_set.h"

namespace posta::imap {

namespace {

constexpr std::string_view kShared[] = {"\\Seen", "\\Flagged", "\\Answered", "$Shared"};

// "1:3,7" as numbers; empty: not a set that a server writes.
std::vector<Number> numbers_of(std::string_view set) {
  std::vector<Number> all;
  auto parsed = SequenceSet::parse(set, 100'000);
  if (!parsed || parsed->has_star()) return all;
  for (auto range : parsed->ranges) {
    if (range.first > range.last) std::swap(range.first, range.last);
    for (std::uint64_t n = range.first; n <= range.last && all.size() < 100'000; ++n)
      all.push_back(static_cast<Number>(n));
  }
  return all;
}

std::string_view refusal_of(const Response& tagged) {
  return tagged.ok() ? std::string_view() : tagged.code_word();
}

const Response* with_code(const std::vector<Response>& responses, std::string_view word) {
  for (const Response& response : responses)
    if (!response.status.empty() && response.code_word() == word) return &response;
  return nullptr;
}

}  // namespace

Task<Result<>> Player::something() {
  if (!view_) co_return co_await open_mailbox();
  const bool write = !view_->read_only();
  switch (random_.below(24)) {
    case 0: co_return co_await open_mailbox();
    case 1: co_return co_await fetch_all();
    case 2:
    case 3: co_return co_await fetch_content();
    case 4: co_return co_await fetch_changed();
    case 5:
    case 6:
    case 7:
    case 8: co_return write ? co_await store() : co_await noop();
    case 9:
    case 10: co_return write ? co_await remove() : co_await noop();
    case 11: co_return write ? co_await expunge() : co_await noop();
    case 12: co_return co_await copy(false);
    case 13: co_return write ? co_await copy(true) : co_await noop();
    case 14:
    case 15:
    case 16: co_return co_await append();
    case 17: co_return co_await search();
    case 18: co_return co_await status();
    case 19: co_return co_await idle();
    case 20: co_return co_await pipeline();
    case 21: co_return chance(10) ? co_await leave() : co_await fetch_all();
    default: co_return co_await noop();
  }
}

// Some messages whose uids are known.
Player::Chosen Player::choose(std::size_t most) {
  Chosen chosen;
  chosen.by_uid = chance(50);
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < most && view_->count() > 0; ++i) {
    Number n = static_cast<Number>(1 + random_.below(view_->count()));
    if (view_->at(n).uid) numbers.push_back(n);
  }
  std::ranges::sort(numbers);
  numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
  for (Number n : numbers) chosen.uids.push_back(view_->at(n).uid);
  chosen.set = print_numbers(chosen.by_uid ? chosen.uids : numbers);
  return chosen;
}

// Every message that was asked for is answered, unless it may be gone.
void Player::check_answered(const Chosen& chosen, const Said& said, std::string_view command) {
  for (Number uid : chosen.uids) {
    bool answered = std::ranges::any_of(said.fetched, [&](const View::Fetched& f) {
      return f.uid == uid || (f.number && view_->number_of(uid) == f.number);
    });
    // An EXPUNGE at the end moves numbers: then only uids say who was answered.
    if (!answered && !view_->shrunk() && !truth_.end_asked(view_->mailbox(), uid))
      complain(fmt::format("{} {}: no answer about uid {}", command, chosen.set, uid));
    if (chosen.by_uid)
      for (const View::Fetched& f : said.fetched)
        if (f.uid == 0) complain(fmt::format("UID {}: a FETCH without UID", command));
  }
}

// RFC 3501 §6.3.1, RFC 7162 §3.1.1
Task<Result<>> Player::open_mailbox() {
  std::string mailbox = any_mailbox();
  bool read_only = chance(15);
  auto before = truth_.before(mailbox);
  if (view_ && chance(30)) {
    CO_TRY(Said left, co_await ask({"UNSELECT"}));
    expect_ok(left, "UNSELECT");
  }
  // The new view hears everything from here on: RFC 3501 §7 tells what comes before the tag.
  view_ = std::make_unique<View>(
      truth_,
      fmt::format("{} session {} select {}", name_, sessions_, ++story_.told["mailboxes opened"]),
      mailbox, read_only);
  bool condstore = !condstore_ && chance(20);
  CO_TRY(Said said, co_await ask({fmt::format("{} \"{}\"{}", read_only ? "EXAMINE" : "SELECT",
                                              mailbox, condstore ? " (CONDSTORE)" : "")}));
  if (!expect_ok(said, "SELECT")) {
    view_.reset();
    co_return Result<>();
  }
  condstore_ |= condstore;
  if (said.tagged.code != (read_only ? "READ-ONLY" : "READ-WRITE"))
    complain("SELECT ends with " + said.tagged.code);
  for (const char* code : {"UIDVALIDITY", "UIDNEXT", "PERMANENTFLAGS", "HIGHESTMODSEQ"})
    if (!with_code(said.data, code)) complain(fmt::format("SELECT says no {}", code));
  if (const Response* ok = with_code(said.data, "UIDVALIDITY"))
    truth_.uid_validity(mailbox, to_number<std::uint64_t>(ok->code_rest()).value_or(0));
  if (const Response* ok = with_code(said.data, "HIGHESTMODSEQ"))
    if (to_number<std::uint64_t>(ok->code_rest()).value_or(0) < before.mod_seq)
      complain(
          fmt::format("{}: HIGHESTMODSEQ {} after {}", mailbox, ok->code_rest(), before.mod_seq));
  CO_TRY_VOID(co_await fetch_all());
  std::set<Number> uids = view_->uids();
  if (uids.size() == view_->count()) truth_.view(mailbox, uids, before);
  co_return Result<>();
}

Task<Result<>> Player::fetch_all() {
  if (view_->count() == 0) co_return co_await noop();
  view_->forget();
  Number asked = view_->count();
  CO_TRY(Said said,
         co_await ask({chance(50) ? "FETCH 1:* (UID FLAGS MODSEQ)"
                                  : fmt::format("FETCH 1:* (UID FLAGS MODSEQ {})", kSubject),
                       false}));
  condstore_ = true;  // RFC 7162 §3.1: MODSEQ in a FETCH enables it
  expect_ok(said, "FETCH");
  std::set<Number> answered;
  for (const View::Fetched& f : said.fetched) answered.insert(f.number);
  if (answered.size() < asked)
    complain(fmt::format("FETCH 1:* of {} answered {}", asked, answered.size()));
  co_return Result<>();
}

Task<Result<>> Player::fetch_content() {
  Chosen chosen = choose(3);
  if (chosen.uids.empty()) co_return co_await noop();
  const bool seen = !view_->read_only() && chance(30);
  CO_TRY(Said said,
         co_await ask({fmt::format("{}FETCH {} (UID RFC822.SIZE {} {}[])", chosen.prefix(),
                                   chosen.set, kSubject, seen ? "BODY" : "BODY.PEEK"),
                       chosen.by_uid}));
  if (!said.tagged.ok() && said.tagged.code_word() != "EXPUNGEISSUED") expect_ok(said, "FETCH");
  if (said.tagged.ok()) check_answered(chosen, said, "FETCH");
  told("messages read");
  co_return Result<>();
}

// RFC 7162 §3.1.4.1
Task<Result<>> Player::fetch_changed() {
  std::uint64_t since =
      view_->count() ? view_->at(static_cast<Number>(1 + random_.below(view_->count()))).mod_seq
                     : 0;
  if (since == 0) co_return co_await noop();
  view_->forget();
  CO_TRY(Said said, co_await ask({fmt::format("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {})", since)}));
  condstore_ = true;
  expect_ok(said, "FETCH CHANGEDSINCE");
  std::set<Number> answered;
  for (const View::Fetched& f : said.fetched) answered.insert(f.uid);
  for (const Entry& entry : view_->entries())
    if (entry.uid && entry.mod_seq > since && !answered.contains(entry.uid) &&
        !truth_.end_asked(view_->mailbox(), entry.uid))
      complain(fmt::format("CHANGEDSINCE {}: uid {} has {}", since, entry.uid, entry.mod_seq));
  co_return Result<>();
}

// "STORE 1:2 +FLAGS ($P1)", and the keyword is being changed from here on.
Player::Ask Player::store_of(const Chosen& chosen, bool& add) {
  add = chance(60);
  changing_.insert(chosen.uids.begin(), chosen.uids.end());
  std::string flags = keyword_;
  if (chance(40)) flags += fmt::format(" {}", kShared[random_.below(std::size(kShared))]);
  std::string since;
  if (chance(20))
    if (std::uint64_t mod_seq = view_->at(view_->number_of(chosen.uids[0])).mod_seq)
      since = fmt::format("(UNCHANGEDSINCE {}) ", mod_seq);
  return {fmt::format("{}STORE {} {}{}FLAGS{} ({})", chosen.prefix(), chosen.set, since,
                      add ? '+' : '-', chance(30) ? ".SILENT" : "", flags),
          chosen.by_uid};
}

void Player::stored(const Chosen& chosen, bool add, const Said& said) {
  for (Number uid : chosen.uids) changing_.erase(uid);
  if (!said.tagged.ok() && refusal_of(said.tagged) != "EXPUNGEISSUED" &&
      refusal_of(said.tagged) != "MODIFIED")
    expect_ok(said, "STORE");
  std::vector<Number> left_alone;  // as numbers or uids, as the command had them
  if (said.tagged.code_word() == "MODIFIED") left_alone = numbers_of(said.tagged.code_rest());
  if (!left_alone.empty()) told("conditional stores that failed");
  for (Number uid : chosen.uids) {
    Number n = chosen.by_uid ? uid : view_->number_of(uid);
    auto key = std::pair(view_->mailbox(), uid);
    if (!said.tagged.ok() && left_alone.empty())
      own_.erase(key);  // NO: some may have been changed
    else if (std::ranges::find(left_alone, n) == left_alone.end())
      own_[key] = add;
  }
  told("stores");
}

Task<Result<>> Player::store() {
  Chosen chosen = choose(1 + random_.below(5));
  if (chosen.uids.empty()) co_return co_await noop();
  view_->forget();
  bool add = false;
  Ask asked = store_of(chosen, add);
  if (asked.text.contains("UNCHANGEDSINCE")) condstore_ = true;
  const bool plain = !asked.text.contains("SILENT") && !asked.text.contains("UNCHANGEDSINCE");
  CO_TRY(Said said, co_await ask(std::move(asked)));
  if (plain && said.tagged.ok()) check_answered(chosen, said, "STORE");
  stored(chosen, add, said);
  co_return Result<>();
}

Task<Result<>> Player::remove() {
  Chosen chosen = choose(1 + random_.below(3));
  if (chosen.uids.empty()) co_return co_await noop();
  for (Number uid : chosen.uids) truth_.delete_asked(view_->mailbox(), uid);
  CO_TRY(Said said, co_await ask({fmt::format("{}STORE {} +FLAGS.SILENT (\\Deleted)",
                                              chosen.prefix(), chosen.set),
                                  chosen.by_uid}));
  if (!said.tagged.ok() && refusal_of(said.tagged) != "EXPUNGEISSUED") expect_ok(said, "STORE");
  if (chance(60)) co_return co_await expunge();
  co_return Result<>();
}

Task<Result<>> Player::expunge() {
  Chosen chosen = choose(5);
  view_->forget();
  std::string command = "EXPUNGE";
  if (chance(30) && !chosen.uids.empty()) command = "UID EXPUNGE " + print_numbers(chosen.uids);
  CO_TRY(Said said, co_await ask({command}));
  expect_ok(said, command);
  if (view_->shrunk()) told("expunges that took something");
  co_return Result<>();
}

// RFC 4315 §3: "COPYUID" SP nz-number SP uid-set SP uid-set
void Player::learn_copies(std::string_view code, const std::string& to, Number floor, bool move) {
  std::vector<std::string_view> words = split(code, ' ');
  if (words.size() != 3) return complain(fmt::format("COPYUID {}", code));
  truth_.uid_validity(to, to_number<std::uint64_t>(words[0]).value_or(0));
  std::vector<Number> from = numbers_of(words[1]), uids = numbers_of(words[2]);
  if (from.size() != uids.size() || from.empty()) return complain(fmt::format("COPYUID {}", code));
  for (std::size_t i = 0; i < from.size(); ++i) {
    truth_.promised(to, uids[i], floor);
    truth_.copied(view_->mailbox(), from[i], to, uids[i], move);
    told(move ? "messages moved" : "messages copied");
  }
}

Task<Result<>> Player::copy(bool move) {
  Chosen chosen = choose(1 + random_.below(4));
  std::string to = any_mailbox();
  if (chosen.uids.empty() || to == view_->mailbox()) co_return co_await noop();
  if (move)
    for (Number uid : chosen.uids) truth_.move_asked(view_->mailbox(), uid);
  Number floor = truth_.uid_floor(to);
  CO_TRY(Said said, co_await ask({fmt::format("{}{} {} \"{}\"", chosen.prefix(),
                                              move ? "MOVE" : "COPY", chosen.set, to)}));
  if (!said.tagged.ok() && refusal_of(said.tagged) != "EXPUNGEISSUED") expect_ok(said, "COPY");
  // RFC 6851 §4.3: of MOVE it comes before the EXPUNGEs, untagged
  const Response* told_of = with_code(said.data, "COPYUID");
  if (!told_of && said.tagged.code_word() == "COPYUID") told_of = &said.tagged;
  if (told_of) learn_copies(told_of->code_rest(), to, floor, move);
  bool all_there = std::ranges::none_of(
      chosen.uids, [&](Number uid) { return truth_.end_asked(view_->mailbox(), uid); });
  if (!told_of && said.tagged.ok() && all_there) complain("COPY says no COPYUID");
  co_return Result<>();
}

Task<Result<>> Player::append() {
  std::string to = any_mailbox(), token = story_.new_token();
  std::string message =
      fmt::format("From: {0}@example.org\r\nSubject: imap-{1}.\r\n\r\n{2}\r\n", keyword_.substr(1),
                  token, std::string(random_.below(chance(10) ? 50'000 : 500), 'x'));
  bool own = chance(30), waits = chance(40);
  Number floor = truth_.uid_floor(to);
  std::string tag = client_->next_tag();
  client_->put(fmt::format("{} APPEND \"{}\" ({}) \" 1-Feb-2026 10:00:00 +0100\" {{{}{}}}\r\n", tag,
                           to, own ? keyword_ : "\\Draft", message.size(), waits ? "" : "+"));
  Said said;
  if (waits) {
    CO_TRY_VOID(co_await client_->flush());
    for (;;) {
      CO_TRY(Response response, co_await client_->read());
      if (response.kind == Response::Kind::go_on) break;
      if (response.kind == Response::Kind::tagged) {
        complain("APPEND: " + response.text);
        co_return Result<>();
      }
      CO_TRY_VOID(hear(response, true, said));
    }
  }
  client_->put(message + "\r\n");
  CO_TRY_VOID(co_await client_->flush());
  CO_TRY(said, co_await hear_to(tag, true));
  if (!expect_ok(said, "APPEND")) co_return Result<>();
  // RFC 4315 §3: "APPENDUID" SP nz-number SP append-uid
  std::vector<std::string_view> words = split(said.tagged.code, ' ');
  auto uid = words.size() == 3 ? to_number<Number>(words[2]) : std::nullopt;
  if (!uid || words[0] != "APPENDUID") {
    complain("APPEND ends with " + said.tagged.code);
    co_return Result<>();
  }
  truth_.uid_validity(to, to_number<std::uint64_t>(words[1]).value_or(0));
  truth_.promised(to, *uid, floor);
  truth_.token(to, *uid, token);
  own_[{to, *uid}] = own;
  told("messages appended");
  co_return Result<>();
}

// What has the keyword is found; what lost it is not.
Task<Result<>> Player::search() {
  std::vector<Entry> before = view_->entries();
  CO_TRY(Said said,
         co_await ask({chance(50) ? fmt::format("UID SEARCH KEYWORD {}", keyword_)
                                  : fmt::format("UID SEARCH RETURN (ALL) KEYWORD {}", keyword_)}));
  expect_ok(said, "SEARCH");
  std::set<Number> found;
  unsigned answers = 0;
  for (const Response& response : said.data) {
    if (response.is("SEARCH")) {
      ++answers;
      for (const Value& value : response.values)
        if (auto uid = value.number()) found.insert(static_cast<Number>(*uid));
    } else if (response.is("ESEARCH")) {
      ++answers;
      if (!response.values.empty() && response.values.size() >= 4)
        for (Number uid : numbers_of(response.values.back().text)) found.insert(uid);
    }
  }
  if (answers != 1) complain(fmt::format("SEARCH answered {} times", answers));
  for (const Entry& entry : before) {
    auto own = own_.find({view_->mailbox(), entry.uid});
    if (own == own_.end() || truth_.end_asked(view_->mailbox(), entry.uid)) continue;
    if (found.contains(entry.uid) != own->second)
      complain(fmt::format("SEARCH KEYWORD {}: uid {} should be {}", keyword_, entry.uid,
                           own->second ? "found" : "left out"));
  }
  co_return Result<>();
}

Task<Result<>> Player::status() {
  std::string mailbox = any_mailbox();
  Number floor = truth_.uid_floor(mailbox);
  std::uint64_t mod_seq = truth_.mod_seq(mailbox);
  CO_TRY(Said said, co_await ask({fmt::format(
                        "STATUS \"{}\" (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)", mailbox)}));
  if (!expect_ok(said, "STATUS")) co_return Result<>();
  for (const Response& response : said.data) {
    if (!response.is("STATUS") || response.values.size() != 2) continue;
    const std::vector<Value>& items = response.values[1].items;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      std::uint64_t value = items[i + 1].number().value_or(0);
      if (items[i].text == "UIDVALIDITY") truth_.uid_validity(mailbox, value);
      if (items[i].text == "UIDNEXT" && value < floor)
        complain(fmt::format("STATUS: UIDNEXT {} after {}", value, floor));
      if (items[i].text == "HIGHESTMODSEQ" && value < mod_seq)
        complain(fmt::format("STATUS: HIGHESTMODSEQ {} after {}", value, mod_seq));
    }
    co_return Result<>();
  }
  complain("STATUS says nothing");
  co_return Result<>();
}

Task<Result<>> Player::idle() {
  std::string tag = client_->next_tag();
  client_->put(tag + " IDLE\r\n");
  CO_TRY_VOID(co_await client_->flush());
  Said said;
  for (;;) {
    CO_TRY(Response response, co_await client_->read());
    if (response.kind == Response::Kind::go_on) break;
    CO_TRY_VOID(hear(response, true, said));
  }
  for (std::uint64_t waits = random_.below(5); waits > 0; --waits) {
    CO_TRY(auto news,
           co_await client_->read_for(std::chrono::milliseconds(1 + random_.below(200))));
    if (!news) continue;
    told("news while idle");
    CO_TRY_VOID(hear(*news, true, said));
  }
  client_->put("DONE\r\n");
  CO_TRY_VOID(co_await client_->flush());
  CO_TRY(said, co_await hear_to(tag, true));
  expect_ok(said, "IDLE");
  co_return Result<>();
}

Task<Result<>> Player::noop() {
  CO_TRY(Said said, co_await ask({chance(80) ? "NOOP" : "CHECK"}));
  expect_ok(said, "NOOP");
  co_return Result<>();
}

// Numbers mean the same for all of these, since none may be answered with EXPUNGE.
Task<Result<>> Player::pipeline() {
  std::vector<Ask> asks;
  struct Stored {
    std::size_t index;
    Chosen chosen;
    bool add;
  };
  std::vector<Stored> stores;
  bool conditional = false;
  for (std::uint64_t i = 2 + random_.below(4); i > 0; --i) {
    Chosen chosen = choose(3);
    if (chosen.uids.empty()) co_return co_await noop();
    chosen.by_uid = false;
    std::vector<std::uint32_t> numbers;
    for (Number uid : chosen.uids) numbers.push_back(view_->number_of(uid));
    chosen.set = print_numbers(numbers);
    if (view_->read_only() || chance(50)) {
      asks.push_back({fmt::format("FETCH {} (FLAGS UID)", chosen.set), false});
    } else {
      bool add = false;
      asks.push_back(store_of(chosen, add));
      conditional |= asks.back().text.contains("UNCHANGEDSINCE");
      stores.push_back({asks.size() - 1, std::move(chosen), add});
    }
  }
  CO_TRY(auto all, co_await ask_all(std::move(asks)));
  condstore_ |= conditional;
  for (const Stored& one : stores) stored(one.chosen, one.add, all[one.index]);
  changing_.clear();
  told("pipelines");
  co_return Result<>();
}

Task<Result<>> Player::leave() {
  if (chance(30)) {  // without a word
    client_.reset();
    view_.reset();
    co_return Result<>();
  }
  CO_TRY(Said said, co_await ask({"LOGOUT"}));
  expect_ok(said, "LOGOUT");
  bool bye = std::ranges::any_of(said.data, [](const Response& r) { return r.status == "BYE"; });
  if (!bye) complain("LOGOUT without BYE");
  client_.reset();
  view_.reset();
  co_return Result<>();
}

}  // namespace posta::imap

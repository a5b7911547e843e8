#include "imap/player.h"

#include <fmt/format.h>

#include "runtime/sleep.h"

namespace posta::imap {

Player::Player(Venue& venue, Truth& truth, Story& story, unsigned number, std::uint64_t seed)
    : venue_(venue),
      truth_(truth),
      story_(story),
      name_(fmt::format("player {}", number)),
      keyword_(fmt::format("$P{}", number)),
      random_(seed) {}

void Player::complain(std::string what) {
  truth_.complain(fmt::format("{}: {}", name_, what));
}

// --- talking

Task<Result<>> Player::connect() {
  view_.reset();
  condstore_ = false;
  ++sessions_;
  runtime::Executor& executor = co_await runtime::this_executor();
  CO_TRY(auto transport, co_await venue_.dial_imap());
  client_ = std::make_unique<Client>(executor, std::move(transport));
  CO_TRY(Response greeting, co_await client_->read());
  if (greeting.kind != Response::Kind::untagged || greeting.status != "OK")
    co_return fail(Error::Kind::denied, "the greeting is " + greeting.status + greeting.text);
  CO_TRY(Said login,
         co_await ask({fmt::format("LOGIN {} \"{}\"", venue_.user(), venue_.password())}));
  if (!login.tagged.ok()) co_return fail(Error::Kind::denied, "LOGIN: " + login.tagged.text);
  if (chance(60)) {
    CO_TRY(Said enabled, co_await ask({"ENABLE CONDSTORE"}));
    condstore_ = expect_ok(enabled, "ENABLE");
  }
  told("sessions");
  co_return Result<>();
}

Task<Result<Player::Said>> Player::ask(Ask ask) {
  std::vector<Ask> one;
  one.push_back(std::move(ask));
  CO_TRY(auto all, co_await ask_all(std::move(one)));
  co_return std::move(all.front());
}

Task<Result<std::vector<Player::Said>>> Player::ask_all(std::vector<Ask> asks) {
  std::vector<std::string> tags;
  for (const Ask& one : asks) {
    tags.push_back(client_->next_tag());
    client_->put(fmt::format("{} {}\r\n", tags.back(), one.text));
  }
  CO_TRY_VOID(co_await client_->flush());
  std::vector<Said> all;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    fetching_ = asks[i].text.contains("FETCH ");
    CO_TRY(Said said, co_await hear_to(tags[i], asks[i].may_expunge));
    fetching_ = false;
    if (said.tagged.status == "BAD") complain("BAD to " + asks[i].text + ": " + said.tagged.text);
    all.push_back(std::move(said));
  }
  co_return all;
}

Task<Result<Player::Said>> Player::hear_to(std::string tag, bool may_expunge) {
  Said said;
  for (;;) {
    auto response = co_await client_->read();
    if (!response) {
      if (response.error().is(Error::Kind::syntax)) complain(response.error().what);
      co_return Failure(response.error());
    }
    if (response->kind == Response::Kind::tagged) {
      if (response->tag != tag) complain(fmt::format("tag {} for {}", response->tag, tag));
      said.tagged = *std::move(response);
      co_return said;
    }
    CO_TRY_VOID(hear(*response, may_expunge, said));
  }
}

Result<> Player::hear(const Response& response, bool may_expunge, Said& said) {
  if (view_ && view_->hear(response, may_expunge)) {
    if (!response.is("FETCH")) return {};
    const View::Fetched& fetched = view_->fetched();
    // RFC 7162 §3.1.8: "in all subsequent unsolicited FETCH responses"
    if (condstore_ && !fetching_ && fetched.flags && !fetched.mod_seq)
      complain(fmt::format("FLAGS of {} without MODSEQ", fetched.number));
    check_own_flag(fetched);
    said.fetched.push_back(fetched);
    return {};
  }
  if (response.number)
    complain(fmt::format("{} {} without a mailbox", *response.number, response.name));
  said.data.push_back(response);
  return {};
}

void Player::check_own_flag(const View::Fetched& fetched) {
  if (fetched.number == 0 || fetched.number > view_->count() || !fetched.flags) return;
  Number uid = view_->at(fetched.number).uid;
  auto own = own_.find({view_->mailbox(), uid});
  // What may be expunged keeps the flags that it had.
  if (own == own_.end() || changing_.contains(uid) || truth_.end_asked(view_->mailbox(), uid))
    return;
  if (fetched.flags->contains(keyword_) != own->second)
    complain(fmt::format("{} uid {}: {} should be {}, flags are {}", view_->mailbox(), uid,
                         keyword_, own->second ? "set" : "unset", to_string(*fetched.flags)));
}

bool Player::expect_ok(const Said& said, const std::string& what) {
  if (said.tagged.ok()) return true;
  complain(
      fmt::format("{}: {} [{}] {}", what, said.tagged.status, said.tagged.code, said.tagged.text));
  return false;
}

// --- living

Task<> Player::play(Stop& stop) {
  while (!stop.requested()) {
    Result<> fine;
    if (!client_) fine = co_await connect();
    while (fine && client_ && !stop.requested()) {
      fine = co_await something();
      if (chance(30)) co_await runtime::sleep_for(std::chrono::milliseconds(random_.below(20)));
    }
    changing_.clear();
    if (fine) continue;
    // What was being changed may have been or not.
    own_.clear();
    client_.reset();
    view_.reset();
    told("sessions broken: " + fine.error().what.substr(0, 40));
    co_await runtime::sleep_for(std::chrono::milliseconds(50));
  }
}

Task<Result<>> Player::create_mailboxes() {
  CO_TRY_VOID(co_await connect());
  for (const std::string& mailbox : kMailboxes) {
    if (mailbox == "INBOX") continue;
    CO_TRY(Said said, co_await ask({fmt::format("CREATE \"{}\"", mailbox)}));
    expect_ok(said, "CREATE");
  }
  co_return co_await leave();
}

Task<Result<>> Player::look(std::string mailbox) {
  if (!client_) CO_TRY_VOID(co_await connect());
  view_ = std::make_unique<View>(truth_, name_, mailbox, true);
  CO_TRY(Said opened, co_await ask({fmt::format("EXAMINE \"{}\"", mailbox)}));
  expect_ok(opened, "EXAMINE");
  if (view_->count() == 0) co_return Result<>();
  CO_TRY(Said said,
         co_await ask({fmt::format("FETCH 1:* (UID FLAGS MODSEQ {})", kSubject), false}));
  expect_ok(said, "FETCH");
  co_return Result<>();
}

// All changes have been announced after a NOOP: what was heard of a message last is what it is.
Task<> Player::settle() {
  if (!client_ || !view_) co_return;
  for (int i = 0; i < 2; ++i) {
    auto said = co_await ask({"NOOP"});
    if (!said) co_return complain("NOOP: " + said.error().what);
    if (i > 0 && !said->fetched.empty()) complain("NOOP twice, and still there is news");
  }
  std::vector<Entry> heard = view_->entries();
  fetching_ = true;
  auto fetched = co_await fetch_all();
  fetching_ = false;
  if (!fetched) co_return complain("FETCH: " + fetched.error().what);
  if (view_->count() != heard.size())
    co_return complain("the mailbox changed while all were quiet");
  for (Number n = 1; n <= view_->count(); ++n) {
    const Entry& was = heard[n - 1];
    const Entry& is = view_->at(n);
    if (was.flags && was.flags != is.flags)
      complain(fmt::format("{} uid {}: heard of flags {}, and they are {}", view_->mailbox(),
                           is.uid, to_string(*was.flags), to_string(is.flags.value_or(FlagSet()))));
  }
}

}  // namespace posta::imap

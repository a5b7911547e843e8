// cmd_login.cc: USER and PASS (RFC 1939 §7): a name, then its password.
//
//   USER name CRLF        always +OK: who has a mailbox here is nobody's business
//   PASS string CRLF      +OK and the maildrop, or -ERR [AUTH], [IN-USE], [SYS/TEMP]
//
// A wrong password is answered after a pause; some of them end the session (limits.h).

#include "runtime/sleep.h"
#include "server/pop3/events.h"
#include "server/pop3/session.h"

namespace posta::server::pop3 {

Task<> Session::user(wire::pop3::User& command) {
  user_ = std::move(command.name);
  if (!secure()) {
    co_await refuse_login(Reply::no("Passwords in clear are not taken here without TLS"),
                          "insecure");
    co_return;
  }
  say(Reply::yes("Send the password"));
}

Task<> Session::pass(wire::pop3::Pass& command) {
  if (!secure()) {
    co_await refuse_login(Reply::no("Passwords in clear are not taken here without TLS"),
                          "insecure");
    co_return;
  }
  if (user_.empty()) {
    say(Reply::no("Say USER first"));
    co_return;
  }
  // Replies to what stood before PASS in the pipeline need not wait for the hash.
  co_await flush();
  auto login = co_await server_.deps().directory.authenticate(user_, std::move(command.password));
  if (!login) {
    co_await refuse_login(
        Reply::no("Cannot check the password now, try again later", Code::sys_temp), "trouble");
  } else if (login->outcome == directory::Login::ok) {
    co_await open_maildrop(std::move(login->principal));
  } else {
    // A disabled account is not told from a wrong password.
    bool wrong = login->outcome == directory::Login::wrong;
    ++failed_logins_;
    co_await runtime::sleep_for(limits().login_pause);
    co_await refuse_login(Reply::no("Wrong name or password", Code::auth),
                          wrong ? "wrong" : "disabled");
  }
}

Task<> Session::refuse_login(Reply reply, std::string_view why) {
  server_.deps().events.emit(
      {event::kLoginRefused,
       {{"session", id_}, {"peer", stream_.peer().ip.str()}, {"user", user_}, {"why", why}},
       Severity::warning});
  user_.clear();  // RFC 1939 §7: PASS comes "immediately after a successful USER command"
  if (failed_logins_ >= limits().logins_max) {
    last_word(reply, End::limit);
  } else {
    say(reply);
  }
  co_return;
}

Task<> Session::open_maildrop(Principal principal) {
  auto maildrop = std::make_unique<Maildrop>();
  if (config().exclusive) {
    maildrop->hold = server_.deps().maildrops.hold(principal.account);
    if (!maildrop->hold) {  // RFC 2449 §8.1.2
      co_await refuse_login(Reply::no("Another session holds this mailbox", Code::in_use),
                            "in_use");
      co_return;
    }
  }
  auto view = co_await server_.deps().mailboxes.open(principal.account, mailbox::kInbox);
  if (!view || !*view) {
    trouble("open",
            view ? Error{Error::Kind::not_found, "the account has no INBOX"} : view.error());
    co_await refuse_login(Reply::no("Cannot open the mailbox now, try again later", Code::sys_temp),
                          "trouble");
    co_return;
  }
  maildrop->principal = std::move(principal);
  maildrop->view = std::move(*view);
  maildrop_ = std::move(maildrop);
  state_ = State::transaction;
  std::uint32_t count = maildrop_->view->count();
  Octets octets = maildrop_->view->octets();
  user_ = maildrop_->principal.address.str();
  server_.deps().events.emit({event::kLogin,
                              {{"session", id_},
                               {"peer", stream_.peer().ip.str()},
                               {"user", user_},
                               {"messages", count},
                               {"octets", octets}}});
  say(Reply::yes(fmt::format("{} messages, {} octets", count, octets)));
}

}  // namespace posta::server::pop3

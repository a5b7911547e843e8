// cmd_idle.cc: IDLE (RFC 2177): the mailbox's news as they happen.
//
//   IDLE   + …   (news)   DONE   OK
//
// The command is a mode of the loop (session.h). Who idles is woken by the news desk, tells what is
// new, and waits again.

#include "base/text.h"
#include "server/imap/session.h"

namespace posta::server::imap {

Task<Reply> Session::idle(wi::Idle&) {
  stream_.put("+ Waiting for news\r\n");
  idle_ = true;
  if (selected_)  // before the first look: what happens in between wakes us
    idling_ = std::make_unique<NewsDesk::Subscription>(server_.desk(), account(),
                                                       selected_->mailbox, stream_);
  co_await announce(News::all);
  co_return Reply::later();
}

// One line of the client, or one wait, which news may end.
Task<> Session::idle_step() {
  constexpr std::size_t kDoneOctetsMax = 100;
  auto event = reader_.next_line(stream_.input(), kDoneOctetsMax);
  std::string line(event.kind == wi::CommandReader::Kind::command ? reader_.octets()
                                                                  : std::string_view());
  stream_.consume(event.consumed);
  if (event.kind == wi::CommandReader::Kind::need_more) {
    co_await await_input();
    if (end_ == End::open && co_await may_go_on()) co_await announce(News::all);
    co_return;
  }
  idle_ = false;
  idling_.reset();
  if (event.kind == wi::CommandReader::Kind::refused) {
    say(tag_, Reply::bad(event.text));
    if (event.fatal && end_ == End::open) bye("The line does not end", End::limit);
  } else if (equals_ignore_case(line, "DONE")) {
    co_await announce(News::all);
    if (end_ == End::open) say(tag_, Reply::ok("That was all"));
  } else {
    say(tag_, Reply::bad("Only DONE may follow IDLE", code::kClientBug));
  }
}

}  // namespace posta::server::imap

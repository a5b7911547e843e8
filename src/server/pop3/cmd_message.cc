// cmd_message.cc: RETR, TOP, DELE and RSET (RFC 1939 §5, §7): one message.
//
//   RETR msg       the message, byte-stuffed
//   TOP msg n      its header, an empty line, and n lines of its body
//   DELE msg       marks it; QUIT removes it
//   RSET [msg]     takes the marks back; with a number (inventory #126) that of one message

#include "server/pop3/session.h"
#include "wire/pop3/multiline.h"

namespace posta::server::pop3 {

Task<> Session::retr(wire::pop3::Retr& command) {
  co_await send_message(command.message, std::nullopt);
}

Task<> Session::top(wire::pop3::Top& command) {
  co_await send_message(command.message, command.lines);
}

Task<> Session::send_message(Number number, std::optional<std::uint64_t> lines) {
  auto state = message(number);
  if (!state) co_return;
  mailbox::Mailboxes& mailboxes = server_.deps().mailboxes;
  auto email = co_await mailboxes.email(maildrop_->principal.account, state->email);
  Result<std::string> piece = std::string();
  if (email && *email) piece = co_await mailboxes.read(**email, 0, limits().read_octets);
  Result<std::vector<wire::message::Edit>> edits{std::in_place};
  if (email && *email && piece) edits = co_await surrogate(**email, *piece);
  if (!email || !*email || !piece || !edits) {
    const Error error = !email   ? email.error()
                        : !piece ? piece.error()
                        : !edits ? edits.error()
                                 : Error{Error::Kind::not_found, "the message is gone"};
    trouble("read", error);
    say(Reply::no("Cannot read the message now, try again later", Code::sys_temp));
    co_return;
  }
  say(Reply::yes(lines ? std::string("Top of message follows")
                       : fmt::format("{} octets", state->size)));
  wire::pop3::MultilineEncoder encoder(config().workarounds);
  wire::message::EditFilter editor(*std::move(edits));
  wire::pop3::TopFilter filter(lines.value_or(0));
  const std::uint64_t size = (*email)->size();
  std::uint64_t offset = 0;
  for (;;) {
    offset += piece->size();
    std::string_view rest = *piece;
    for (std::string_view shown; !(shown = editor.take(rest)).empty();) {
      if (lines) shown = filter.take(shown);
      for (std::string_view part; !(part = encoder.take(shown)).empty();) stream_.put(part);
    }
    if (offset >= size || (lines && filter.done())) break;
    if (!co_await send({})) co_return;
    piece = co_await mailboxes.read(**email, offset, limits().read_octets);
    if (piece && piece->empty()) piece = fail(Error::Kind::corrupt, "the message is cut short");
    if (!piece) {
      // Half a message cannot be taken back: the client must not take it for a whole one.
      trouble("read", piece.error());
      end_ = End::closed;
      co_return;
    }
  }
  stream_.put(encoder.finish());
  maildrop_->last = std::max(maildrop_->last, number);
  if (lines) co_return;
  ++retrieved_;
  if (maildrop_->retrieved.empty()) maildrop_->retrieved.resize(maildrop_->view->count());
  maildrop_->retrieved[number - 1] = true;
}

Task<> Session::dele(wire::pop3::Dele& command) {
  auto state = message(command.message);
  if (!state) co_return;
  if (maildrop_->deleted.empty()) maildrop_->deleted.resize(maildrop_->view->count());
  maildrop_->deleted[command.message - 1] = true;
  ++maildrop_->deleted_count;
  maildrop_->deleted_octets += state->size;
  maildrop_->last = std::max(maildrop_->last, command.message);
  say(Reply::yes(fmt::format("Message {} will be removed at QUIT", command.message)));
}

Task<> Session::rset(wire::pop3::Rset& command) {
  if (!command.message) {
    maildrop_->deleted.clear();
    maildrop_->deleted_count = 0;
    maildrop_->deleted_octets = 0;
    maildrop_->last = 0;
  } else {
    Number number = *command.message;
    if (number == 0 || number > maildrop_->view->count()) {
      say(Reply::no("No such message"));
      co_return;
    }
    if (maildrop_->is_deleted(number)) {
      maildrop_->deleted[number - 1] = false;
      --maildrop_->deleted_count;
      maildrop_->deleted_octets -= maildrop_->view->at(number).size;
    }
  }
  say(Reply::yes(fmt::format("{} messages, {} octets",
                             maildrop_->view->count() - maildrop_->deleted_count,
                             maildrop_->view->octets() - maildrop_->deleted_octets)));
}

}  // namespace posta::server::pop3

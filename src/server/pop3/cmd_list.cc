// cmd_list.cc: STAT, LIST and UIDL (RFC 1939 §5, §7): what is in the maildrop.
//
//   STAT           "+OK" SP count SP octets                 without what is marked as deleted
//   LIST [msg]     scan listing: msg SP octets
//   UIDL [msg]     unique-id listing: msg SP unique-id
//   LAST           RFC 1460 §5: the highest number accessed; by switch

#include "server/pop3/session.h"

namespace posta::server::pop3 {

namespace {
constexpr Number kRowsInARow = 1024;  // of a listing, before the others get their turn
}

// RFC 1939 §5: messages marked as deleted are refused and not counted.
std::optional<mailbox::MessageState> Session::message(Number number) {
  if (number == 0 || number > maildrop_->view->count()) {
    say(Reply::no("No such message"));
    return std::nullopt;
  }
  if (maildrop_->is_deleted(number)) {
    say(Reply::no("The message is marked as deleted"));
    return std::nullopt;
  }
  return maildrop_->view->at(number);
}

Task<> Session::stat(wire::pop3::Stat&) {
  say(Reply::yes(fmt::format("{} {}", maildrop_->view->count() - maildrop_->deleted_count,
                             maildrop_->view->octets() - maildrop_->deleted_octets)));
  co_return;
}

Task<> Session::list(wire::pop3::List& command) {
  if (command.message) {
    if (auto state = message(*command.message))
      say(Reply::yes(fmt::format("{} {}", *command.message, state->size)));
    co_return;
  }
  const mailbox::View& view = *maildrop_->view;
  say(Reply::yes(fmt::format("{} messages", view.count() - maildrop_->deleted_count)));
  for (Number first = 1; first <= view.count(); first += kRowsInARow) {
    Number last = std::min(view.count(), first + kRowsInARow - 1);
    view.visit(first, last, [this](Number n, const mailbox::MessageState& state) {
      if (!maildrop_->is_deleted(n))
        fmt::format_to(std::back_inserter(stream_.out()), "{} {}\r\n", n, state.size);
    });
    if (!co_await send({})) co_return;
  }
  stream_.put(wire::pop3::kEndOfList);
}

Task<> Session::uidl(wire::pop3::Uidl& command) {
  const mailbox::View& view = *maildrop_->view;
  UidValidity validity = view.record().uid_validity;
  if (command.message) {
    if (auto state = message(*command.message))
      say(Reply::yes(
          fmt::format("{} {}", *command.message, config().uidl.print(state->uid, validity))));
    co_return;
  }
  say(Reply::yes("Unique-ids follow"));
  for (Number first = 1; first <= view.count(); first += kRowsInARow) {
    Number last = std::min(view.count(), first + kRowsInARow - 1);
    view.visit(first, last, [&](Number n, const mailbox::MessageState& state) {
      if (maildrop_->is_deleted(n)) return;
      fmt::format_to(std::back_inserter(stream_.out()), "{} ", n);
      config().uidl.print(stream_.out(), state.uid, validity);
      stream_.put("\r\n");
    });
    if (!co_await send({})) co_return;
  }
  stream_.put(wire::pop3::kEndOfList);
}

Task<> Session::last(wire::pop3::Last& command) {
  if (!config().last) co_return co_await not_offered(command);
  say(Reply::yes(std::to_string(maildrop_->last)));
}

}  // namespace posta::server::pop3

// cmd_data.cc: DATA, the message, and the one reply for both.
//
//   "DATA" CRLF, and after our 354 the message up to CRLF "." CRLF   RFC 5321 §4.1.1.4
//
// Whatever is wrong with the message is said after its true end: only there does the client expect
// a reply, and only there do commands begin again.
#include "server/smtp/session.h"

namespace posta::server::smtp {

std::optional<Reply> Session::no_recipients() const {
  if (transaction_->recipients() > 0) return std::nullopt;
  // RFC 5321 §3.3: "the server MAY return a 'command out of sequence' (503) or 'no valid
  // recipients' (554) reply in response to the DATA command": the second if there were some and
  // none is left.
  return rcpt_tried_ ? reply::no_valid_recipients : reply::rcpt_first;
}

Task<Reply> Session::data(wire::smtp::Data&) {
  if (state_ == State::chunks) co_return reply::bdat_going_on;  // RFC 3030 §2
  if (auto none = no_recipients()) co_return *none;             // RFC 2920 §3.2 (3)
  Reply go = co_await transaction_->data();
  if (go.code != 354) co_return go;
  data_was_refused_ = false;
  message_began_ = stream_.executor().now();
  say(go);
  co_await flush();
  if (end_ != End::open) co_return Reply();
  wire::smtp::DataDecoder decoder(decoder_options());
  if (!co_await take_message(decoder)) co_return Reply();
  co_return co_await end_of_message(decoder.content(), decoder.too_big());
}

}  // namespace posta::server::smtp

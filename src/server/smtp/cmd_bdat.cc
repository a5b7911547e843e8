// cmd_bdat.cc: BDAT, a counted piece of the message.
//
//   "BDAT" SP chunk-size [SP "LAST"] CRLF, and that many octets      RFC 3030 §2
//
// The octets follow whatever we think of them, so they are always taken before the reply. A chunk
// that fails ends the letter; the chunks that a pipelining client has sent behind it find none, and
// are passed over with 503.
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::bdat(wire::smtp::Bdat& command) {
  if (state_ == State::letter) {
    std::optional<Reply> no = no_recipients();
    if (!no) {
      Reply go = co_await transaction_->data();
      if (go.code != 354) no = std::move(go);
    }
    if (no) {
      // Else the next chunk could pass for the first one, and half a message be accepted.
      forget_letter();
      if (!co_await pass_over(command.octets)) co_return Reply();
      co_return *no;
    }
    state_ = State::chunks;
    chunks_.emplace(decoder_options());
    message_began_ = stream_.executor().now();
  }
  chunks_->begin_chunk(command.octets, command.last);
  if (!co_await take_message(*chunks_)) co_return Reply();
  // Too big is said at the chunk that crosses the limit: nobody should have to send the rest.
  if (command.last || chunks_->too_big() || write_failed_)
    co_return co_await end_of_message(chunks_->content(), chunks_->too_big());
  co_return reply::chunk_ok;
}

}  // namespace posta::server::smtp

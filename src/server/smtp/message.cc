// message.cc: the octets of a message: DATA's until the dot, BDAT's by count; and its end.
#include <type_traits>

#include "server/smtp/events.h"
#include "server/smtp/session.h"
#include "wire/smtp/reply.h"

namespace posta::server::smtp {

namespace {

// Octets handed over at a time: large enough to cost little, small enough to bound a session.
constexpr std::size_t kSliceOctetsMax = 64_KiB;

bool complete(const wire::smtp::DataDecoder& decoder) {
  return decoder.done();
}
bool complete(const wire::smtp::BdatDecoder& decoder) {
  return decoder.chunk_done();
}
bool mixed(const wire::smtp::DataDecoder& decoder) {
  return decoder.mixed();
}
bool mixed(const wire::smtp::BdatDecoder&) {
  return false;
}

}  // namespace

wire::smtp::DecoderOptions Session::decoder_options() const {
  const mta::IntakeConfig& intake = server_.deps().intake.config();
  return {.message_octets_max = intake.limits.message_octets_max,
          .normalise = intake.normalise_line_ends,
          .line_ends = lines_.ends()};
}

// Takes the message (DATA) or the chunk (BDAT) to its true end. False: the session has ended.
template <class Decoder>
Task<bool> Session::take_message(Decoder& decoder) {
  std::optional<Octets> refused_at;  // octets of the message when it could no longer be accepted
  for (;;) {
    std::string_view input = stream_.input();
    const std::size_t before = input.size();
    for (std::string_view part; !(part = decoder.take(input)).empty();) {
      if (write_failed_) continue;
      if (pending_.size() + part.size() > kSliceOctetsMax) co_await hand_over();
      pending_.append(part);
    }
    stream_.consume(before - input.size());
    if (complete(decoder)) break;
    if (mixed(decoder)) {
      last_word(reply::mixed_line_ends, End::protocol);
      co_return false;
    }
    const Octets octets = decoder.content().octets;
    if (!refused_at && (write_failed_ || decoder.too_big())) refused_at = octets;
    if (refused_at && octets - *refused_at > limits().refused_octets_max) {
      last_word(reply::too_many_errors.with("A refused message goes on for too long"), End::limit);
      co_return false;
    }
    if (Result<> more = co_await fill_message(octets); !more) {
      if (end_ == End::open) interrupted_by(more.error());
      co_return false;
    }
  }
  co_await hand_over();
  co_return true;
}

template Task<bool> Session::take_message(wire::smtp::DataDecoder&);
template Task<bool> Session::take_message(wire::smtp::BdatDecoder&);

// RFC 3030 §2: the octets behind a BDAT that was refused. False: the session has ended.
Task<bool> Session::pass_over(Octets octets) {
  if (octets > limits().refused_octets_max) {
    last_word(reply::too_many_errors.with("A refused chunk is too big to pass over"), End::limit);
    co_return false;
  }
  message_began_ = stream_.executor().now();
  for (Octets passed = 0;;) {
    Octets now = std::min<Octets>(octets - passed, stream_.input().size());
    stream_.consume(now);
    passed += now;
    if (passed == octets) co_return true;
    if (Result<> more = co_await fill_message(passed); !more) {
      if (end_ == End::open) interrupted_by(more.error());
      co_return false;
    }
  }
}

// Waits for more of a message of which `octets_so_far` came.
Task<Result<>> Session::fill_message(Octets octets_so_far) {
  co_await flush();
  if (end_ != End::open) co_return fail(Error::Kind::closed, "the connection was closed");
  auto earned = std::chrono::seconds(octets_so_far / std::max<Octets>(limits().data_rate_min, 1));
  stream_.set_timeout(limits().data_timeout);
  stream_.set_deadline(message_began_ + limits().data_grace + earned);
  co_return co_await stream_.fill();
}

// After an Error we go on to the true end, and finish() says it there.
Task<> Session::hand_over() {
  if (pending_.empty()) co_return;
  if (!write_failed_) {
    Result<> written = co_await transaction_->write(std::exchange(pending_, std::string()));
    write_failed_ = !written;
  }
  pending_.clear();
}

// The promise (RFC 5321 §4.2.5, §6.1): finish() answers 250 only when the letter is durable. This
// is the one place where that 250 comes from.
Task<Reply> Session::end_of_message(wire::smtp::Content content, bool too_big) {
  // Found before normalising; hand mode has its own line ends, and does not normalise a lone CR.
  const bool normalised = server_.deps().intake.config().normalise_line_ends && !begun_by_hand();
  const bool bare = content.bare_line_ends() && !normalised;
  Reply said = co_await transaction_->finish({.too_big = too_big, .bare_line_ends = bare});

  if (said.positive()) {
    ++letters_;
    idle_commands_ = 0;
  }
  forget_letter();
  co_return said;
}

}  // namespace posta::server::smtp

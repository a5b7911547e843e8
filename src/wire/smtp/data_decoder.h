// data_decoder.h: from the octets after DATA or BDAT to the octets of the message.
//
// Both decoders are drained by hand: `take` moves octets off the front of the input and gives the
// next slice of the message, until it gives none:
//
//   for (std::string_view part; !(part = decoder.take(input)).empty();) body.append(part);
//   if (decoder.done()) ...            // `input` now begins with the next command
//
// Slices point into the input (or at constants) and are as large as the dots allow; a message
// without stuffed dots comes in one slice per read. Nothing is allocated. Not thread-safe.
//
// DATA (RFC 5321 §4.5.2): every line that begins with a dot loses it; the mail data end at
// CRLF "." CRLF, the first CRLF being part of the message (§4.1.1.4). Nothing else ends them:
//
//                 .                CR                LF
//   line start ------> after dot ------> dot CR ----------> done
//       ^                 | other           | other
//       | CRLF            v                 v
//     text <-------------------------------- (the CR, and then the octet, are text)
//
// LF.LF, CRLF.LF, LF.CRLF, CR.CR and their like are text: `bare_line_ends` is found, everything up
// to the true end is the message, and the server refuses it then (550 5.6.0). With `normalise` bare
// CR and LF become CRLF instead (and are still found).
//
// Hand mode (LineEnds::bare_lf, see line.h): lines end in LF and get their CRLF; LF "." LF ends. A
// CRLF there is `mixed()`: nothing more is decoded and the session ends.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/limits.h"
#include "wire/smtp/content.h"
#include "wire/smtp/line.h"

namespace posta::wire::smtp {

struct DecoderOptions {
  // Decoded octets. Beyond it no more slices come and too_big() holds, but the end is still found,
  // so the refusal (552 5.3.4) stands where the client expects a reply.
  Octets message_octets_max = ~Octets{0};
  bool normalise = false;               // bare CR, bare LF -> CRLF (not in hand mode: always so)
  LineEnds line_ends = LineEnds::crlf;  // DATA only; `undecided` is crlf
};

class DataDecoder {
 public:
  explicit DataDecoder(const DecoderOptions& options = {}) : options_(options) {}

  // The next slice; empty when the input is used up, the end was reached, or mixed().
  std::string_view take(std::string_view& input);

  bool done() const { return done_; }
  bool too_big() const { return scanner_.content().octets > options_.message_octets_max; }
  bool mixed() const {
    return mixed_;
  }  // hand mode: answer reply::mixed_line_ends, end the session
  // What was found; complete once done(). `octets` counts beyond the limit too. Found before
  // normalising.
  const Content& content() const { return scanner_.content(); }

 private:
  enum class At { line_start, after_dot, dot_cr, text };

  std::string_view next(std::string_view& input);
  std::string_view text(std::string_view& input);
  std::string_view text_normalised(std::string_view& input);
  std::string_view text_by_hand(std::string_view& input);
  void end();

  DecoderOptions options_;
  ContentScanner scanner_;
  std::string_view pending_;  // a constant to be given next
  At at_ = At::line_start;
  bool last_cr_ = false;  // the last octet of text was CR (normalising: it has not been given yet)
  bool done_ = false;
  bool mixed_ = false;
};

// BDAT (RFC 3030 §2): each chunk is a number of octets, taken as they are. One decoder serves the
// chunks of one message. Without BINARYMIME the message is still made of lines, so bare CR and LF
// are found (or normalised) as with DATA; but what ends the data is the count alone.
class BdatDecoder {
 public:
  explicit BdatDecoder(const DecoderOptions& options = {}) : options_(options) {}

  // A BDAT command came: `octets` follow. CHECKs that the chunk before was taken whole.
  void begin_chunk(Octets octets, bool last);

  std::string_view take(std::string_view& input);  // as DataDecoder::take

  bool chunk_done() const { return left_ == 0 && pending_.empty(); }  // time for a reply
  bool done() const { return last_ && chunk_done(); }
  bool too_big() const { return scanner_.content().octets > options_.message_octets_max; }
  const Content& content() const { return scanner_.content(); }

 private:
  std::string_view next(std::string_view& window);
  void end_message();

  DecoderOptions options_;
  ContentScanner scanner_;
  std::string_view pending_;  // a constant to be given next
  Octets left_ = 0;           // of the chunk
  bool last_ = false;
  bool last_cr_ = false;  // normalising: a CR that has not been given yet
};

}  // namespace posta::wire::smtp

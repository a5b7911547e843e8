// surrogate.h: an internationalized message as clients without UTF-8 may see it (RFC 6858).
//
//   From: Ånn <ånn@example.org>     From: =?utf-8?B?w4Vubg==?=
//   <invalid@internationalized-address.invalid> Subject: Grüße                  Subject:
//   =?utf-8?B?R3LDvMOfZQ==?= Content-Type: a/b; name=ü       Content-Type: a/b X-Other: ü (nothing)
//
// A surrogate is the message with some header fields edited: the edits are worked out from the
// octets of each header (the message's own, those of its parts and embedded messages) and applied
// while the message streams by. INTEROP: a field whose octets are not UTF-8 is none of RFC 6532; it
// stays as it always was.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posta::wire::message {

struct Digest;

// Octets [offset, offset + length) of the message become `octets`.
struct Edit {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string octets;
  friend bool operator==(const Edit&, const Edit&) = default;
};

// Appends the edits of one header that begins at `offset` of the message.
void surrogate_edits(std::string_view header, std::uint64_t offset, std::vector<Edit>& edits);

// Where the message has headers: offset and length, ascending. The first is its own.
std::vector<std::pair<std::uint64_t, std::uint64_t>> header_ranges(const Digest& digest);

// Applies edits (ascending, not overlapping) to a message that comes in pieces.
//   for (std::string_view part; !(part = filter.take(piece)).empty();) …
class EditFilter {
 public:
  explicit EditFilter(std::vector<Edit> edits) : edits_(std::move(edits)) {}
  // Slices of the piece or of an edit; empty when the piece is used up.
  std::string_view take(std::string_view& piece);

 private:
  std::vector<Edit> edits_;
  std::size_t next_ = 0;
  std::uint64_t at_ = 0;  // octets of the message that are done with
  bool said_ = false;     // the octets of edits_[next_] have been given
};

}  // namespace posta::wire::message

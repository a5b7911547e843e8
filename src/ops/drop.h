// drop.h: letters handed in as files, while the server is up or down (docs/formats/drop.md).
//
//   print_drop ──> DIR/drop/<id>.letter ──> parse_drop ──> DropDoor::take ──> mta/intake
//
// The files are the program's affair (app/drop_box.h); this is what stands in them, and the way in.
// Through intake like all mail: what it forbids, no file can do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "directory/directory.h"
#include "mta/intake/intake.h"

namespace posta::ops {

using runtime::Task;

inline constexpr std::size_t kDropRecipientsMax = 1000;
inline constexpr std::size_t kDropHeadOctetsMax = 512 * 1024;  // of the lines before the message

struct DropLetter {
  ReversePath from;
  std::vector<Address> to;
  std::string_view message;  // as it was written, in the file's octets
};

// The head, and its end; print_drop(parse_drop(x)) is x but for the form of addresses.
std::string print_drop(const DropLetter& letter);
Result<DropLetter> parse_drop(std::string_view file);

// 32 hexadecimal digits.
bool is_drop_id(std::string_view text);

// The message as it travels: lines end in CRLF, and Date, Message-ID and From are there.
std::string complete_message(std::string_view message, const Address& from, WallTime now,
                             const std::string& message_id);

// What came of handing in one file.
struct Handed {
  enum class What {
    taken,    // on stable storage; `why` names recipients that were refused, or is empty
    later,    // not now: the same file again, later
    refused,  // never
  };
  What what = What::later;
  std::string why;  // in words, a line for each reason
};

class DropDoor {
 public:
  struct Deps {
    mta::Intake& intake;
    directory::Directory& directory;
    Events& events;
  };
  explicit DropDoor(Deps deps) : deps_(deps) {}

  // Once for each id, whatever happens in between: admitted and receipt are one commit.
  Task<Handed> take(std::string id, std::string file);

 private:
  struct Sender;
  Task<Result<Sender>> sender_of(ReversePath from);
  Task<Handed> hand_in(Origin origin, const DropLetter& letter, Sender sender);
  Deps deps_;
};

}  // namespace posta::ops

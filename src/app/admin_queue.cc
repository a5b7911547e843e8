// admin_queue.cc: posta queue.

#include "app/admin_common.h"
#include "app/units.h"
#include "base/codec.h"
#include "base/text.h"

namespace posta::app {

namespace {

using boost::json::object;
using runtime::Task;

object letter_json(const mta::QueuedLetter& letter) {
  boost::json::array owed;
  for (const auto& one : letter.owed)
    owed.push_back(object{{"to", one.recipient.address.str()},
                          {"original", one.recipient.original},
                          {"attempts", one.attempts},
                          {"next_attempt", time_text(one.next_attempt)},
                          {"held", one.held},
                          {"last_reply", one.last_reply.str()},
                          {"last_host", one.last_host},
                          {"delay_told", one.delay_told}});
  return {{"id", to_string(letter.letter.id)},
          {"from", to_string(letter.letter.envelope.from)},
          {"size", letter.message.body.size},
          {"received", time_text(letter.letter.origin.received)},
          {"owed", owed}};
}

std::string tried(const mta::OwedRecipient& owed) {
  const Reply& said = owed.last_reply;
  if (owed.attempts == 0 && (said.code == 0 || said.positive())) return "not tried yet";
  return fmt::format("{}, {}", counted(owed.attempts, "attempt"), said.str());
}

std::string letter_lines(const mta::QueuedLetter& letter) {
  std::string out = fmt::format("{}  {:>9} octets  {}  {}\n", to_string(letter.letter.id),
                                letter.message.body.size, time_text(letter.letter.origin.received),
                                to_string(letter.letter.envelope.from));
  for (const auto& one : letter.owed)
    out += fmt::format("    {}  {}, {}\n", one.recipient.address.str(),
                       one.held ? "held" : "next " + time_text(one.next_attempt), tried(one));
  return out;
}

// Of a message that is shown: more would not go through the control socket.
constexpr Octets kMessageShownMax = 128_MiB;
constexpr Octets kHeaderShownMax = 64_KiB;
constexpr Octets kPiece = 1_MiB;

Task<Result<std::string>> read_message(House& house, store::BodyRef body, Octets octets_max) {
  std::string out;
  while (out.size() < std::min(body.size, octets_max)) {
    CO_TRY(std::string piece, co_await house.store().read_body(
                                  body, out.size(), std::min(kPiece, octets_max - out.size())));
    if (piece.empty()) break;
    out += piece;
  }
  co_return out;
}

// One line of a message for a terminal: what is no UTF-8 is shown by its octets.
std::string shown(std::string_view line) {
  if (is_utf8(line)) return printable(line);
  std::string out;
  for (char c : line) {
    auto octet = static_cast<unsigned char>(c);
    out += octet < 0x80 ? printable(std::string_view(&c, 1)) : fmt::format("\\x{:02x}", octet);
  }
  return out;
}

// The lines of the header, as far as they are shown.
std::vector<std::string> header_lines(std::string_view message) {
  std::vector<std::string> out;
  for (std::string_view line : split(message, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return out;
    out.push_back(shown(line));
  }
  out.emplace_back("…");
  return out;
}

Task<Answer> show_letter(House& house, const AdminOptions& options) {
  QueueId id = parse_queue_id(options.name);
  auto letter = co_await house.queue().show(id);
  if (!letter) co_return wrong(letter.error());
  if (!*letter) co_return wrong("nothing of a letter " + options.name + " is owed");
  const store::BodyRef body = (*letter)->message.body;
  if (options.message && body.size > kMessageShownMax)
    co_return wrong(fmt::format("the message has {} octets, more than can be shown ({})", body.size,
                                kMessageShownMax));
  auto octets =
      co_await read_message(house, body, options.message ? kMessageShownMax : kHeaderShownMax);
  if (!octets) co_return wrong(octets.error());
  object json = letter_json(**letter);
  if (options.message) {
    json["message_base64"] = base64_encode(*octets);
    co_return said(options.json, json, *std::move(octets));
  }
  boost::json::array header;
  std::string words = letter_lines(**letter) + "\n";
  for (const std::string& line : header_lines(*octets)) {
    header.push_back(boost::json::string(line));
    words += line + "\n";
  }
  json["header"] = std::move(header);
  co_return said(options.json, json, std::move(words));
}

// Whom retry, hold, release and delete mean.
Result<mta::Selection> selection(const AdminOptions& options) {
  mta::Selection which;
  if (!options.name.empty()) {
    which.id = parse_queue_id(options.name);
    if (!which.id) return fail(Error::Kind::syntax, "not a queue id: " + options.name);
  }
  if (options.to) {
    TRY(which.recipient, Address::parse(*options.to));
  }
  if (options.destination) {
    TRY(which.destination, Domain::parse(*options.destination));
  }
  if (options.sender) {
    which.sender.emplace();
    if (*options.sender != "<>") {
      TRY(*which.sender, Address::parse(*options.sender));
    }
  }
  bool nothing = !which.id && !which.recipient && !which.destination && !which.sender;
  if (nothing && !options.all)
    return fail(Error::Kind::syntax,
                "which letters? Name a queue id, --to, --domain or --from, or say --all");
  if (!nothing && options.all)
    return fail(Error::Kind::syntax, "--all means everything; leave out what narrows it");
  return which;
}

std::string are(std::size_t recipients) {
  return counted(recipients, "recipient") + (recipients == 1 ? " is" : " are");
}

Task<Answer> change_queue(House& house, const AdminOptions& options) {
  auto which = selection(options);
  if (!which) co_return wrong(which.error());
  mta::Queue& queue = house.queue();
  Result<std::size_t> done = std::size_t{0};
  const char* words = "";
  if (options.verb == "retry") {
    done = co_await queue.retry(*which);
    words = "due now";
  } else if (options.verb == "hold") {
    done = co_await queue.hold(*which);
    words = "held, until posta queue release";
  } else if (options.verb == "release") {
    done = co_await queue.release(*which);
    words = "released, and due now";
  } else {
    done = co_await queue.remove(*which, options.report ? mta::Report::yes : mta::Report::no);
    words = options.report ? "deleted; their senders are told" : "deleted";
  }
  if (!done) co_return wrong(done.error());
  // What is held is not retried: it waits for its release.
  Result<std::size_t> held = std::size_t{0};
  if (options.verb == "retry") held = co_await queue.held(*which);
  if (!held) co_return wrong(held.error());
  std::string waiting;
  if (*held > 0) waiting = fmt::format("{} held: posta queue release", are(*held));
  if (*done == 0)
    co_return wrong(*held > 0 ? waiting
                              : "nothing that is owed is meant by this; see posta queue list");
  object json{{"recipients", *done}};
  if (options.verb == "retry") json["held"] = *held;
  co_return said(options.json, json,
                 fmt::format("{} {}\n", are(*done), words) + (*held > 0 ? waiting + "\n" : ""));
}

}  // namespace

Task<Answer> queue_command(House& house, const AdminOptions& options) {
  if (options.verb != "show" && options.verb != "list")
    co_return co_await change_queue(house, options);
  if (options.verb == "show") co_return co_await show_letter(house, options);
  auto letters = co_await house.queue().list(parse_queue_id(options.after), options.limit);
  if (!letters) co_return wrong(letters.error());
  boost::json::array json;
  std::string words;
  for (const auto& letter : *letters) {
    json.push_back(letter_json(letter));
    words += letter_lines(letter);
  }
  co_return page(options, json, words, "the queue is empty",
                 letters->empty() ? "" : to_string(letters->back().letter.id));
}

}  // namespace posta::app

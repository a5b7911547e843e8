// admin_queue.cc: posta queue.

#include "app/admin_common.h"

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
                          {"last_reply", one.last_reply.str()}});
  return {{"id", to_string(letter.letter.id)},
          {"from", to_string(letter.letter.envelope.from)},
          {"size", letter.message.body.size},
          {"received", time_text(letter.letter.origin.received)},
          {"owed", owed}};
}

std::string letter_lines(const mta::QueuedLetter& letter) {
  std::string out = fmt::format("{}  {:>9} octets  {}  {}\n", to_string(letter.letter.id),
                                letter.message.body.size, time_text(letter.letter.origin.received),
                                to_string(letter.letter.envelope.from));
  for (const auto& one : letter.owed)
    out += fmt::format("    {}  {}, {} attempts, {}\n", one.recipient.address.str(),
                       one.held ? "held" : "next " + time_text(one.next_attempt), one.attempts,
                       one.last_reply.str());
  return out;
}

}  // namespace

Task<Answer> queue_command(House& house, const AdminOptions& options) {
  if (options.verb == "show") {
    QueueId id = parse_queue_id(options.name);
    auto letter = co_await house.queue().show(id);
    if (!letter) co_return wrong(letter.error());
    if (!*letter) co_return wrong("nothing of a letter " + options.name + " is owed");
    co_return said(options.json, letter_json(**letter), letter_lines(**letter));
  }
  auto letters = co_await house.queue().list(parse_queue_id(options.after), options.limit);
  if (!letters) co_return wrong(letters.error());
  boost::json::array json;
  std::string words;
  for (const auto& letter : *letters) {
    json.push_back(letter_json(letter));
    words += letter_lines(letter);
  }
  co_return said(options.json, json, words.empty() ? "the queue is empty\n" : words);
}

}  // namespace posta::app

// trace_sentence.cc: an event in plain words.
//
// A sentence has fields in braces; "{s of count}" is the s of a plural, for any count but 1. What
// stands in brackets is left out if a field in it is empty.

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "ops/trace.h"

namespace posta::ops {

namespace {

struct Sentence {
  std::string_view event;
  std::string_view words;
};

// clang-format off
constexpr Sentence kSentences[] = {
    {"intake.letter.accepted", "accepted[ from {peer}][ ({helo})][ by {protocol}]: from {from} to {recipients} recipient{s of recipients}, "
     "{size} octets[, Message-ID {message_id}]"},
    {"intake.letter.refused", "refused after its end[, from {peer}][ ({helo})]: from {from}: {reply}"},
    {"intake.sender.refused", "sender {from} refused[, from {peer}][ ({helo})]: {reply}"},
    {"intake.recipient.refused", "recipient {to} refused[, from {peer}][ ({helo})][, sender {from}]: {reply}"},
    {"intake.connection.refused", "connection from {peer} refused: {reply}"},
    {"smtp.connection.refused", "connection from {peer} refused: too many ({why})"},
    {"queue.recipient.delivered", "delivered to {to}[ (named as {original})][ by {host}][, {tls}]: {reply}"},
    {"queue.recipient.deferred", "put off for {to}[ (named as {original})][ by {host}][, {tls}], attempt {attempts}: {reply}"},
    {"queue.recipient.failed", "failed for {to}[ (named as {original})][ by {host}][, {tls}], attempt {attempts}: {reply}"},
    {"queue.recipient.held", "held for {to} by an administrator"},
    {"queue.recipient.released", "released for {to} by an administrator"},
    {"queue.recipient.retried", "made due at once for {to} by an administrator"},
    {"queue.recipient.removed", "removed for {to} by an administrator"},
    {"queue.letter.removed", "nothing of it is owed any more"},
    {"queue.report.sent", "report {queue_id} about {about} sent to its sender"},
    {"queue.report.dropped", "nobody can be told of the failure"},
    {"queue.trouble", "the store failed an attempt: {error}"},
    {"delivery.session.broken", "the session with {host} ({address}) broke: {reply}"},
    {"delivery.host.failed", "{host} ({address}) cannot be spoken to: {reply}"},
    {"drop.letter.taken", "taken from the drop directory[ ({file})]"},
    {"trace.refusals.omitted", "{count} more refusal{s of count} in these seconds"},
    {"trace.records.dropped", "not kept, too many at once: {count} event{s of count}"},
};
// clang-format on

constexpr std::string_view kPlural = "s of ";

// Appends `words` with fields filled in. False: a field was empty.
bool fill(std::string& out, std::string_view words, const TraceRecord& record) {
  bool all = true;
  while (!words.empty()) {
    std::size_t plain = std::min(words.find_first_of("{["), words.size());
    out += words.substr(0, plain);
    words.remove_prefix(plain);
    if (words.empty()) break;
    char closing = words.front() == '{' ? '}' : ']';
    std::size_t end = words.find(closing);
    std::string_view inner = words.substr(1, end - 1);
    if (inner.starts_with(kPlural)) {
      if (record.text(inner.substr(kPlural.size())) != "1") out += 's';
    } else if (closing == '}') {
      std::string value = record.text(inner);
      if (inner == "original" && value == record.text("to")) value.clear();
      if (value.empty()) all = false;
      out += printable(value);
    } else {
      std::string optional;
      if (fill(optional, inner, record)) out += optional;
    }
    words.remove_prefix(end + 1);
  }
  return all;
}

}  // namespace

std::string trace_sentence(const TraceRecord& record) {
  std::string out;
  const auto* found = std::ranges::find(kSentences, record.event, &Sentence::event);
  if (found != std::end(kSentences)) {
    fill(out, found->words, record);
    return out;
  }
  out = record.event;
  bool first = true;
  for (const auto& field : record.fields) {
    if (field.name == "queue_id" || field.name == "session") continue;
    out += fmt::format("{}{}={}", std::exchange(first, false) ? ": " : ", ", field.name,
                       printable(record.text(field.name)));
  }
  return out;
}

}  // namespace posta::ops

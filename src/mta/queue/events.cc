#include "mta/queue/events.h"

namespace posta::mta::events {

void recipient_settled(Events& events, QueueId id, const OwedRecipient& owed,
                       const Outcome& outcome) {
  std::string to = owed.recipient.address.str();
  switch (outcome.kind) {
    case Outcome::Kind::delivered:
      events.emit({"queue.recipient.delivered",
                   {{"queue_id", to_string(id)},
                    {"to", to},
                    {"original", owed.recipient.original},
                    {"reply", outcome.reply.str()}}});
      return;
    case Outcome::Kind::deferred:
    case Outcome::Kind::failed:
      events.emit({outcome.kind == Outcome::Kind::failed ? "queue.recipient.failed"
                                                         : "queue.recipient.deferred",
                   {{"queue_id", to_string(id)},
                    {"to", to},
                    {"original", owed.recipient.original},
                    {"reply", outcome.reply.str()},
                    {"attempts", owed.attempts}},
                   Severity::warning});
      return;
  }
}

void letter_removed(Events& events, QueueId id) {
  events.emit({"queue.letter.removed", {{"queue_id", to_string(id)}}});
}

void report_sent(Events& events, QueueId report, QueueId about) {
  events.emit(
      {"queue.report.sent", {{"queue_id", to_string(report)}, {"about", to_string(about)}}});
}

void report_dropped(Events& events, QueueId about) {
  events.emit({"queue.report.dropped", {{"about", to_string(about)}}, Severity::warning});
}

void trouble(Events& events, QueueId id, const Error& error) {
  events.emit({"queue.trouble",
               {{"queue_id", to_string(id)}, {"error", describe(error)}},
               Severity::error});
}

}  // namespace posta::mta::events

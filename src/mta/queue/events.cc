#include "mta/queue/events.h"

namespace posta::mta::events {

void recipient_settled(Events& events, QueueId id, const OwedRecipient& owed,
                       const Outcome& outcome) {
  bool well = outcome.kind == Outcome::Kind::delivered;
  Event event(well                                    ? "queue.recipient.delivered"
              : outcome.kind == Outcome::Kind::failed ? "queue.recipient.failed"
                                                      : "queue.recipient.deferred",
              {{"queue_id", to_string(id)},
               {"to", owed.recipient.address.str()},
               {"original", owed.recipient.original},
               {"reply", outcome.reply.str()}},
              well ? Severity::info : Severity::warning);
  if (!well) event.fields.emplace_back("attempts", owed.attempts);
  if (!outcome.host.empty()) {
    event.fields.emplace_back("host", outcome.host);
    event.fields.emplace_back("tls", outcome.tls);
  }
  events.emit(event);
}

void recipient_changed(Events& events, std::string_view name, QueueId id,
                       const OwedRecipient& owed) {
  events.emit({name,
               {{"queue_id", to_string(id)},
                {"to", owed.recipient.address.str()},
                {"original", owed.recipient.original}}});
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

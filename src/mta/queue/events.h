// events.h: what the queue says of a letter.
//
//   queue.recipient.delivered  queue_id to original reply           info
//   queue.recipient.deferred   queue_id to original reply attempts  warning
//   queue.recipient.failed     queue_id to original reply attempts  warning
//   queue.letter.removed       queue_id                             info     nothing of it is owed
//   any more queue.report.sent          queue_id about                       info     a DSN was
//   made queue.report.dropped       about                                warning  a failure nobody
//   can be told of queue.trouble              queue_id error                       error    the
//   store failed an attempt
#pragma once

#include "base/events.h"
#include "mta/queue/queue.h"

namespace posta::mta::events {

void recipient_settled(Events& events, QueueId id, const OwedRecipient& owed,
                       const Outcome& outcome);
void letter_removed(Events& events, QueueId id);
void report_sent(Events& events, QueueId report, QueueId about);
void report_dropped(Events& events, QueueId about);
void trouble(Events& events, QueueId id, const Error& error);

}  // namespace posta::mta::events

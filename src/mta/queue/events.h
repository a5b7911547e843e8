// events.h: what the queue says of a letter.
//
//   queue.recipient.delivered  queue_id to original reply host tls           info
//   queue.recipient.deferred   queue_id to original reply attempts host tls  warning
//   queue.recipient.failed     queue_id to original reply attempts host tls  warning
//   queue.recipient.retried    queue_id to original                 info     by an administrator,
//   queue.recipient.held       queue_id to original                 info     as these three
//   queue.recipient.released   queue_id to original                 info
//   queue.recipient.removed    queue_id to original                 info
//   queue.letter.removed       queue_id                             info     nothing of it is owed
//   queue.report.sent          queue_id about                       info     a DSN was made
//   queue.report.dropped       about                                warning  nobody can be told
//   queue.trouble              queue_id error                       error    the store failed
//
// `delivered`, `deferred` and `failed` of another host say its name (`host`) and how the connection
// was protected (`tls`), if there was one.
#pragma once

#include "base/events.h"
#include "mta/queue/queue.h"

namespace posta::mta::events {

void recipient_settled(Events& events, QueueId id, const OwedRecipient& owed,
                       const Outcome& outcome);
// `name`: queue.recipient.retried, held, released, removed.
void recipient_changed(Events& events, std::string_view name, QueueId id,
                       const OwedRecipient& owed);
void letter_removed(Events& events, QueueId id);
void report_sent(Events& events, QueueId report, QueueId about);
void report_dropped(Events& events, QueueId about);
void trouble(Events& events, QueueId id, const Error& error);

}  // namespace posta::mta::events

// admin_trace.cc: posta trace: a letter's life, in plain words.

#include "app/admin_common.h"
#include "app/units.h"
#include "ops/trace.h"

namespace posta::app {

using boost::json::array;
using boost::json::object;
using runtime::Task;

namespace {

object record_json(const ops::TraceRecord& record) {
  object fields;
  for (const auto& field : record.fields) {
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      fields[field.name] = *number;
    } else {
      fields[field.name] = std::get<std::string>(field.value);
    }
  }
  return {{"time", time_text(record.at)},
          {"event", record.event},
          {"words", ops::trace_sentence(record)},
          {"fields", fields}};
}

object life_json(const ops::Life& life) {
  array records;
  for (const auto& record : life.records) records.push_back(record_json(record));
  return {{"queue_id", life.id}, {"events", records}};
}

std::string life_lines(const ops::Life& life) {
  std::string out = life.id.empty() ? std::string("never a letter\n") : life.id + "\n";
  for (const auto& record : life.records)
    out += fmt::format("  {}  {}\n", time_text(record.at), ops::trace_sentence(record));
  return out;
}

// What the queue still owes of the letter: the end of its life is not yet in the trace.
Task<std::string> still_owed(House& house, std::string id) {
  auto letter = co_await house.queue().show(parse_queue_id(id));
  if (!letter || !*letter) co_return "";
  std::string out;
  for (const auto& owed : (*letter)->owed)
    out += fmt::format("  still owed to {}: {}\n", owed.recipient.address.str(),
                       owed.held ? "held, until posta queue release"
                                 : "next attempt " + time_text(owed.next_attempt));
  co_return out;
}

}  // namespace

Task<Answer> trace_command(House& house, const AdminOptions& options) {
  runtime::Executor& executor = co_await runtime::this_executor();
  if (house.config().trace_retention.count() == 0)
    co_return wrong("nothing is kept: trace.retention is 0s; give it a time, such as \"7d\"");
  WallTime since{};
  if (options.since) {
    auto back = parse_time(*options.since);
    if (!back) co_return wrong(back.error());
    since = executor.wall() - *back;
  }
  house.trace().flush();
  // A relaxed commit is visible once the committer has had its turn: a durable one goes behind it.
  store::Batch behind;
  behind.touch(0);
  auto flushed = co_await house.store().commit(std::move(behind));
  if (!flushed) co_return wrong(flushed.error());
  auto lives = co_await house.trace().lives(options.name, since, options.limit);
  if (!lives) co_return wrong(lives.error());
  array json;
  std::string words;
  for (const auto& life : *lives) {
    object one = life_json(life);
    std::string lines = life_lines(life);
    if (!life.id.empty()) {
      std::string owed = co_await still_owed(house, life.id);
      one["owed"] = !owed.empty();
      lines += owed;
    }
    json.push_back(std::move(one));
    words += lines;
  }
  if (lives->empty())
    co_return wrong(fmt::format(
        "nothing is known of {}; it must be a queue id, an address, a Message-ID or the address of "
        "a host, and have happened in the last {}",
        options.name, print_time(house.config().trace_retention)));
  co_return said(options.json, json, std::move(words));
}

}  // namespace posta::app

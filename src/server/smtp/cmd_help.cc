// cmd_help.cc: HELP lists our verbs, or tells the form of one (RFC 5321 §4.1.1.8).
#include "base/text.h"
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::help(wire::smtp::Help& command) {
  std::string_view topic = trim(command.topic);
  if (topic.empty())
    co_return reply::help.with("Commands: " + verb_list() + "\nSee " + config().help_url);
  if (const Verb* verb = verb_named(topic)) co_return reply::help.with(std::string(verb->usage));
  co_return reply::parameter_not_implemented.with("No help on that; HELP alone lists the commands");
}

}  // namespace posta::server::smtp

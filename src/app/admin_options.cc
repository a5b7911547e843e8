#include "app/admin_options.h"

#include <CLI/CLI.hpp>

#include "app/admin.h"
#include "base/text.h"

namespace posta::app {

namespace {

CLI::App* verb_of(CLI::App* group, AdminOptions& options, const std::string& name,
                  const std::string& words) {
  CLI::App* verb = group->add_subcommand(name, words);
  verb->add_flag("--json", options.json, "print for programs");
  verb->callback([&options, group, name] {
    options.group = group->get_name();
    options.verb = name;
  });
  return verb;
}

void paging(CLI::App* verb, AdminOptions& options) {
  verb->add_option("--after", options.after, "begin behind this one")->take_last();
  verb->add_option("--limit", options.limit, "at most so many")->check(CLI::Range(1, 1'000'000));
}

void account_words(CLI::App& cli, AdminOptions& options) {
  CLI::App* group = cli.add_subcommand("account", "people who have a mailbox here");
  group->require_subcommand(1);
  auto quota = [&](CLI::App* verb) {
    verb->add_option("--quota", options.quota, "the most it may hold: 2GiB, or none");
    verb->add_option("--quota-messages", options.quota_messages, "in messages; 0: no limit");
    verb->add_option("--name", options.person, "the person's name");
  };
  auto password = [&](CLI::App* verb) {
    verb->add_flag("--password-stdin", options.password_stdin,
                   "read the password from standard input; else one is made and printed once");
    verb->add_flag("--force", options.force, "take a short password");
  };
  CLI::App* add = verb_of(group, options, "add", "make an account with its mailboxes");
  add->add_option("address", options.name, "ann@example.org")->required();
  password(add);
  quota(add);
  CLI::App* set = verb_of(group, options, "set", "change an account");
  set->add_option("address", options.name)->required();
  quota(set);
  set->add_flag("--enable", options.enable, "logins and deliveries are taken again");
  set->add_flag("--disable", options.disable, "no login, no delivery; the mail stays");
  set->add_flag("--postmaster", options.postmaster_role, "it answers for postmaster everywhere");
  CLI::App* change = verb_of(group, options, "password", "set a new password");
  change->add_option("address", options.name)->required();
  password(change);
  change->add_flag("--change", options.change,
                   "by its owner: standard input has the old password and, in the next line, the "
                   "new one");
  CLI::App* grant = verb_of(group, options, "grant",
                            "let an account send as another address too, or list what it may");
  grant->add_option("address", options.name)->required();
  grant->add_option("sender", options.targets, "info@example.net, or @example.net for all of them")
      ->expected(0, 1);
  CLI::App* revoke = verb_of(group, options, "revoke", "take that away again");
  revoke->add_option("address", options.name)->required();
  revoke->add_option("sender", options.targets)->required()->expected(1);
  CLI::App* remove = verb_of(group, options, "remove", "remove an account and all its mail");
  remove->add_option("address", options.name)->required();
  CLI::App* show = verb_of(group, options, "show", "show one account");
  show->add_option("address", options.name)->required();
  paging(verb_of(group, options, "list", "list accounts"), options);
}

void app_password_words(CLI::App& cli, AdminOptions& options) {
  CLI::App* group = cli.add_subcommand(
      "app-password", "passwords for one program each, that can be taken away one by one");
  group->require_subcommand(1);
  CLI::App* add = verb_of(group, options, "add", "make one; it is printed once");
  add->add_option("account", options.name, "ann@example.org")->required();
  add->add_option("name", options.targets, "what it is for: \"Ann's phone\"")
      ->required()
      ->expected(1);
  add->add_option("--scope", options.scopes,
                  "what it is good for: imap, pop3 or smtp, or several: imap,smtp; default: all")
      ->allow_extra_args(false);
  CLI::App* list = verb_of(group, options, "list", "list them, and when they were last used");
  list->add_option("account", options.name)->required();
  CLI::App* remove = verb_of(group, options, "remove", "take one away; who uses it is locked out");
  remove->add_option("account", options.name)->required();
  remove->add_option("number", options.number, "as list says it")->required();
}

void domain_words(CLI::App& cli, AdminOptions& options) {
  CLI::App* group = cli.add_subcommand("domain", "domains whose mail comes here");
  group->require_subcommand(1);
  auto settings = [&](CLI::App* verb) {
    verb->add_flag("--default", options.make_default, "bare names and logins mean this domain");
    verb->add_option("--postmaster", options.postmaster, "the account behind postmaster and abuse");
    verb->add_option("--catch-all", options.catch_all, "who gets mail for unknown names, or none");
    verb->add_option("--separator", options.separator, "of user+detail, or none");
  };
  CLI::App* add = verb_of(group, options, "add", "take mail for a domain");
  add->add_option("domain", options.name, "example.org")->required();
  settings(add);
  CLI::App* set = verb_of(group, options, "set", "change a domain");
  set->add_option("domain", options.name)->required();
  settings(set);
  CLI::App* show = verb_of(group, options, "show", "show one domain");
  show->add_option("domain", options.name)->required();
  CLI::App* remove = verb_of(group, options, "remove", "take no more mail for a domain");
  remove->add_option("domain", options.name)->required();
  verb_of(group, options, "list", "list domains");
}

void alias_words(CLI::App& cli, AdminOptions& options) {
  CLI::App* group = cli.add_subcommand("alias", "addresses that lead to others");
  group->require_subcommand(1);
  for (std::string name : {"add", "set"}) {
    CLI::App* verb = verb_of(group, options, name,
                             name == "add" ? "make an alias" : "give an alias new targets");
    verb->add_option("address", options.name, "info@example.org, or a pattern: sales-*@example.org")
        ->required();
    verb->add_option("targets", options.targets, "where its mail goes")->required();
  }
  CLI::App* show = verb_of(group, options, "show", "show where an address leads");
  show->add_option("address", options.name)->required();
  CLI::App* remove = verb_of(group, options, "remove", "remove an alias");
  remove->add_option("address", options.name)->required();
  paging(verb_of(group, options, "list", "list aliases"), options);
}

void queue_words(CLI::App& cli, AdminOptions& options) {
  CLI::App* group = cli.add_subcommand("queue", "letters that are still owed to somebody");
  group->require_subcommand(1);
  paging(verb_of(group, options, "list", "list what is owed"), options);
  CLI::App* show = verb_of(group, options, "show", "show one letter, with its header");
  show->add_option("id", options.name, "the queue id")->required();
  show->add_flag("--message", options.message, "all of the message, octet by octet, and no more");
  const std::pair<const char*, const char*> changes[] = {
      {"retry", "try them now"},
      {"hold", "try them no more until they are released"},
      {"release", "held no more, and tried now"},
      {"delete", "give them up; what is delivered stays delivered"}};
  for (const auto& [name, words] : changes) {
    CLI::App* verb = verb_of(group, options, name, words);
    verb->add_option("id", options.name, "the queue id of a letter");
    verb->add_option("--to", options.to, "recipients with this address");
    verb->add_option("--domain", options.destination, "recipients in this domain");
    verb->add_option("--from", options.sender, "letters of this sender; <> for reports");
    verb->add_flag("--all", options.all, "everything that is owed");
    if (name == std::string_view("delete"))
      verb->add_flag("--report", options.report, "tell their senders");
  }
}

// A command without verbs.
CLI::App* plain(CLI::App& cli, AdminOptions& options, const std::string& name,
                const std::string& words) {
  CLI::App* command = cli.add_subcommand(name, words);
  command->add_flag("--json", options.json, "print for programs");
  command->callback([&options, name] { options.group = name; });
  return command;
}

void mailbox_words(CLI::App& cli, AdminOptions& options) {
  CLI::App* group = cli.add_subcommand("mailbox", "the mailboxes of an account");
  group->require_subcommand(1);
  CLI::App* list = verb_of(group, options, "list", "list them, with their counts");
  list->add_option("account", options.name, "ann@example.org")->required();
}

void other_words(CLI::App& cli, AdminOptions& options) {
  plain(cli, options, "status", "how the server is: sessions, queue, disk, memory");
  CLI::App* trace = plain(cli, options, "trace", "what happened to a letter, the oldest first");
  trace
      ->add_option("what", options.name,
                   "a queue id, an address, a Message-ID, or the address of a host")
      ->required();
  trace->add_option("--since", options.since, "only what is not longer ago: 2h, 3d");
  trace->add_option("--limit", options.limit, "at most so many events, the youngest")
      ->check(CLI::Range(1, 1'000'000));
  CLI::App* undelete = plain(cli, options, "undelete", "bring back mail that was expunged");
  undelete->add_option("account", options.name, "ann@example.org")->required();
  undelete->add_flag("--list", options.dry_run, "only show what would be brought back");
  undelete->add_option("--since", options.since, "only what was expunged not longer ago: 2h, 3d");
  undelete->add_option("--mailbox", options.mailbox, "only what was in this mailbox");
  undelete->add_option("--subject", options.subject, "only what has this in its subject");
  undelete->add_option("--limit", options.limit, "at most so many messages")
      ->check(CLI::Range(1, 100'000));
  // Asked for by `posta backup`; of no use to people.
  plain(cli, options, "checkpoint", "")->group("");
}

// "posta account foo": CLI11 would only say that a verb is missing.
std::optional<Answer> unknown_verb(CLI::App& cli, const std::vector<std::string>& args) {
  if (args.size() < 2 || args[1].starts_with('-')) return std::nullopt;
  auto all = [](const CLI::App*) { return true; };
  for (CLI::App* group : cli.get_subcommands(all)) {
    if (group->get_name() != args[0]) continue;
    std::vector<std::string> verbs;
    for (const CLI::App* verb : group->get_subcommands(all)) verbs.push_back(verb->get_name());
    if (verbs.empty() || std::ranges::find(verbs, args[1]) != verbs.end()) return std::nullopt;
    auto near = closest(args[1], verbs);
    return Answer{
        64, "",
        fmt::format("posta: no command {0} {1}{2}\nposta {0} --help lists them\n", args[0],
                    printable(args[1]), near ? "; did you mean " + *near + "?" : "")};
  }
  return std::nullopt;
}

}  // namespace

bool is_admin_command(const std::string& command) {
  static const std::vector<std::string> all = {"account", "app-password", "domain",
                                               "alias",   "queue",        "mailbox",
                                               "status",  "trace",        "undelete"};
  return std::ranges::find(all, command) != all.end();
}

// CLI11 speaks with exceptions; they end here.
std::optional<Answer> parse_admin(const std::vector<std::string>& args, AdminOptions& options) {
  CLI::App cli("posta: daily commands", "posta [--dir DIR]");
  cli.require_subcommand(1);
  account_words(cli, options);
  app_password_words(cli, options);
  domain_words(cli, options);
  alias_words(cli, options);
  queue_words(cli, options);
  mailbox_words(cli, options);
  other_words(cli, options);
  if (auto unknown = unknown_verb(cli, args)) return unknown;
  try {
    std::vector<std::string> reversed(args.rbegin(), args.rend());
    cli.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return Answer{0, cli.help(), ""};
  } catch (const CLI::ParseError& error) {
    std::string command = args.empty() ? "" : args[0];
    return Answer{64, "",
                  fmt::format("posta: {}\nposta {} --help says more\n", error.what(), command)};
  }
  if (options.enable && options.disable)
    return Answer{64, "", "posta: --enable and --disable exclude each other\n"};
  return std::nullopt;
}

std::optional<Answer> admin_usage(const std::vector<std::string>& args) {
  AdminOptions options;
  return parse_admin(args, options);
}

}  // namespace posta::app

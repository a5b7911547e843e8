// admin_options.h: the words of an administrative command, understood.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/control.h"

namespace posta::app {

struct AdminOptions {
  std::string group;  // account, domain, alias, queue
  std::string verb;   // add, list, ...
  bool json = false;

  std::string name;                  // the address, domain or queue id it is about
  std::vector<std::string> targets;  // of an alias
  bool password_stdin = false;
  bool change = false;              // account password --change
  std::vector<std::string> scopes;  // app-password --scope
  std::uint32_t number = 0;         // of an app password
  bool force = false;
  std::optional<std::string> quota;  // "2GiB"; "none"
  std::optional<std::uint64_t> quota_messages;
  std::optional<std::string> person;  // --name
  bool enable = false;
  bool disable = false;
  bool postmaster_role = false;           // account set --postmaster
  bool make_default = false;              // domain --default
  std::optional<std::string> postmaster;  // domain --postmaster ADDRESS
  std::optional<std::string> catch_all;   // domain --catch-all ADDRESS; "none"
  std::optional<std::string> separator;   // domain --separator C; "none"
  std::string after;
  std::size_t limit = 1000;
  std::optional<std::string> since;        // a time back from now: "2h"
  std::optional<std::string> mailbox;      // undelete --mailbox NAME
  std::optional<std::string> subject;      // undelete --subject TEXT
  std::optional<std::string> to;           // queue --to ADDRESS
  std::optional<std::string> destination;  // queue --domain DOMAIN
  std::optional<std::string> sender;       // queue --from ADDRESS; "<>"
  bool all = false;                        // queue --all
  bool message = false;                    // queue show --message
  bool report = false;                     // queue delete --report
  bool dry_run = false;                    // undelete --list
};

// The answer to --help or to a mistake, else the options.
std::optional<Answer> parse_admin(const std::vector<std::string>& args, AdminOptions& options);

}  // namespace posta::app

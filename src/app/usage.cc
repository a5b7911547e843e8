#include "app/usage.h"

#include "app/version.h"
#include "base/text.h"

namespace posta::app {

std::string usage() {
  return fmt::format(R"(posta {}: a mail server in one program.

  posta quickstart --dir DIR --domain DOMAIN    make a server directory
  posta serve      --dir DIR                    serve, in the foreground
  posta check      --dir DIR                    say what is wrong, in plain words

  posta account    add|list|set|show|password|grant|revoke|remove
  posta app-password add|list|remove
  posta domain     add|list|set|show|remove
  posta alias      add|list|set|show|remove
  posta mailbox    list ACCOUNT                 its mailboxes, with their counts

  posta undelete   ACCOUNT                      bring back mail that was expunged

  posta status                                  sessions, queue, disk, memory
  posta queue      list|show|retry|hold|release|delete
                                                letters that are owed to somebody
  posta trace      QUEUE-ID|ADDRESS|MESSAGE-ID  what happened to a letter
  posta submit     RECIPIENT… < MESSAGE         hand in a message, server up or down
  posta backup     DIR                          everything, while the server runs
  posta restore    BACKUP --dir DIR

  posta config     show | explain KEY           every key, its value and meaning
  posta tool       mime FILE                    a message as posta understands it
  posta tool       sandbox-probe                what the server's sandbox refuses
  posta version

Each command says more with --help, and prints for programs with --json. --dir DIR can be left out
where POSTA_DIR is set. Exit codes: 0 done, 1 it could not be done, 64 the command line is wrong.
)",
                     kVersion);
}

std::string unknown_command(const std::string& command) {
  auto near =
      closest(command, {"quickstart", "serve", "check", "account", "app-password", "domain",
                        "alias", "queue", "mailbox", "undelete", "status", "trace", "submit",
                        "backup", "restore", "config", "tool", "version", "help"});
  return fmt::format("posta: no command {}{}\nposta help lists them\n", printable(command),
                     near ? "; did you mean " + *near + "?" : "");
}

}  // namespace posta::app

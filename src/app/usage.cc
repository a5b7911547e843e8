#include "app/usage.h"

#include "app/version.h"
#include "base/text.h"

namespace posta::app {

std::string usage() {
  return fmt::format(R"(posta {}: a mail server in one program.

  posta quickstart --dir DIR --domain DOMAIN    make a server directory
  posta serve      --dir DIR                    serve, in the foreground
  posta check      --dir DIR                    say what is wrong, in plain words

  posta account    add|list|set|password|grant|revoke|remove
  posta app-password add|list|remove
  posta domain     add|list|set|remove
  posta alias      add|list|set|remove
  posta queue      list|show

  posta config     show | explain KEY           every key, its value and meaning
  posta tool       mime FILE                    a message as posta understands it
  posta version

Each command says more with --help. --dir DIR can be left out where POSTA_DIR is set.
)",
                     kVersion);
}

std::string unknown_command(const std::string& command) {
  auto near = closest(command, {"quickstart", "serve", "check", "account", "app-password", "domain",
                                "alias", "queue", "config", "tool", "version", "help"});
  return fmt::format("posta: no command {}{}\nposta help lists them\n", printable(command),
                     near ? "; did you mean " + *near + "?" : "");
}

}  // namespace posta::app

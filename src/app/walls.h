// walls.h: what each process of this configuration may do (house D8): who it is, what it can reach.
//
//   supervisor   starts and ends the others, and nothing else. Root only if it was started so
//   helper       opens the configured ports and reads the configured keys: nothing else, for
//                nobody else; may read files, writes none
//   server       everything that talks to the world. The user of the configuration; of the server
//                directory it reaches what it writes, of the system what the resolver, TLS and time
//                zones read
#pragma once

#include "app/config.h"
#include "guard/sandbox.h"

namespace posta::app {

// As whom the server runs. Error{config} says how to make the user, if it is not there.
Result<guard::Identity> server_identity(const Config& config);

// The folders that the server writes, absolute.
std::vector<std::string> written_folders(const Config& config);
// Makes those that are missing; Error{denied} if one belongs to somebody else.
Result<> make_written_folders(const Config& config, const guard::Identity& who);

guard::Walls server_walls(const Config& config, const guard::Identity& who);
guard::Walls helper_walls(const Config& config);

// For commands that open the store in a process of their own: root becomes whom the server is, so
// that no file of root's is left in the store.
Result<> act_as_server(const Config& config);

}  // namespace posta::app

// quickstart.h: a server directory out of nothing.
//
//   posta quickstart --dir DIR --domain DOMAIN [--hostname NAME] [--port-offset N] [--listen
//   ADDRESS]
//                    [--account NAME]... [--user USER] [--json]
//
// Makes DIR (0700) with posta.toml, a certificate that signs itself (tls/cert.pem, and its key,
// 0600), the store, the domain, the accounts with generated passwords that are printed once, and a
// welcome message for each. The first account is postmaster. DIR must be empty or not there yet:
// nothing that exists is touched. posta.toml comes last: a directory that has one is whole, and
// what could not be finished is removed again.
//
// Made by root, DIR belongs to USER, as whom the server will run: by default to posta. If there is
// no such user, or it cannot reach DIR, nothing is made: as root only who says `--user root`.
#pragma once

#include <string>
#include <vector>

#include "app/control.h"

namespace posta::app {

Answer quickstart(const std::string& directory, const std::vector<std::string>& args);

}  // namespace posta::app

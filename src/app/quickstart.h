// quickstart.h: a server directory out of nothing.
//
//   posta quickstart --dir DIR --domain DOMAIN [--hostname NAME] [--port-offset N] [--listen
//   ADDRESS]
//                    [--account NAME]...
//
// Makes DIR (0700) with posta.toml, a certificate that signs itself (tls/cert.pem, and its key,
// 0600), the store, the domain, the accounts with generated passwords that are printed once, and a
// welcome message for each. The first account is postmaster. DIR must be empty or not there yet:
// nothing that exists is touched.
#pragma once

#include <string>
#include <vector>

#include "app/control.h"

namespace posta::app {

Answer quickstart(const std::string& directory, const std::vector<std::string>& args);

}  // namespace posta::app

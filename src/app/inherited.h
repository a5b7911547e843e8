// inherited.h: which of the sockets that a service manager opened is for which listener.
//
// A socket is matched by its address. One whose address is not in the configuration belongs to the
// service of its name (FileDescriptorName=smtp), and its address is added to the configuration. Any
// other is an Error{config}: mail must not be served where nobody meant it to be.
#pragma once

#include "app/listening.h"
#include "guard/systemd.h"

namespace posta::app {

struct Inherited {
  std::vector<OpenListener> open;
  // Endpoints that need no socket of their own: an IPv6 socket on every address takes IPv4 too,
  // unless it says otherwise (IPV6_V6ONLY).
  std::vector<net::Endpoint> covered;
};

Result<Inherited> match_inherited(Config& config, const std::vector<guard::InheritedSocket>& all);

}  // namespace posta::app

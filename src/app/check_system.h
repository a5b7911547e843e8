// check_system.h: what `posta check` asks of the machine.
#pragma once

#include <cstdint>
#include <string>

#include "app/config.h"
#include "app/findings.h"
#include "guard/privileges.h"

namespace posta::app {

// Who listens on a TCP port here, as far as we may see: "nginx (process 71)"; empty: unknown.
std::string who_listens(std::uint16_t port);

// Permissions, open files, clock, host name.
void check_files(Findings& findings, const Config& config);
// Whether `who` can read what the server needs to start, where nobody else reads it for them:
// systemd's unit starts it as them from the beginning.
void check_readable(Findings& findings, const Config& config, const guard::Identity& who);
// As many as would be open with all the sessions that the configuration allows.
std::uint64_t open_files_wanted(const Config& config);
void check_open_files(Findings& findings, const Config& config);
void check_clock(Findings& findings);

}  // namespace posta::app

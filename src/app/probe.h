// probe.h: `posta tool sandbox-probe --dir DIR`: tries from inside the server's sandbox what must
// be refused there, and what must work.
//
// Each attempt is a process of its own that enters the very sandbox that the server of DIR would
// have (walls.h), as the same user, and then tries. One line each: what, how it ended, and whether
// that is right. For administrators after an upgrade of the kernel, and for tests/e2e.
#pragma once

#include "app/config.h"
#include "app/control.h"

namespace posta::app {

Answer probe_sandbox(const Config& config, bool json);

}  // namespace posta::app

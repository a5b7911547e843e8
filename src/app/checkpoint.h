// checkpoint.h: a copy of the store for `posta backup`, made beside the store.
//
// The server may write only below its own folders, the command may write where the backup goes: so
// the server makes the checkpoint inside the store's folder (hard links, quick), and the command
// moves it. What a crash leaves of one is removed by the next start and the next backup.
#pragma once

#include <string>

namespace posta::app {

// Removes checkpoints that nobody took. `store` is the store's folder.
void remove_checkpoints(const std::string& store);

inline constexpr const char* kCheckpointPrefix = "checkpoint-";

}  // namespace posta::app

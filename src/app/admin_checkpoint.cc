// admin_checkpoint.cc: the server's half of `posta backup`.

#include <filesystem>

#include "app/admin_common.h"
#include "app/checkpoint.h"
#include "base/codec.h"

namespace posta::app {

namespace fs = std::filesystem;

void remove_checkpoints(const std::string& store) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator at(store, error), end; !error && at != end; at.increment(error))
    if (at->path().filename().string().starts_with(kCheckpointPrefix)) found.push_back(at->path());
  for (const fs::path& path : found) fs::remove_all(path, error);
}

// Prints where the checkpoint is, and when it was begun.
runtime::Task<Answer> checkpoint_command(House& house, const AdminOptions& options) {
  runtime::Executor& executor = co_await runtime::this_executor();
  std::string store = house.config().path(house.config().store_directory);
  remove_checkpoints(store);
  WallTime begun = executor.wall();
  std::string path =
      fmt::format("{}/{}{}", store, kCheckpointPrefix, base32_name(executor.random()));
  auto made = co_await house.store().checkpoint(path);
  if (!made) co_return wrong(made.error());
  co_return said(options.json, boost::json::object{{"path", path}, {"made", time_text(begun)}},
                 path + "\n" + time_text(begun) + "\n");
}

}  // namespace posta::app

// sim_stage.h: the simulated house as the stage of a dialogue.
#pragma once

#include <memory>

#include "dialogs/runner.h"
#include "world/world.h"

namespace posta::dialogs {

class SimStage final : public Stage {
 public:
  // Where the client is if the dialogue does not say.
  SimStage(world::World& world, net::IpAddress anywhere) : world_(world), anywhere_(anywhere) {}

  Task<Result<std::unique_ptr<net::Transport>>> connect(std::string server,
                                                        std::string peer) override;
  Task<Result<std::vector<std::string>>> mailbox(std::string address) override;
  Task<Result<>> directive(Step step) override;
  std::shared_ptr<net::TlsClient> tls() override { return world_.tls_client(); }
  Duration patience() const override { return std::chrono::hours(24); }

 private:
  world::World& world_;
  net::IpAddress anywhere_;
};

// The world that a dialogue asks for with @setup. An Error names the line that makes no sense.
Result<world::Config> world_for(const Dialog& dialog, std::uint64_t seed);

// Plays it once; the Error says which line did not hold.
Result<> play(const Dialog& dialog, std::uint64_t seed);

}  // namespace posta::dialogs

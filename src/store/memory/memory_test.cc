#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"
#include "store/suite.h"
#include "store/suite_bodies.h"
#include "store/suite_commits.h"
#include "store/suite_keys.h"
#include "store/suite_random.h"

namespace posta::store {
namespace {

using runtime::sim::SimExecutor;

class MemoryWorld final : public suite::World {
 public:
  MemoryWorld(Limits limits, std::uint64_t seed) : executor_(seed), disk_(seed) {
    options_.limits = limits;
    options_.seed = seed;
    reopen();
  }
  MemoryWorld(const MemoryWorld& other, std::uint64_t seed) : executor_(seed), disk_(seed) {
    options_ = other.options_;
  }
  Store& store() override { return *store_; }
  void run(Task<> task) override { executor_.run_task(std::move(task)); }
  void advance(Duration duration) override { executor_.run_for(duration); }
  void reopen() override {
    store_.reset();
    auto opened = memory::open(disk_, executor_, options_);
    ASSERT_TRUE(opened) << describe(opened.error());
    store_ = std::move(*opened);
  }
  void set_free(std::uint64_t octets) override { disk_.set_free(octets); }
  std::unique_ptr<World> open_checkpoint() override {
    auto copy = std::make_unique<MemoryWorld>(*this, 2);
    store_->add_copy("copy", copy->disk_);
    auto make = [this]() -> Task<> {
      auto done = co_await store_->checkpoint("copy");
      EXPECT_TRUE(done);
    };
    run(make());
    copy->reopen();
    return copy;
  }

 private:
  SimExecutor executor_;
  memory::Disk disk_;
  memory::Options options_;
  std::unique_ptr<memory::MemoryStore> store_;
};

}  // namespace

namespace suite {
INSTANTIATE_TEST_SUITE_P(Memory, StoreSuite,
                         testing::Values(Backend{"sim",
                                                 [](Limits limits) {
                                                   return std::make_unique<MemoryWorld>(limits, 1);
                                                 }}),
                         [](const auto& param) { return param.param.name; });
}  // namespace suite

}  // namespace posta::store

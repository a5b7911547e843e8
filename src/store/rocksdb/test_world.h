// test_world.h: a RocksDB store in a directory of its own, with loops to run tasks on. Tests only.
#pragma once

#include <filesystem>

#include "runtime/asio/loop.h"
#include "store/rocksdb/open.h"
#include "store/rocksdb/test_fs.h"
#include "store/suite.h"

namespace posta::store::rocks {

// A directory that is gone at the end.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/posta-store-XXXXXX";
    CHECK(mkdtemp(name));
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

// For Options::now.
inline std::function<Instant()> real_clock() {
  auto workers =
      std::make_shared<runtime::asio::WorkerPool>(runtime::asio::WorkerPool::Limits{.threads = 1});
  auto loop = std::make_shared<runtime::asio::Loop>(*workers);
  return [workers, loop] { return loop->now(); };
}

// Runs a task to its end on a loop of the calling thread.
class Runner {
 public:
  void run(Task<> task) {
    runtime::asio::Loop loop(workers_);
    runtime::Nursery nursery(loop);
    nursery.spawn(then_quit(loop, std::move(task)));
    loop.run();
  }

 private:
  static Task<> then_quit(runtime::asio::Loop& loop, Task<> task) {
    co_await std::move(task);
    loop.quit();
  }
  runtime::asio::WorkerPool workers_{{.threads = 2}};
};

class RocksWorld final : public suite::World {
 public:
  explicit RocksWorld(Limits limits) {
    options_.limits = limits;
    options_.create = true;
    directory_ = scratch_ / "store";
    std::filesystem::create_directories(directory_);
    fs_ = std::make_shared<TestFs>(directory_);
    options_.file_system = fs_;
    // tidy: clock because these tests run on a real loop
    options_.now = [this, now = real_clock()] { return now() + jumped_.load(); };
    reopen();
  }
  ~RocksWorld() override { store_.reset(); }

  Store& store() override { return *store_; }
  void run(Task<> task) override { runner_.run(std::move(task)); }
  void advance(Duration duration) override { jumped_ = jumped_.load() + duration; }
  void reopen() override {
    store_.reset();
    auto opened = open(directory_, options_);
    ASSERT_TRUE(opened) << describe(opened.error());
    store_ = std::move(*opened);
  }
  void set_free(std::uint64_t octets) override { fs_->set_free(octets); }
  std::unique_ptr<World> open_checkpoint() override {
    auto copy = std::make_unique<RocksWorld>(options_.limits);
    copy->store_.reset();
    std::filesystem::remove_all(copy->directory_);
    auto make = [&]() -> Task<> {
      auto done = co_await store_->checkpoint(copy->directory_);
      EXPECT_TRUE(done) << (done ? "" : describe(done.error()));
      auto again = co_await store_->checkpoint(copy->directory_);
      EXPECT_EQ(again.error().kind, Error::Kind::conflict);
    };
    run(make());
    copy->reopen();
    return copy;
  }

  const std::string& directory() const { return directory_; }
  Options& options() { return options_; }
  TestFs& fs() { return *fs_; }
  void close() { store_.reset(); }

 private:
  Scratch scratch_;
  std::string directory_;
  std::shared_ptr<TestFs> fs_;
  std::atomic<Duration> jumped_{Duration{0}};
  Options options_;
  Runner runner_;
  std::unique_ptr<Store> store_;
};

}  // namespace posta::store::rocks

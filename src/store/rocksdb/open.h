// open.h: the store of the server: RocksDB for keys and small bodies, files for large bodies.
//
//   DIR/lock       who has the store open
//   DIR/keys/      RocksDB (docs/formats/store.md)
//   DIR/bodies/    large bodies
//
// One process at a time. The committer has a thread of its own; everything else runs on the
// executors of the tasks that ask, and on their worker pool when the disk must be read.
#pragma once

#include "base/events.h"
#include "store/store.h"

namespace rocksdb {
class FileSystem;
}

namespace posta::store::rocks {

struct Options {
  Limits limits;
  std::function<Instant()> now;                      // of any executor; for the life of snapshots
  Octets block_cache_octets = 64_MiB;                // blocks of keys and bodies
  Octets write_buffers_octets = 128_MiB;             // what is not yet in tables, all told
  bool create = false;                               // if there is no store in the directory
  Events* events = nullptr;                          // store/events.h
  std::function<void(const Error&)> fatal;           // default: the process ends (committer.h)
  std::shared_ptr<rocksdb::FileSystem> file_system;  // default: the disk; others are for tests
  bool sync = true;                                  // false: a crash loses commits; for tests
};

// Error{conflict}: somebody else has it open, and who. Error{config}: a newer format.
// Error{not_found}: there is none, and `create` is false. Error{corrupt}: there is one that is not
// whole, and nothing of it was touched. Blocks.
Result<std::unique_ptr<Store>> open(const std::string& directory, Options options);

// The same of a directory that nobody opens: is there a store, as far as names say?
Result<> look_for(const std::string& directory);

// Error{conflict}: somebody has the store in this directory open, and who. Makes nothing.
Result<> look_whether_free(const std::string& directory);

// What `posta check --store` says. Reads everything: checksums of all blocks, every small body,
// every frame of every file; every link has its body. Blocks, for long; the store may be in use.
struct Report {
  std::uint64_t keys = 0;
  std::uint64_t small_bodies = 0;
  std::uint64_t files = 0;
  std::uint64_t links = 0;
  std::uint64_t unlinked = 0;         // bodies that the next sweep removes; no fault
  std::uint64_t faults = 0;           // how many
  std::vector<std::string> examples;  // of faults, in words; at most kExamplesMax
  static constexpr std::size_t kExamplesMax = 100;
};
Result<Report> verify(Store& store);  // one that open() returned

}  // namespace posta::store::rocks

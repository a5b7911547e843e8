// verify.cc: everything in a store, read and compared.
#include "base/bytes.h"
#include "store/keys.h"
#include "store/rocksdb/rocks_store.h"
#include "store/rocksdb/status.h"

namespace posta::store::rocks {

namespace {

class Verifier {
 public:
  Verifier(RocksEngine& engine, LocalStore& store) : engine_(engine), store_(store) {}

  Result<Report> run() {
    auto checked = engine_.db().VerifyChecksum();
    if (!checked.ok()) fault("a table: " + checked.ToString());
    // Links first: a body that comes later is no fault, a link to nothing is.
    TRY_VOID(read_keys());
    TRY_VOID(read_small_bodies());
    TRY_VOID(read_files());
    for (std::size_t i = 0; i < linked_.size(); ++i)
      if (!found_[i])
        fault(fmt::format("body {:016x} is linked and is not there", linked_[i].value));
    return std::move(report_);
  }

 private:
  void fault(std::string what) {
    ++report_.faults;
    if (report_.examples.size() < Report::kExamplesMax) report_.examples.push_back(std::move(what));
  }

  std::unique_ptr<rocksdb::Iterator> all(rocksdb::ColumnFamilyHandle* family) {
    rocksdb::ReadOptions how;
    how.fill_cache = false;
    how.readahead_size = 2_MiB;
    std::unique_ptr<rocksdb::Iterator> place(engine_.db().NewIterator(how, family));
    place->SeekToFirst();
    return place;
  }

  Result<> read_keys() {
    auto place = all(engine_.keys());
    for (; place->Valid(); place->Next()) {
      ++report_.keys;
      std::string_view key(place->key().data(), place->key().size());
      if (!key.starts_with("B/")) continue;
      ++report_.links;
      if (auto body = body_of_link(key)) {
        if (linked_.empty() || linked_.back() != *body) linked_.push_back(*body);
      } else {
        fault(fmt::format("a link with an impossible key of {} octets", key.size()));
      }
    }
    found_.resize(linked_.size());
    if (!place->status().ok()) fault("the keys: " + place->status().ToString());
    return {};
  }

  // Notes that it is there. False: nobody links it.
  bool found(BodyId body) {
    auto place = std::lower_bound(linked_.begin(), linked_.end(), body);
    if (place == linked_.end() || *place != body) {
      ++report_.unlinked;
      return false;
    }
    found_[static_cast<std::size_t>(place - linked_.begin())] = true;
    return true;
  }

  Result<> read_small_bodies() {
    auto place = all(engine_.bodies());
    for (; place->Valid(); place->Next()) {
      ++report_.small_bodies;
      std::string_view key(place->key().data(), place->key().size());
      if (key.size() != 8) {
        fault("a small body with an impossible key");
        continue;
      }
      BodyId body(get_be64(key));
      found(body);
      std::string_view packed(place->value().data(), place->value().size());
      if (auto sound = packer_.check(packed); !sound)
        fault(fmt::format("body {:016x}: {}", body.value, sound.error().what));
    }
    if (!place->status().ok()) fault("the small bodies: " + place->status().ToString());
    return {};
  }

  Result<> read_files() {
    TRY(auto bodies, engine_.files().list());
    for (BodyId body : bodies) {
      // One that is being written has no end yet.
      if (store_.committer().leases().held(body)) continue;
      ++report_.files;
      bool named = found(body);
      auto sound = store_.check_file(body);
      if (!sound && named)
        fault(fmt::format("the file of body {:016x}: {}", body.value, sound.error().what));
    }
    return {};
  }

  RocksEngine& engine_;
  LocalStore& store_;
  Packer packer_;
  std::vector<BodyId> linked_;  // ascending, as their keys are
  std::vector<bool> found_;
  Report report_;
};

}  // namespace

Result<Report> verify(Store& store) {
  auto* rocks = dynamic_cast<RocksStore*>(&store);
  CHECK(rocks);
  return Verifier(rocks->rocks(), *rocks).run();
}

}  // namespace posta::store::rocks

#include "store/body_writer.h"

#include "runtime/worker.h"

namespace posta::store {

namespace {
constexpr std::size_t kDrainOctets = 4 * kFrameOctets;  // gathered before the worker is asked
}

LocalBodyWriter::LocalBodyWriter(Parts parts) : parts_(parts), id_(parts.committer.new_body_id()) {}

LocalBodyWriter::~LocalBodyWriter() {
  if (!in_file_) return;
  file_.reset();
  if (!kept_) {
    (void)parts_.files.remove(id_);  // what cannot be removed is found by the sweep after a restart
    parts_.committer.leases().release(id_);
  }
}

void LocalBodyWriter::keep() {
  if (in_file_ && !kept_) parts_.committer.leases().release(id_);
  kept_ = true;
}

Task<Result<>> LocalBodyWriter::write(std::string octets) {
  CHECK(!finished_);
  if (failed_) co_return fail(Error::Kind::unavailable, "the body could not be written");
  const Limits& limits = parts_.store.limits();
  if (octets.size() > limits.body_octets_max - size_)
    co_return fail(Error::Kind::limit, "body_octets_max");
  size_ += octets.size();
  if (buffer_.empty()) {
    buffer_ = std::move(octets);
  } else {
    buffer_ += octets;
  }
  if (!in_file_ && buffer_.size() <= limits.body_inline_max) co_return Result<>();
  if (in_file_ && buffer_.size() < kDrainOctets) co_return Result<>();
  auto drained = co_await drain_on_worker(false);
  co_return drained;
}

Task<Result<>> LocalBodyWriter::finish() {
  CHECK(!finished_);
  if (failed_) co_return fail(Error::Kind::unavailable, "the body could not be written");
  if (in_file_) {
    CO_TRY_VOID(co_await drain_on_worker(true));
  } else {
    octets_ = std::make_shared<const std::string>(std::move(buffer_));
    buffer_ = parts_.packer.pack(*octets_);
  }
  finished_ = true;
  co_return Result<>();
}

Task<Result<>> LocalBodyWriter::drain_on_worker(bool last) {
  if (parts_.store.short_of_disk())
    co_return fail(Error::Kind::full, "no space left for the store");
  auto job = [this, last] { return drain(last); };
  auto drained = co_await runtime::on_worker(job);
  if (!drained) {
    failed_ = true;
    co_return Failure(drained.error());
  }
  if (!*drained) failed_ = true;
  co_return std::move(*drained);
}

Result<> LocalBodyWriter::drain(bool last) {
  if (!in_file_) {
    parts_.committer.leases().hold(id_);
    in_file_ = true;
    TRY(file_, parts_.files.create(id_));
    TRY_VOID(file_->append(kBodyFileHead));
  }
  std::string_view rest = buffer_;
  std::string packed;
  while (rest.size() >= kFrameOctets || (last && !rest.empty())) {
    std::string_view raw = rest.substr(0, kFrameOctets);
    rest.remove_prefix(raw.size());
    std::string frame = parts_.packer.frame(raw);
    index_.add(frame);
    packed += frame;
  }
  if (last) {
    index_.size = size_;
    packed += index_.encode();
  }
  buffer_.erase(0, buffer_.size() - rest.size());
  if (!packed.empty()) TRY_VOID(file_->append(packed));
  if (last) {
    TRY_VOID(file_->sync());
    file_.reset();
    buffer_ = {};
  }
  return {};
}

}  // namespace posta::store

#include "store/local_store.h"

#include "base/bytes.h"
#include "base/codec.h"
#include "runtime/worker.h"
#include "store/keys.h"

namespace posta::store {

namespace {

constexpr std::size_t kSweptTogether = 1000;  // bodies looked at in one turn

std::string varint(std::uint64_t value) {
  Writer writer;
  writer.number(value);
  return writer.take();
}

}  // namespace

LocalStore::LocalStore(Engine& engine, Committer::Options options)
    : engine_(engine), limits_(options.limits), committer_(engine, std::move(options)) {}

Result<> LocalStore::start() {
  TRY(auto format, engine_.get(kFormatKey));
  if (!format) {
    TRY(bool used, engine_.any(""));
    if (used) return fail(Error::Kind::corrupt, "the store has no format key");
    std::vector<Batch::Op> ops;
    ops.push_back({Batch::Op::Kind::put, std::string(kFormatKey), varint(kFormat)});
    Log::Write first;
    first.ops.push_back(&ops);
    TRY_VOID(engine_.apply(first, true));
  } else {
    Reader reader(*format);
    std::uint64_t number = reader.number();
    if (!reader.done() || number < kFormatOldest || number > kFormat)
      return fail(
          Error::Kind::config,
          fmt::format("the store has format {}, and this posta reads {} to {}: use the "
                      "posta that wrote it, or a newer one",
                      reader.done() ? fmt::to_string(number) : "?", kFormatOldest, kFormat));
  }
  return committer_.start();
}

// ------------------------------------------------------------------------------------------------
// commits

Result<Octets> LocalStore::weigh(const Batch& batch) const {
  Octets octets = 0;
  for (const Batch::Op& op : batch.ops) {
    CHECK(!is_own_key(op));
    if (op.key.size() > limits_.key_octets_max) return fail(Error::Kind::limit, "key_octets_max");
    octets += op.key.size() + op.value.size();
  }
  for (const auto& writer : batch.bodies) {
    const auto& body = static_cast<const StoredBody&>(*writer);
    CHECK(body.finished());
    if (body.packed()) octets += body.packed()->size();
  }
  if (octets > limits_.batch_octets_max) return fail(Error::Kind::limit, "batch_octets_max");
  return octets;
}

Task<Result<Committed>> LocalStore::commit(Batch batch) {
  CO_TRY(Octets octets, weigh(batch));
  if (!batch.requires_.empty()) {
    std::vector<std::string> keys;
    for (const Batch::Require& require : batch.requires_) keys.push_back(require.key);
    CO_TRY_VOID(co_await engine_.warm(std::move(keys)));
  }
  Committer::Waiting waiting;
  waiting.batch = std::move(batch);
  waiting.octets = octets;
  co_await committer_.hand_in(waiting);
  co_return std::move(waiting.result);
}

void LocalStore::commit_relaxed(Batch batch) {
  CHECK(batch.turns.empty() && batch.requires_.empty() && batch.unchanged.empty() &&
        batch.bodies.empty());
  auto octets = weigh(batch);
  if (octets) committer_.relaxed(std::move(batch), *octets);
}

bool LocalStore::has_head(Partition partition) const {
  return committer_.heads().has(partition);
}

void LocalStore::offer_head(Partition partition, std::shared_ptr<const Head> head, Version as_of) {
  committer_.heads().offer(partition, std::move(head), as_of);
}

// ------------------------------------------------------------------------------------------------
// bodies

std::unique_ptr<BodyWriter> LocalStore::new_body() {
  return std::make_unique<LocalBodyWriter>(
      LocalBodyWriter::Parts{committer_, engine_.files(), packer_, *this});
}

Task<Result<std::string>> LocalStore::read_body(BodyRef body, std::uint64_t offset,
                                                std::uint64_t length) const {
  offset = std::min(offset, body.size);
  length = std::min(length, body.size - offset);
  // body_inline_max may have been another when the body was written: its size only tells where to
  // look first.
  bool small_first = body.size <= limits_.body_inline_max;
  if (small_first) {
    CO_TRY(auto packed, co_await engine_.small_body(body.id));
    if (packed) co_return packer_.unpack(*packed, body.size, offset, length);
  }
  auto job = [this, body, offset, length] { return read_file(body, offset, length); };
  CO_TRY(auto read, co_await runtime::on_worker(job));
  if (read || !read.error().is(Error::Kind::not_found) || small_first) co_return std::move(read);
  CO_TRY(auto packed, co_await engine_.small_body(body.id));
  if (packed) co_return packer_.unpack(*packed, body.size, offset, length);
  co_return std::move(read);
}

Result<FrameIndex> LocalStore::file_index(BodyId body) const {
  const BodyFiles& files = engine_.files();
  TRY(std::uint64_t file_octets, files.size(body));
  if (file_octets < kBodyFileHead.size() + FrameIndex::kFootOctets)
    return fail(Error::Kind::corrupt, "a body file without its end");
  TRY(std::string foot,
      files.read(body, file_octets - FrameIndex::kFootOctets, FrameIndex::kFootOctets));
  TRY(std::uint64_t entries, FrameIndex::entries_octets(foot, file_octets));
  std::uint64_t index_at = file_octets - FrameIndex::kFootOctets - entries;
  TRY(std::string octets, files.read(body, index_at, entries + FrameIndex::kFootOctets));
  return FrameIndex::decode(octets, file_octets);
}

// Frames first to last, unpacked, to the end of `out`.
Result<> LocalStore::read_frames(BodyId body, const FrameIndex& index, std::size_t first,
                                 std::size_t last, std::string& out) const {
  std::uint64_t at = kBodyFileHead.size();
  for (std::size_t i = 0; i < first; ++i) at += index.frames[i].octets;
  for (std::size_t i = first; i <= last; ++i) {
    const FrameIndex::Frame& frame = index.frames[i];
    TRY(std::string octets, engine_.files().read(body, at, frame.octets));
    if (crc32c(octets) != frame.checksum)
      return fail(Error::Kind::corrupt, "a frame of a body file is damaged");
    std::size_t raw_octets = std::min<std::uint64_t>(kFrameOctets, index.size - i * kFrameOctets);
    TRY_VOID(packer_.unframe(octets, raw_octets, out));
    at += frame.octets;
  }
  return {};
}

Result<std::string> LocalStore::read_file(BodyRef body, std::uint64_t offset,
                                          std::uint64_t length) const {
  TRY(FrameIndex index, file_index(body.id));
  if (index.size != body.size) return fail(Error::Kind::corrupt, "a body file of another size");
  std::string out;
  if (length == 0) return out;
  std::size_t first = offset / kFrameOctets;
  std::size_t last = (offset + length - 1) / kFrameOctets;
  out.reserve((last - first + 1) * kFrameOctets);
  TRY_VOID(read_frames(body.id, index, first, last, out));
  return out.substr(offset - first * kFrameOctets, length);
}

Result<std::uint64_t> LocalStore::check_file(BodyId body) const {
  TRY(std::string head, engine_.files().read(body, 0, kBodyFileHead.size()));
  if (head != kBodyFileHead) return fail(Error::Kind::corrupt, "a body file of another format");
  TRY(FrameIndex index, file_index(body));
  for (std::size_t i = 0; i < index.frames.size(); ++i) {
    std::string out;
    TRY_VOID(read_frames(body, index, i, i, out));
  }
  return index.size;
}

// ------------------------------------------------------------------------------------------------
// sweeping

Task<Result<std::uint64_t>> LocalStore::sweep_bodies() {
  std::uint64_t removed = 0;
  // What a crash left: files that no commit named. Afterwards everything loose has a marker.
  if (!files_listed_.load()) {
    auto list = [this] { return engine_.files().list(); };
    CO_TRY(auto listed, co_await runtime::on_worker(list));
    CO_TRY(std::vector<BodyId> files, std::move(listed));
    for (std::size_t i = 0; i < files.size(); i += kSweptTogether) {
      auto from = files.begin() + static_cast<std::ptrdiff_t>(i);
      auto to =
          files.begin() + static_cast<std::ptrdiff_t>(std::min(files.size(), i + kSweptTogether));
      std::vector<BodyId> some(from, to);
      CO_TRY(std::uint64_t count, co_await sweep(std::move(some)));
      removed += count;
    }
    files_listed_ = true;
  }
  Range loose = Range::prefix(kLoosePrefix);
  while (true) {
    auto now = snapshot();
    CO_TRY(auto marks, co_await now->scan(loose, kSweptTogether));
    now.reset();
    if (marks.empty()) co_return removed;
    loose.begin = marks.back().key + '\0';
    std::vector<BodyId> some;
    for (const KeyValue& mark : marks)
      if (auto body = body_of_loose(mark.key)) some.push_back(*body);
    CO_TRY(std::uint64_t count, co_await sweep(std::move(some)));
    removed += count;
  }
}

Task<Result<std::uint64_t>> LocalStore::sweep(std::vector<BodyId> candidates) {
  Committer::Waiting waiting;
  waiting.kind = Committer::Waiting::Kind::sweep;
  waiting.sweep = std::move(candidates);
  co_await committer_.hand_in(waiting);
  if (!waiting.result) co_return Failure(waiting.result.error());
  // Their links are gone for good. A file that cannot be removed now is found after a restart.
  auto remove = [this, &waiting]() -> Result<> {
    std::lock_guard lock(keeping_files_);
    for (BodyId body : waiting.sweep) TRY_VOID(engine_.files().remove(body));
    return {};
  };
  CO_TRY(auto done, co_await runtime::on_worker(remove));
  CO_TRY_VOID(std::move(done));
  co_return waiting.sweep.size();
}

Task<Result<>> LocalStore::checkpoint(std::string directory) {
  auto copy = [this, &directory]() -> Result<> {
    std::lock_guard lock(keeping_files_);
    return engine_.checkpoint(directory);
  };
  CO_TRY(auto done, co_await runtime::on_worker(copy));
  co_return std::move(done);
}

}  // namespace posta::store

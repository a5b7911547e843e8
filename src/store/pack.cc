#include "store/pack.h"

#include <zstd.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/codec.h"

namespace posta::store {

namespace {

constexpr char kPlain = 0;
constexpr char kFrames = 1;
// Level 1: a 4 KiB message costs a few microseconds; the higher levels gain little on one frame.
constexpr int kLevel = 1;
constexpr std::string_view kFootMagic{"posta/i\x01", 8};

Failure damaged(const char* what) {
  return fail(Error::Kind::corrupt, what);
}

}  // namespace

// A context out of the pool, or a new one; goes back at the end.
template <class C>
class Packer::Lent {
 public:
  using Create = C* (*)();
  using Free = std::size_t (*)(C*);
  Lent(std::mutex& mutex, std::vector<C*>& pool, Create create, Free free)
      : mutex_(mutex), pool_(pool), free_(free) {
    {
      std::lock_guard lock(mutex_);
      if (!pool_.empty()) {
        context_ = pool_.back();
        pool_.pop_back();
      }
    }
    if (!context_) context_ = create();
    CHECK(context_);
  }
  ~Lent() {
    {
      std::lock_guard lock(mutex_);
      if (pool_.size() < kContextsMax) {
        pool_.push_back(context_);
        return;
      }
    }
    free_(context_);
  }
  C* get() const { return context_; }

 private:
  std::mutex& mutex_;
  std::vector<C*>& pool_;
  Free free_;
  C* context_ = nullptr;
};

Packer::~Packer() {
  for (ZSTD_CCtx* c : compressors_) ZSTD_freeCCtx(c);
  for (ZSTD_DCtx* d : decompressors_) ZSTD_freeDCtx(d);
}

std::string Packer::pack(std::string_view body) {
  Lent<ZSTD_CCtx> context(mutex_, compressors_, ZSTD_createCCtx, ZSTD_freeCCtx);
  std::string out;
  // A result longer than the body is of no use, so there need not be space for it. The library may
  // offer more than was asked for.
  const std::size_t room = body.size() + 1;
  out.resize_and_overwrite(room, [&](char* to, std::size_t) -> std::size_t {
    std::size_t used = 1;
    std::string_view rest = body;
    while (!rest.empty()) {
      std::string_view raw = rest.substr(0, kFrameOctets);
      std::size_t n =
          ZSTD_compressCCtx(context.get(), to + used, room - used, raw.data(), raw.size(), kLevel);
      if (ZSTD_isError(n)) break;
      used += n;
      rest.remove_prefix(raw.size());
    }
    if (rest.empty() && used < room) {
      to[0] = kFrames;
      return used;
    }
    to[0] = kPlain;
    std::memcpy(to + 1, body.data(), body.size());
    return body.size() + 1;
  });
  out.shrink_to_fit();
  return out;
}

Result<std::string> Packer::unpack(std::string_view packed, std::uint64_t size,
                                   std::uint64_t offset, std::uint64_t length) {
  CHECK(offset <= size && length <= size - offset);
  if (packed.empty()) return damaged("a packed body without a form");
  char form = packed[0];
  packed.remove_prefix(1);
  if (form == kPlain) {
    if (packed.size() != size) return damaged("a plain body of another size");
    return std::string(packed.substr(offset, length));
  }
  if (form != kFrames) return damaged("a packed body of an unknown form");
  std::string out;
  std::uint64_t at = 0;  // where the frame begins in the body
  while (at < size && at < offset + length) {
    std::size_t frame_octets = ZSTD_findFrameCompressedSize(packed.data(), packed.size());
    if (ZSTD_isError(frame_octets)) return damaged("a frame of a body is damaged");
    std::size_t raw_octets = std::min<std::uint64_t>(kFrameOctets, size - at);
    if (at + raw_octets > offset)
      TRY_VOID(unframe(packed.substr(0, frame_octets), raw_octets, out));
    packed.remove_prefix(frame_octets);
    at += raw_octets;
  }
  if (at == size && !packed.empty()) return damaged("octets behind the last frame of a body");
  std::uint64_t skipped = offset / kFrameOctets * kFrameOctets;
  if (out.size() == length && offset == skipped) return out;
  if (length == 0) return std::string();
  return out.substr(offset - skipped, length);
}

Result<std::uint64_t> Packer::check(std::string_view packed) {
  if (packed.empty()) return damaged("a packed body without a form");
  std::string_view rest = packed.substr(1);
  if (packed[0] == kPlain) return rest.size();
  std::uint64_t size = 0;
  while (!rest.empty()) {
    std::size_t frame_octets = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
    if (ZSTD_isError(frame_octets)) return damaged("a frame of a body is damaged");
    auto raw_octets = ZSTD_getFrameContentSize(rest.data(), rest.size());
    if (raw_octets > kFrameOctets) return damaged("a frame of a body is too long");
    size += raw_octets;
    rest.remove_prefix(frame_octets);
  }
  TRY(std::string body, unpack(packed, size, 0, size));
  return body.size();
}

std::string Packer::frame(std::string_view raw) {
  CHECK(raw.size() <= kFrameOctets);
  Lent<ZSTD_CCtx> context(mutex_, compressors_, ZSTD_createCCtx, ZSTD_freeCCtx);
  std::string out;
  out.resize_and_overwrite(raw.size(), [&](char* to, std::size_t) -> std::size_t {
    std::size_t n =
        ZSTD_compressCCtx(context.get(), to, raw.size(), raw.data(), raw.size(), kLevel);
    if (!ZSTD_isError(n) && n < raw.size()) return n;
    std::memcpy(to, raw.data(), raw.size());
    return raw.size();
  });
  return out;
}

Result<> Packer::unframe(std::string_view frame, std::size_t raw_octets, std::string& out) {
  CHECK(raw_octets <= kFrameOctets);
  if (frame.size() == raw_octets) {
    out += frame;
    return {};
  }
  Lent<ZSTD_DCtx> context(mutex_, decompressors_, ZSTD_createDCtx, ZSTD_freeDCtx);
  bool right = false;
  std::size_t before = out.size();
  out.resize_and_overwrite(before + raw_octets, [&](char* to, std::size_t) -> std::size_t {
    std::size_t n =
        ZSTD_decompressDCtx(context.get(), to + before, raw_octets, frame.data(), frame.size());
    right = !ZSTD_isError(n) && n == raw_octets;
    return right ? before + raw_octets : before;
  });
  if (!right) return damaged("a frame of a body is damaged");
  return {};
}

void FrameIndex::add(std::string_view frame) {
  frames.push_back({static_cast<std::uint32_t>(frame.size()), crc32c(frame)});
}

std::string FrameIndex::encode() const {
  std::string out;
  out.reserve(frames.size() * kFrameEntryOctets + kFootOctets);
  for (const Frame& frame : frames) {
    put_be32(out, frame.octets);
    put_be32(out, frame.checksum);
  }
  put_be64(out, size);
  put_be32(out, static_cast<std::uint32_t>(frames.size()));
  put_be32(out, crc32c(out));
  out += kFootMagic;
  return out;
}

Result<std::uint64_t> FrameIndex::entries_octets(std::string_view foot, std::uint64_t file_octets) {
  if (foot.size() != kFootOctets || !foot.ends_with(kFootMagic))
    return damaged("a body file without its end");
  std::uint64_t octets = std::uint64_t{get_be32(foot.substr(8))} * kFrameEntryOctets;
  if (octets + kFootOctets + kBodyFileHead.size() > file_octets)
    return damaged("a body file with an impossible index");
  return octets;
}

Result<FrameIndex> FrameIndex::decode(std::string_view octets, std::uint64_t file_octets) {
  if (octets.size() < kFootOctets) return damaged("a body file without its end");
  std::string_view foot = octets.substr(octets.size() - kFootOctets);
  TRY(std::uint64_t entries, entries_octets(foot, file_octets));
  if (octets.size() != entries + kFootOctets) return damaged("a body file with a wrong index");
  if (get_be32(foot.substr(12)) != crc32c(octets.substr(0, entries + 12)))
    return damaged("the index of a body file is damaged");
  FrameIndex index;
  index.size = get_be64(foot);
  index.frames.reserve(entries / kFrameEntryOctets);
  std::uint64_t at = kBodyFileHead.size();
  for (std::size_t i = 0; i < entries; i += kFrameEntryOctets) {
    Frame frame{get_be32(octets.substr(i)), get_be32(octets.substr(i + 4))};
    if (frame.octets == 0 || frame.octets > kFrameOctets)
      return damaged("a body file with an impossible frame");
    at += frame.octets;
    index.frames.push_back(frame);
  }
  std::uint64_t frames_due = index.size / kFrameOctets + (index.size % kFrameOctets ? 1 : 0);
  if (at + octets.size() != file_octets || frames_due != index.frames.size())
    return damaged("a body file with an index of another file");
  return index;
}

}  // namespace posta::store

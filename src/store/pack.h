// pack.h: how a body is packed (docs/formats/store.md).
//
// Both forms are frames of 64 KiB of the body, each compressed alone, so that a part of a body
// costs the frames that hold it.
//   small, in the batch:  an octet for the form, then the frames
//   large, in a file:     a head, the frames, an index of the frames
// A Packer keeps compression contexts for reuse; any thread.
#pragma once

#include <mutex>

#include "base/result.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace posta::store {

inline constexpr std::size_t kFrameOctets = 64 * 1024;  // of the body, in one frame

class Packer {
 public:
  Packer() = default;
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;
  ~Packer();

  std::string pack(std::string_view body);
  // [offset, offset + length) of the body of `size` octets; within its end. Error{corrupt}.
  Result<std::string> unpack(std::string_view packed, std::uint64_t size, std::uint64_t offset,
                             std::uint64_t length);

  // The size of the body if all of it can be unpacked. Error{corrupt}.
  Result<std::uint64_t> check(std::string_view packed);

  // At most as long as `raw`; exactly as long if compression would not have made it shorter, and
  // then it is `raw`. At most kFrameOctets.
  std::string frame(std::string_view raw);
  Result<> unframe(std::string_view frame, std::size_t raw_octets, std::string& out);

 private:
  static constexpr std::size_t kContextsMax = 8;  // kept of each kind
  template <class C>
  class Lent;

  std::mutex mutex_;
  std::vector<ZSTD_CCtx_s*> compressors_;
  std::vector<ZSTD_DCtx_s*> decompressors_;
};

inline constexpr std::string_view kBodyFileHead{"posta/b\x01", 8};

// The index of a file: where each frame is.
struct FrameIndex {
  std::uint64_t size = 0;  // of the body
  struct Frame {
    std::uint32_t octets;    // in the file
    std::uint32_t checksum;  // CRC-32C of those
  };
  std::vector<Frame> frames;

  void add(std::string_view frame);
  std::string encode() const;

  static constexpr std::size_t kFrameEntryOctets = 8;
  static constexpr std::size_t kFootOctets = 24;
  // How many octets before the foot the index has; Error{corrupt} if it is not a foot.
  static Result<std::uint64_t> entries_octets(std::string_view foot, std::uint64_t file_octets);
  static Result<FrameIndex> decode(std::string_view entries_and_foot, std::uint64_t file_octets);
};

}  // namespace posta::store

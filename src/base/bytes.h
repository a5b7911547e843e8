// bytes.h: how keys and records are written down.
//
// Keys: big-endian integers, so that the order of octets is the order of numbers.
// Records: a version octet, then fields. A Writer appends, a Reader takes in the same order and
// remembers the first failure, so that a decoder reads straight through and asks ok() once.
// Integers in records are LEB128 varints; strings have a varint length in front.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace posta {

void put_be16(std::string& out, std::uint16_t value);
void put_be32(std::string& out, std::uint32_t value);
void put_be64(std::string& out, std::uint64_t value);
std::uint16_t get_be16(std::string_view octets);  // the first 2; CHECKs the length
std::uint32_t get_be32(std::string_view octets);  // the first 4
std::uint64_t get_be64(std::string_view octets);  // the first 8

class Writer {
 public:
  Writer() = default;
  explicit Writer(std::uint8_t version) { octet(version); }

  Writer& octet(std::uint8_t value);
  Writer& number(std::uint64_t value);        // varint, 1 to 10 octets
  Writer& signed_number(std::int64_t value);  // zigzag varint
  Writer& text(std::string_view value);       // varint length, then the octets
  Writer& raw(std::string_view octets);
  Writer& boolean(bool value) { return octet(value ? 1 : 0); }
  void reserve(std::size_t octets) { out_.reserve(octets); }

  const std::string& str() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view octets) : rest_(octets) {}

  std::uint8_t octet();
  std::uint64_t number();
  std::int64_t signed_number();
  std::string_view text();  // points into the input
  std::string_view raw(std::size_t count);
  bool boolean() { return octet() != 0; }

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  bool done() const { return ok_ && rest_.empty(); }
  std::string_view rest() const { return rest_; }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace posta

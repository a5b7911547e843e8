#include "base/bytes.h"

#include <algorithm>

#include "base/check.h"

namespace posta {

namespace {
template <class N>
void put_be(std::string& out, N value) {
  for (int shift = int(sizeof(N)) * 8 - 8; shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift);
}
template <class N>
N get_be(std::string_view octets) {
  CHECK(octets.size() >= sizeof(N));
  N value = 0;
  for (std::size_t i = 0; i < sizeof(N); ++i)
    value = static_cast<N>(value << 8 | static_cast<unsigned char>(octets[i]));
  return value;
}
}  // namespace

void put_be16(std::string& out, std::uint16_t value) {
  put_be(out, value);
}
void put_be32(std::string& out, std::uint32_t value) {
  put_be(out, value);
}
void put_be64(std::string& out, std::uint64_t value) {
  put_be(out, value);
}
std::uint16_t get_be16(std::string_view octets) {
  return get_be<std::uint16_t>(octets);
}
std::uint32_t get_be32(std::string_view octets) {
  return get_be<std::uint32_t>(octets);
}
std::uint64_t get_be64(std::string_view octets) {
  return get_be<std::uint64_t>(octets);
}

Writer& Writer::octet(std::uint8_t value) {
  out_ += static_cast<char>(value);
  return *this;
}

Writer& Writer::number(std::uint64_t value) {
  while (value >= 0x80) {
    out_ += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out_ += static_cast<char>(value);
  return *this;
}

Writer& Writer::signed_number(std::int64_t value) {
  auto bits = static_cast<std::uint64_t>(value);
  return number((bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

Writer& Writer::text(std::string_view value) {
  number(value.size());
  out_ += value;
  return *this;
}

Writer& Writer::raw(std::string_view octets) {
  out_ += octets;
  return *this;
}

std::uint8_t Reader::octet() {
  if (rest_.empty()) {
    fail();
    return 0;
  }
  auto value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

std::uint64_t Reader::number() {
  std::uint64_t value = 0;
  const std::size_t octets = std::min<std::size_t>(rest_.size(), 10);
  for (std::size_t i = 0; i < octets; ++i) {
    auto c = static_cast<unsigned char>(rest_[i]);
    if (i == 9 && c > 1) break;  // overflows 64 bits
    value |= std::uint64_t{c & 0x7Fu} << (7 * i);
    if (c >= 0x80) continue;
    rest_.remove_prefix(i + 1);
    return value;
  }
  fail();
  return 0;
}

std::int64_t Reader::signed_number() {
  std::uint64_t bits = number();
  return static_cast<std::int64_t>((bits >> 1) ^ (bits & 1 ? ~std::uint64_t{0} : 0));
}

std::string_view Reader::text() {
  std::uint64_t size = number();
  if (size > rest_.size()) {
    fail();
    return {};
  }
  return raw(static_cast<std::size_t>(size));
}

std::string_view Reader::raw(std::size_t count) {
  if (count > rest_.size()) {
    fail();
    return {};
  }
  std::string_view value = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return value;
}

}  // namespace posta

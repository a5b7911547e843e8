#include "store/store.h"

#include "base/bytes.h"
#include "base/codec.h"
#include "store/keys.h"

namespace posta::store {

Range Range::prefix(std::string_view p) {
  Range range{std::string(p), std::string(p)};
  while (!range.end.empty()) {
    auto last = static_cast<unsigned char>(range.end.back());
    if (last != 0xFF) {
      range.end.back() = static_cast<char>(last + 1);
      return range;
    }
    range.end.pop_back();
  }
  return range;
}

Batch& Batch::put(std::string key, std::string value) {
  ops.push_back({Op::Kind::put, std::move(key), std::move(value)});
  return *this;
}

Batch& Batch::erase(std::string key) {
  ops.push_back({Op::Kind::erase, std::move(key), {}});
  return *this;
}

Batch& Batch::erase_range(Range range) {
  ops.push_back({Op::Kind::erase_range, std::move(range.begin), std::move(range.end)});
  return *this;
}

Batch& Batch::add(std::string key, std::int64_t delta) {
  ops.push_back({Op::Kind::add, std::move(key), put_counter(delta)});
  return *this;
}

Batch& Batch::append(std::string key, std::string octets) {
  ops.push_back({Op::Kind::append, std::move(key), std::move(octets)});
  return *this;
}

Batch& Batch::take(std::unique_ptr<BodyWriter> body) {
  bodies.push_back(std::move(body));
  return *this;
}

Batch& Batch::link(BodyId body, std::string owner) {
  return put(body_link_key(body, owner), {});
}

Batch& Batch::unlink(BodyId body, std::string owner) {
  return erase(body_link_key(body, owner));
}

Batch& Batch::publish(std::string topic, std::shared_ptr<const void> what) {
  publications.push_back({std::move(topic), std::move(what)});
  return *this;
}

Batch& Batch::require_absent(std::string key) {
  requires_.push_back({std::move(key), std::nullopt});
  return *this;
}

Batch& Batch::require_value(std::string key, std::uint64_t digest) {
  requires_.push_back({std::move(key), digest});
  return *this;
}

Batch& Batch::require_unchanged(Partition partition, Version since) {
  unchanged.push_back({partition, since});
  return *this;
}

Batch& Batch::touch(Partition partition) {
  touched.push_back(partition);
  return *this;
}

Batch& Batch::at_turn(Partition partition, TurnFn fn) {
  turns.push_back({partition, std::move(fn)});
  return *this;
}

bool Batch::empty() const {
  return ops.empty() && requires_.empty() && unchanged.empty() && turns.empty() &&
         touched.empty() && publications.empty() && bodies.empty();
}

std::uint64_t digest_of(std::string_view value) {
  return hash64(value, 0x706F737461);
}

std::int64_t get_counter(std::string_view value) {
  if (value.size() != 8) return 0;
  std::uint64_t n = 0;
  for (int i = 7; i >= 0; --i) n = n << 8 | static_cast<unsigned char>(value[std::size_t(i)]);
  return static_cast<std::int64_t>(n);
}

std::string put_counter(std::int64_t value) {
  auto n = static_cast<std::uint64_t>(value);
  std::string out(8, '\0');
  for (char& octet : out) {
    octet = static_cast<char>(n);
    n >>= 8;
  }
  return out;
}

void fold(std::optional<std::string>& value, const Batch::Op& op) {
  using Kind = Batch::Op::Kind;
  switch (op.kind) {
    case Kind::put: value = op.value; return;
    case Kind::erase:
    case Kind::erase_range: value.reset(); return;
    case Kind::append:
      if (!value) value.emplace();
      value->append(op.value);
      return;
    case Kind::add: {
      auto sum = static_cast<std::uint64_t>(get_counter(value.value_or(""))) +
                 static_cast<std::uint64_t>(get_counter(op.value));
      value = put_counter(static_cast<std::int64_t>(sum));
      return;
    }
  }
}

bool is_own_key(const Batch::Op& op) {
  if (op.kind == Batch::Op::Kind::erase_range) {
    for (std::string_view own : {kFormatKey, kVersionKey, kBodiesKey, kLoosePrefix})
      if (op.key <= own && (op.value.empty() || own < op.value)) return true;
    return false;
  }
  if (!op.key.starts_with("S/")) return false;
  return op.key == kFormatKey || op.key == kVersionKey || op.key == kBodiesKey ||
         op.key.starts_with(kLoosePrefix);
}

std::string body_link_prefix(BodyId body) {
  std::string key = "B/";
  put_be64(key, body.value);
  key += '/';
  return key;
}

std::string body_link_key(BodyId body, std::string_view owner) {
  std::string key;
  key.reserve(kLinkPrefixOctets + owner.size());
  key += "B/";
  put_be64(key, body.value);
  key += '/';
  key += owner;
  return key;
}

std::string loose_key(BodyId body) {
  std::string key(kLoosePrefix);
  put_be64(key, body.value);
  return key;
}

std::optional<BodyId> body_of_link(std::string_view key) {
  if (key.size() < kLinkPrefixOctets || !key.starts_with("B/") || key[kLinkPrefixOctets - 1] != '/')
    return std::nullopt;
  return BodyId(get_be64(key.substr(2)));
}

std::optional<BodyId> body_of_loose(std::string_view key) {
  if (key.size() != kLoosePrefix.size() + 8 || !key.starts_with(kLoosePrefix)) return std::nullopt;
  return BodyId(get_be64(key.substr(kLoosePrefix.size())));
}

}  // namespace posta::store

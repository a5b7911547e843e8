#include "ops/manifest.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"

namespace posta::ops {

namespace {

constexpr std::string_view kFirstLine = "posta-backup 1";

Failure corrupt(std::string what) {
  return fail(Error::Kind::corrupt, "the manifest of the backup " + std::move(what));
}

// `%`, control characters and blanks as %XX.
std::string print_path(std::string_view path) {
  std::string out;
  for (unsigned char c : path) {
    if (c <= ' ' || c == '%' || c == 0x7F) {
      out += fmt::format("%{:02x}", c);
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

std::optional<std::string> parse_path(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    auto octet = hex_decode(text.substr(i + 1, 2));
    if (!octet || octet->size() != 1) return std::nullopt;
    out += *octet;
    i += 2;
  }
  if (!is_safe_path(out)) return std::nullopt;
  return out;
}

std::optional<std::uint32_t> parse_crc(std::string_view text) {
  std::uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != 8 || error != std::errc{} || end != text.data() + 8) return std::nullopt;
  return value;
}

std::string_view take_line(std::string_view& rest) {
  auto end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

// file CRC SIZE PATH
std::optional<Manifest::File> parse_file(std::string_view line) {
  auto words = split(line, ' ');
  if (words.size() != 4) return std::nullopt;
  auto crc = parse_crc(words[1]);
  auto octets = to_number<Octets>(words[2]);
  auto path = parse_path(words[3]);
  if (!crc || !octets || !path) return std::nullopt;
  return Manifest::File{*std::move(path), *octets, *crc};
}

}  // namespace

bool is_safe_path(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) return false;
  return std::ranges::none_of(split(path, '/'), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

std::string print_manifest(const Manifest& manifest) {
  std::string out =
      fmt::format("{}\nmade {}\nposta {}\nhost {}\nstore {}\n", kFirstLine, manifest.made,
                  manifest.posta, manifest.host, print_path(manifest.store));
  for (const auto& file : manifest.files)
    out += fmt::format("file {:08x} {} {}\n", file.crc, file.octets, print_path(file.path));
  return out + fmt::format("end {:08x}\n", crc32c(out));
}

Result<Manifest> parse_manifest(std::string_view text) {
  std::string_view rest = text;
  std::string_view first = take_line(rest);
  if (first != kFirstLine && first.starts_with("posta-backup "))
    return fail(Error::Kind::config, "this backup is of a newer form than this posta knows (" +
                                         printable(first) + "); use the posta that made it");
  if (first != kFirstLine) return corrupt("does not begin as one");
  Manifest manifest;
  const std::pair<std::string_view, std::string*> heads[] = {{"made ", &manifest.made},
                                                             {"posta ", &manifest.posta},
                                                             {"host ", &manifest.host},
                                                             {"store ", &manifest.store}};
  for (const auto& [name, value] : heads) {
    std::string_view line = take_line(rest);
    if (!line.starts_with(name)) return corrupt("has no line " + std::string(trim(name)));
    *value = line.substr(name.size());
  }
  auto store = parse_path(manifest.store);
  if (!store) return corrupt("has no folder of the store");
  manifest.store = *std::move(store);
  while (rest.starts_with("file ")) {
    auto file = parse_file(take_line(rest));
    if (!file) return corrupt("has a line that is no file");
    if (!manifest.files.empty() && manifest.files.back().path >= file->path)
      return corrupt("has its files out of order");
    manifest.files.push_back(*std::move(file));
  }
  std::size_t before_end = text.size() - rest.size();
  std::string_view end = take_line(rest);
  auto crc = end.starts_with("end ") ? parse_crc(end.substr(4)) : std::nullopt;
  if (!crc || !rest.empty() || !text.ends_with('\n')) return corrupt("has no end: it is cut");
  if (*crc != crc32c(text.substr(0, before_end))) return corrupt("is not what was written");
  return manifest;
}

}  // namespace posta::ops

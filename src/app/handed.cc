#include "app/handed.h"

#include <fstream>

#include "base/bytes.h"
#include "base/text.h"

namespace posta::app {

namespace {

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string octets(kHandedFileOctetsMax + 1, '\0');
  file.read(octets.data(), static_cast<std::streamsize>(octets.size()));
  octets.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (!file.is_open() || file.bad() || octets.size() > kHandedFileOctetsMax) return std::nullopt;
  return octets;
}

}  // namespace

std::string print_handed(const Handed& handed) {
  Writer writer;
  writer.text(handed.config_text).number(handed.files.size());
  for (const auto& [path, octets] : handed.files) writer.text(path).text(octets);
  return writer.take();
}

Result<Handed> parse_handed(std::string_view octets) {
  Reader reader(octets);
  Handed out;
  out.config_text = reader.text();
  for (auto count = reader.number(); count > 0 && reader.ok(); --count) {
    std::string path(reader.text());
    out.files[path] = reader.text();
  }
  if (!reader.done()) return fail(Error::Kind::corrupt, "what was handed over is not whole");
  return out;
}

std::vector<std::string> private_files(const Config&) {
  return {};
}

Handed read_private_files(const Config& config) {
  Handed out;
  for (const std::string& path : private_files(config))
    if (auto octets = read_file(path)) out.files[path] = *std::move(octets);
  return out;
}

Result<std::string> read_private_file(const Config& config, const std::string& path) {
  auto found = config.handed_files.find(path);
  if (found != config.handed_files.end()) return found->second;
  if (auto octets = read_file(path)) return *std::move(octets);
  return fail(Error::Kind::config,
              fmt::format("cannot read {}: it is not there, not permitted, or longer than {} octets",
                          path, kHandedFileOctetsMax));
}

}  // namespace posta::app

#include "app/handed.h"

#include <fstream>

#include "base/bytes.h"
#include "base/text.h"

namespace posta::app {

Result<std::string> Handed::file(const std::string& path) const {
  auto found = files.find(path);
  if (found != files.end()) return found->second;
  return fail(Error::Kind::config, "cannot read " + path + ": it is not there, not permitted, or "
                                   "longer than " + std::to_string(kHandedFileOctetsMax) +
                                   " octets");
}

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
  for (const std::string& path : private_files(config)) {
    std::ifstream file(path, std::ios::binary);
    std::string octets(kHandedFileOctetsMax + 1, '\0');
    file.read(octets.data(), static_cast<std::streamsize>(octets.size()));
    octets.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    if (!file.is_open() || file.bad() || octets.size() > kHandedFileOctetsMax) continue;
    out.files[path] = std::move(octets);
  }
  return out;
}

}  // namespace posta::app

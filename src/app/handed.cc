#include "app/handed.h"

#include "app/certificates.h"
#include "base/bytes.h"
#include "base/text.h"

namespace posta::app {

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

std::vector<std::string> private_files(const Config& config) {
  std::vector<std::string> out = tls_files(config);
  if (config.relay_host && !config.relay_host->password_file.empty())
    out.push_back(config.path(config.relay_host->password_file));
  if (!config.outbound_tls_ca_file.empty()) out.push_back(config.path(config.outbound_tls_ca_file));
  return out;
}

Handed read_private_files(const Config& config) {
  Handed out;
  for (const std::string& path : private_files(config))
    if (auto octets = read_file(path); octets && octets->size() <= kHandedFileOctetsMax)
      out.files[path] = *std::move(octets);
  return out;
}

Result<std::string> read_private_file(const Config& config, const std::string& path) {
  if (!config.handed) return read_file(path);
  auto found = config.handed_files.find(path);
  if (found != config.handed_files.end()) return found->second;
  return fail(
      Error::Kind::config,
      fmt::format("cannot read {}: it is not there, not permitted, or longer than {} octets", path,
                  kHandedFileOctetsMax));
}

}  // namespace posta::app

#include "app/listening.h"

#include <algorithm>
#include <thread>

namespace posta::app {

std::span<const ServiceListeners> services() {
  static constexpr ServiceListeners kServices[] = {
      {"smtp", &Config::smtp_listen},
      {"pop3", &Config::pop3_listen},
  };
  return kServices;
}

std::vector<Listening> listening(const Config& config) {
  std::vector<Listening> out;
  for (const auto& service : services())
    for (const auto& endpoint : config.*service.endpoints)
      out.push_back({std::string(service.name), endpoint});
  return out;
}

unsigned loops_of(const Config& config) {
  return config.loops ? config.loops : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace posta::app

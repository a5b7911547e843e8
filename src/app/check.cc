#include "app/check.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>

#include "app/check_system.h"
#include "app/config.h"
#include "app/control.h"
#include "app/findings.h"
#include "app/house.h"
#include "app/outbound.h"
#include "net/asio/network.h"
#include "wire/pop3/uidl.h"

namespace posta::app {

namespace {

constexpr std::string_view kUsage =
    "usage: posta check --dir DIR [--store] [--json]\n"
    "Looks at configuration, permissions, ports, store, disk, open files and clock, and says what "
    "is\n"
    "wrong and what to do. Exit 1: something is wrong.\n"
    "--store also reads every record and verifies it; the server must not be running.\n"
    "--json prints for programs.\n";

void check_ports(Findings& findings, const Config& config, bool running) {
  if (running) {
    findings.good("the server is running; its ports are its own");
    return;
  }
  runtime::asio::WorkerPool workers({.threads = 1});
  runtime::asio::Loop loop(workers);
  net::asio::AsioNetwork network;
  auto look = [&](std::string_view service, const std::vector<net::Endpoint>& endpoints) {
    for (const auto& endpoint : endpoints) {
      auto listener = network.listen(loop, endpoint);
      std::string name = fmt::format("{} on {}", service, endpoint.str());
      if (listener) {
        findings.good(name + " is free");
      } else if (endpoint.ip.is_v6() && endpoint.ip.is_any()) {
        findings.good(name + " is left out: " + listener.error().what);
      } else {
        std::string who = who_listens(endpoint.port);
        findings.bad(name + " cannot be had: " +
                     (who.empty() ? listener.error().what
                                  : "it is in use by " + who + "; stop that, or change the port"));
      }
    }
  };
  look("smtp", config.smtp_listen);
  look("pop3", config.pop3_listen);
  look("metrics", config.metrics_listen);
}

runtime::Task<> look_at_domains(House& house, Findings& findings) {
  auto domains = co_await house.directory().domains();
  if (!domains) {
    findings.bad("cannot read the domains: " + domains.error().what);
  } else if (domains->empty()) {
    findings.bad("there is no domain, so no mail is taken; run: posta domain add DOMAIN");
  } else {
    findings.good(fmt::format("{} domains, {} letters in the queue", domains->size(),
                              house.queue().letters_owed()));
  }
}

void check_disk(Findings& findings, const Config& config) {
  struct statvfs disk{};
  std::string path = config.path(config.store_directory);
  if (statvfs(path.c_str(), &disk) != 0) return;
  Octets free = Octets{disk.f_bavail} * disk.f_frsize;
  std::string words = fmt::format("{} MiB of disk free", free >> 20);
  if (free < config.disk_free_min) {
    findings.bad(words + ", less than store.disk_free_min: new mail is put off; make room");
  } else if (disk.f_files > 0 && disk.f_favail < 1000) {
    findings.bad(
        fmt::format("{} more files fit on the disk of the store; make room", disk.f_favail));
  } else {
    findings.good(words);
  }
}

void check_store(Findings& findings, const Config& config, bool deep) {
  std::string path = config.path(config.store_directory);
  Config quiet = config;
  quiet.log_level = "error";
  auto house = House::open(std::move(quiet), 1);
  if (!house) {
    findings.bad("the store: " + house.error().what);
    return;
  }
  findings.good("the store opens: " + path);
  (*house)->run(look_at_domains(**house, findings));
  if (!deep) return;
  if (isatty(2)) std::fputs("reading every record; this takes a while\n", stderr);
  auto verified = (*house)->verify();
  for (const auto& complaint : verified) findings.bad(complaint);
  if (verified.empty()) findings.good("every record of the store is sound");
}

}  // namespace

Answer check(const std::string& directory, const std::vector<std::string>& args) {
  bool deep = false, json = false;
  for (std::size_t i = 1; i < args.size(); ++i) {
    if (args[i] == "--help" || args[i] == "-h") return {0, std::string(kUsage), ""};
    if (args[i] != "--store" && args[i] != "--json") return {64, "", std::string(kUsage)};
    (args[i] == "--store" ? deep : json) = true;
  }
  Findings findings;
  auto config = read_config(directory);
  if (!config) {
    findings.bad(config.error().what);
    return findings.answer(json);
  }
  findings.good("posta.toml is understood");
  check_files(findings, *config);
  if (auto outbound = check_outbound(*config)) {
    findings.good(*outbound);
  } else {
    findings.bad(outbound.error().what);
  }
  bool running = ask_server(config->directory, {{"status"}, ""}).has_value();
  check_ports(findings, *config, running);
  check_disk(findings, *config);
  check_open_files(findings, *config);
  check_clock(findings);
  if (!running) {
    check_store(findings, *config, deep);
  } else if (deep) {
    findings.bad("--store needs the store for itself; stop the server first");
  }
  return findings.answer(json);
}

}  // namespace posta::app

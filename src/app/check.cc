#include "app/check.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>

#include "app/certificates.h"
#include "app/check_system.h"
#include "app/config.h"
#include "app/control.h"
#include "app/doors.h"
#include "app/findings.h"
#include "app/house.h"
#include "app/listening.h"
#include "app/outbound.h"
#include "app/outside.h"
#include "app/units.h"
#include "app/walls.h"
#include "net/asio/network.h"
#include "ops/targets.h"
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

// What the running server holds, as `posta status` says it: "smtp 127.0.0.1:25 pop3 …".
std::string held_by_server(const Answer& status) {
  boost::system::error_code error;
  auto told = boost::json::parse(status.out, error);
  const auto* listening =
      !error && told.is_object() ? told.as_object().if_contains("listening") : nullptr;
  return listening && listening->is_string() ? " " + std::string(listening->as_string()) + " " : "";
}

// Which keys the running server has with other values than posta.toml.
void note_what_waits(Findings& findings, const Answer& status) {
  boost::system::error_code error;
  auto told = boost::json::parse(status.out, error);
  const auto* waiting =
      !error && told.is_object() ? told.as_object().if_contains("waiting_for_restart") : nullptr;
  if (!waiting || !waiting->is_array()) return;
  for (const auto& key : waiting->as_array())
    if (key.is_string())
      findings.note(std::string(key.as_string()) +
                    " was changed, and counts from the next start; restart the server");
}

// `held`: by the server that runs; empty if none does.
void check_ports(Findings& findings, const Config& config, const std::string& held) {
  if (!held.empty()) findings.good("the server is running; its ports are its own");
  runtime::asio::WorkerPool workers({.threads = 1});
  runtime::asio::Loop loop(workers);
  net::asio::AsioNetwork network;
  for (const Listening& one : all_listeners(config)) {
    if (held.find(" " + one.str() + " ") != std::string::npos) continue;
    auto listener = network.listen(loop, one.endpoint);
    std::string name =
        fmt::format("{} on {}{}", one.service, one.endpoint.str(), one.proxied ? " by proxy" : "");
    if (listener) {
      findings.good(name + " is free");
    } else if (one.optional()) {
      findings.note(name + " is left out: " + listener.error().what);
    } else {
      std::string who = who_listens(one.endpoint.port);
      findings.bad(name + " cannot be had: " +
                   (who.empty() ? listener.error().what
                                : "it is in use by " + who + "; stop that, or change the port"));
    }
  }
}

// As whom the server runs, and what stands around it. False: it could not run at all.
bool check_processes(Findings& findings, const Config& config) {
  auto who = server_identity(config);
  if (!who) {
    findings.bad(who.error().what);
    return false;
  }
  findings.good("the server runs as " + who->name);
  bool reachable = true;
  std::string closed = guard::closed_folder_above(config.path("run"), *who);
  if (!closed.empty()) {
    findings.bad(fmt::format("{} is closed to {}: the server could not reach its directory", closed,
                             who->name));
    reachable = false;
  } else {
    check_readable(findings, config, *who);
  }
  auto gaps = guard::kernel_gaps();
  if (config.sandbox == "off") {
    findings.note("the sandbox is off (sandbox = \"off\")");
  } else if (gaps.empty()) {
    findings.good("this kernel gives all of the sandbox");
  }
  for (const auto& gap : gaps) {
    std::string words = "the sandbox is not whole: this kernel has " + gap;
    config.sandbox == "required" ? findings.bad(words) : findings.note(words);
  }
  return reachable;
}

void check_certificates(Findings& findings, const Config& config) {
  runtime::asio::WorkerPool workers({.threads = 1});
  runtime::asio::Loop clock(workers);
  for (const Finding& one : look_at_certificates(config, clock.wall()))
    one.wrong ? findings.bad(one.what) : findings.good(one.what);
}

runtime::Task<> look_at_domains(House& house, Findings& findings) {
  auto domains = co_await house.directory().domains();
  if (!domains) {
    findings.bad("cannot read the domains: " + domains.error().what);
  } else if (domains->empty()) {
    findings.bad("there is no domain, so no mail is taken; run: posta domain add DOMAIN");
  } else {
    findings.good(fmt::format("{}, {} in the queue", counted(domains->size(), "domain"),
                              counted(house.queue().letters_owed(), "letter")));
  }
  auto dead = co_await ops::dead_ends(house.directory());
  if (!dead) findings.bad("cannot read the aliases: " + dead.error().what);
  if (dead)
    for (const std::string& one : *dead) findings.note("mail that goes nowhere: " + one);
}

// As the server counts it: the disk's reserve is root's.
void check_disk(Findings& findings, const Config& config) {
  struct statvfs disk{};
  std::string path = config.path(config.store_directory);
  if (statvfs(path.c_str(), &disk) != 0) return;
  auto who = server_identity(config);
  Octets free = Octets{who && who->is_root() ? disk.f_bfree : disk.f_bavail} * disk.f_frsize;
  std::string words = fmt::format("{} MiB of disk free", free >> 20);
  if (free < config.disk_free_min) {
    findings.bad(words + ", less than store.disk_free_min: new mail is put off; make room");
  } else if (disk.f_files > 0 && disk.f_favail < 1000) {
    findings.bad(fmt::format("the disk of the store has room for {} and no more; make room",
                             counted(disk.f_favail, "file")));
  } else {
    findings.good(words);
  }
}

void check_store(Findings& findings, const Config& config, bool deep) {
  std::string path = config.path(config.store_directory);
  auto house = House::open(for_command(config), 1);
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
  bool can_run = check_processes(findings, *config);
  check_certificates(findings, *config);
  if (auto outbound = check_outbound(*config)) {
    findings.good(*outbound);
  } else {
    findings.bad(outbound.error().what);
  }
  auto status = ask_server(config->directory, {{"status", "--json"}, ""});
  bool running = status.has_value();
  if (!running && status.error().is(Error::Kind::denied)) {
    findings.bad(status.error().what);
    return findings.answer(json);
  }
  if (running) note_what_waits(findings, *status);
  check_ports(findings, *config, running ? held_by_server(*status) : "");
  check_disk(findings, *config);
  check_open_files(findings, *config);
  check_clock(findings);
  if (!running && can_run) {
    if (auto acting = act_as_server(*config); !acting) {
      findings.bad(acting.error().what);
      return findings.answer(json);
    }
    check_store(findings, *config, deep);
  } else if (deep) {
    findings.bad("--store needs the store for itself; stop the server first");
  }
  return findings.answer(json);
}

}  // namespace posta::app

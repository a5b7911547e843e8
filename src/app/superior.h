// superior.h: whoever started the server, as the server sees it: the supervisor, or a person or
// service manager directly (posta serve --no-supervisor).
//
// Up go: ready, stopping, a sign of life in each interval, what came of an order. Down come: a new
// configuration, and the end. All on the first loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/handed.h"
#include "app/listening.h"
#include "guard/message.h"
#include "guard/systemd.h"
#include "runtime/asio/loop.h"

namespace posta::app {

// What a server gets anew while it runs.
struct Order {
  Handed handed;
  std::vector<OpenListener> opened;  // listeners that are new in this configuration
};

class Superior {
 public:
  using Obey = std::function<void(Result<Order>)>;
  virtual ~Superior() = default;

  // From now on `obey` is called with each new configuration (or why there is none), and `end` when
  // the superior is gone. Until stop_listening().
  virtual void listen(runtime::asio::Loop& loop, Obey obey, std::function<void()> end) = 0;
  virtual void stop_listening() = 0;

  // The process that signals are for: SIGHUP, SIGTERM.
  virtual long process() const = 0;

  virtual void ready(const std::string& status) = 0;
  virtual void stopping() = 0;
  virtual void alive() = 0;
  virtual Duration alive_every() const = 0;  // zero: no sign of life is wanted
  // Of the last order; the old configuration stays if it was refused.
  virtual void reloaded(const std::string& status) = 0;
  virtual void refused(const Error& error) = 0;

  // Reads the private files anew, through the helper where there is one. May block: on a worker.
  virtual Result<Handed> read_files_again(const Config& config) = 0;
};

// Nobody but a service manager: SIGHUP reads the configuration anew, from its files.
std::unique_ptr<Superior> no_supervisor(const Config& config,
                                        guard::ServiceEnvironment environment);

// The supervisor at the other end of `link`, and the helper at the end of `helper`.
std::unique_ptr<Superior> supervisor_at(guard::Channel link, guard::Channel helper,
                                        Duration alive_every);

// Posta.toml and the private files, as they are now. The configuration is checked.
Result<Handed> read_all(const std::string& directory);
Result<Config> config_of(const Handed& handed, const std::string& directory);

}  // namespace posta::app

#include "app/quickstart.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "app/admin.h"
#include "app/config.h"
#include "app/house.h"
#include "app/welcome.h"
#include "guard/privileges.h"
#include "net/tls.h"

namespace posta::app {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string domain;
  std::string hostname;
  std::string listen = "*";
  std::uint16_t port_offset = 0;
  std::vector<std::string> accounts;
  std::string user;
};

Answer wrong(std::string what, int exit = 1) {
  return {exit, "", "posta: " + what + "\n"};
}

// Nothing: go on. CLI11 speaks with exceptions; they end here.
std::optional<Answer> parse(Options& options, std::vector<std::string> args) {
  CLI::App cli("Makes a server directory: posta.toml, the domain, accounts, a welcome message.",
               "posta quickstart --dir DIR");
  cli.add_option("--domain", options.domain, "the mail domain: example.org")->required();
  cli.add_option("--hostname", options.hostname, "this server's name; default: mail.DOMAIN");
  cli.add_option(
      "--port-offset", options.port_offset,
      "added to each port, so that no root is needed: 10000 gives 10025, 10110 and 10995");
  cli.add_option("--listen", options.listen, "the address to listen on; default: * (all)");
  cli.add_option("--account", options.accounts, "accounts to make; default: admin")
      ->allow_extra_args(false);
  cli.add_option("--user", options.user, "as whom the server runs, if root makes it");
  try {
    std::reverse(args.begin(), args.end());
    args.pop_back();  // the command itself
    cli.parse(args);
  } catch (const CLI::CallForHelp&) {
    return Answer{0, cli.help(), ""};
  } catch (const CLI::ParseError& error) {
    return wrong(std::string(error.what()) + "\nposta quickstart --help says more", 64);
  }
  if (options.hostname.empty()) options.hostname = "mail." + options.domain;
  if (options.accounts.empty()) options.accounts.push_back("admin");
  return std::nullopt;
}

Result<> write_file(const std::string& path, std::string_view text) {
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return fail(Error::Kind::unavailable, "cannot make " + path + ": " + strerror(errno));
  bool ok = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
            fsync(file) == 0;
  close(file);
  if (!ok) return fail(Error::Kind::unavailable, "cannot write " + path);
  return {};
}

// Good for ten years: nobody trusts it by its age.
Result<> make_certificate(const Config& config, WallTime now) {
  constexpr std::chrono::days kLife{3650};
  std::error_code error;
  fs::create_directory(config.path("tls"), error);
  if (error)
    return fail(Error::Kind::unavailable,
                "cannot make " + config.path("tls") + ": " + error.message());
  auto made = net::self_signed_certificate({config.hostname.str()}, now, kLife);
  TRY_VOID(write_file(config.path(config.tls_key.front()), made.key_pem));
  return write_file(config.path(config.tls_certificate.front()), made.chain_pem);
}

Result<> make_directory(const std::string& directory, const std::string& config) {
  std::error_code error;
  if (fs::exists(directory, error) && !fs::is_empty(directory, error))
    return fail(Error::Kind::conflict,
                directory + " is not empty; quickstart touches nothing that exists");
  mode_t mask = umask(022);  // folders above are for everybody to pass; DIR itself is closed below
  fs::create_directories(directory, error);
  umask(mask);
  if (error)
    return fail(Error::Kind::unavailable, "cannot make " + directory + ": " + error.message());
  chmod(directory.c_str(), 0700);
  return write_file(directory + "/posta.toml", config);
}

// As whom the server will run.
Result<guard::Identity> choose_user(const Options& options, const std::string& directory) {
  guard::Identity now = guard::current_identity();
  if (!now.is_root()) {
    if (options.user.empty() || options.user == now.name) return now;
    return fail(Error::Kind::denied, "only root can make a server for another user: --user");
  }
  if (!options.user.empty()) return guard::find_user(options.user);
  auto posta = guard::find_user(Config{}.user);
  bool reaches = posta && guard::closed_folder_above(
                              fs::absolute(directory).lexically_normal().string(), *posta)
                              .empty();
  return reaches ? *posta : now;
}

// The directory is `who`'s, and this process too from here on.
Result<> hand_to(const guard::Identity& who, const std::string& directory) {
  if (!guard::current_identity().is_root() || who.is_root()) return {};
  TRY_VOID(guard::give_tree_to(directory, who));
  return guard::become(who);
}

// One administrative command after the other, as an administrator would type them.
runtime::Task<> populate(House& house, const Options& options, Answer& answer) {
  std::vector<std::vector<std::string>> commands = {{"domain", "add", options.domain, "--default"}};
  for (const std::string& name : options.accounts) {
    bool whole = name.find('@') != std::string::npos;
    commands.push_back({"account", "add", whole ? name : name + "@" + options.domain});
  }
  for (auto& command : commands) {
    Answer one = co_await administer(house, {command, ""});
    if (command[0] == "account") answer.out += one.out;
    answer.err += one.err;
    answer.exit = one.exit;
    if (one.exit != 0) co_return;
    if (command[0] != "account") continue;
    auto welcomed = co_await send_welcome(house, command[2]);
    if (!welcomed) {
      answer.err += "posta: the welcome message: " + welcomed.error().what + "\n";
      answer.exit = 1;
      co_return;
    }
  }
}

std::string next_steps(const std::string& directory, const Config& config, const Options& options) {
  auto port = [](const std::vector<net::Endpoint>& endpoints) {
    return endpoints.empty() ? 0 : int(endpoints.front().port);
  };
  return fmt::format(
      "\nServe:           posta serve --dir {0}\n"
      "Send a message:  curl smtp://127.0.0.1:{1} --mail-from me@example.net --mail-rcpt "
      "postmaster@{3} -T FILE\n"
      "Read it:         curl -u NAME@{3}:PASSWORD pop3://127.0.0.1:{2}/1\n"
      "Send as her:     curl --insecure -u NAME@{3}:PASSWORD smtps://{4}:{6} --mail-from NAME@{3} "
      "--mail-rcpt OTHER@{3} -T FILE\n"
      "From elsewhere:  curl --insecure -u NAME@{3}:PASSWORD pop3s://{4}:{5}/1\n"
      "From outside:    an MX record of {3} must name {4}\n",
      directory, port(config.smtp_listen), port(config.pop3_listen), options.domain,
      options.hostname, port(config.pop3s_listen), port(config.submissions_listen));
}

}  // namespace

Answer quickstart(const std::string& directory, const std::vector<std::string>& args) {
  Options options;
  if (auto said = parse(options, args)) return *said;
  if (directory.empty()) return wrong("quickstart makes a directory; say which: --dir DIR", 64);
  auto hostname = Domain::parse(options.hostname);
  auto domain = Domain::parse(options.domain);
  if (!domain || domain->is_literal()) return wrong("not a mail domain: " + options.domain, 64);
  if (!hostname || hostname->is_literal()) return wrong("not a host name: " + options.hostname, 64);
  auto who = choose_user(options, directory);
  if (!who) return wrong(who.error().what);
  bool as_root = guard::current_identity().is_root();
  std::string user = as_root && who->name != Config{}.user ? who->name : "";
  std::string text = print_new_config({*hostname, options.port_offset, options.listen, user});
  if (auto checked = parse_config(text, "posta.toml"); !checked)
    return wrong(checked.error().what, 64);
  if (auto made = make_directory(directory, text); !made) return wrong(made.error().what);
  auto config = read_config(directory);
  if (!config) return wrong(config.error().what);
  if (auto handed = hand_to(*who, directory); !handed) return wrong(handed.error().what);
  config->log_level = "error";
  Config kept = *config;
  auto house = House::open(*std::move(config), 1);
  if (!house) return wrong(house.error().what);
  if (auto made = make_certificate(kept, (*house)->loop(0).wall()); !made)
    return wrong(made.error().what);
  Answer answer;
  (*house)->run(populate(**house, options, answer));
  if (answer.exit != 0) return answer;
  answer.out = fmt::format("{} is ready for {}.\n\n", directory, options.domain) + answer.out +
               next_steps(directory, kept, options);
  if (as_root && who->is_root() && options.user.empty())
    answer.out +=
        "User:            root, in its sandbox: there is no user posta that can reach "
        "the directory\n";
  return answer;
}

}  // namespace posta::app

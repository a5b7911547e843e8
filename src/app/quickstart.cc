#include "app/quickstart.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>

#include "app/admin.h"
#include "app/config.h"
#include "app/files.h"
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
  bool json = false;
};

// Whose account, and the password that it was given.
struct Made {
  std::string address;
  std::string password;
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
  cli.add_option("--user", options.user,
                 "as whom the server runs, if root makes it; default: posta");
  cli.add_flag("--json", options.json, "print for programs");
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

// The addresses of the accounts, before anything is made.
Result<> complete(Options& options, const Domain& domain) {
  for (std::string& name : options.accounts) {
    if (name.find('@') == std::string::npos) name += "@" + options.domain;
    auto address = Address::parse(name);
    if (!address) return fail(Error::Kind::syntax, "--account: not an address: " + name);
    if (address->domain != domain)
      return fail(Error::Kind::syntax, "--account: " + name + " is not in " + options.domain +
                                           "; make it afterwards, with its domain");
  }
  if (options.listen != "*") {
    auto ip = net::IpAddress::parse(options.listen);
    if (!ip) return fail(Error::Kind::syntax, "--listen: not an IP address: " + options.listen);
    options.listen = ip->is_v6() ? "[" + ip->str() + "]" : ip->str();
  }
  constexpr int kHighestPort = 995;
  if (options.port_offset + kHighestPort > 65535)
    return fail(Error::Kind::syntax,
                fmt::format("--port-offset: {} is too much: {} is the highest port, so {} at most",
                            options.port_offset, kHighestPort, 65535 - kHighestPort));
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

// What is being made: a directory is a server from the moment on in which it has a posta.toml,
// which comes last. Whatever does not come so far is removed again. Not made beside DIR and
// renamed: DIR may be a mount point, or lie where its owner may make nothing.
class Unfinished {
 public:
  explicit Unfinished(std::string directory) : directory_(std::move(directory)) {}
  ~Unfinished() {
    if (!ours_) return;
    std::error_code ignored;
    for (fs::directory_iterator at(directory_, ignored), end; !ignored && at != end;
         at.increment(ignored)) {
      std::error_code one;
      fs::remove_all(at->path(), one);
    }
    if (made_) fs::remove(directory_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  // Whether anything can be made there.
  Result<> look() const {
    std::error_code error;
    bool there = fs::exists(directory_, error);
    if (there && fs::exists(part(), error) && !fs::exists(directory_ + "/posta.toml", error))
      return fail(Error::Kind::conflict, "a quickstart in " + directory_ +
                                             " was interrupted; remove the directory, and say it "
                                             "again");
    if (there && !fs::is_empty(directory_, error))
      return fail(Error::Kind::conflict,
                  directory_ + " is not empty; quickstart touches nothing that exists");
    return {};
  }

  Result<> begin(const std::string& config) {
    std::error_code error;
    bool there = fs::exists(directory_, error);
    mode_t mask = umask(022);  // folders above are for everybody to pass; DIR is closed below
    fs::create_directories(directory_, error);
    umask(mask);
    if (error)
      return fail(Error::Kind::unavailable, "cannot make " + directory_ + ": " + error.message());
    ours_ = true;
    made_ = !there;
    chmod(directory_.c_str(), 0700);
    return write_file(part(), config);
  }

  Result<> finish() {
    if (rename(part().c_str(), (directory_ + "/posta.toml").c_str()) != 0)
      return cannot("name", directory_ + "/posta.toml");
    ours_ = false;
    return sync_folder(directory_);
  }

 private:
  std::string part() const { return directory_ + "/posta.toml.part"; }

  std::string directory_;
  bool ours_ = false;  // what is in it
  bool made_ = false;
};

// As whom the server will run. Never as root unless that was said.
Result<guard::Identity> choose_user(const Options& options, const std::string& directory) {
  guard::Identity now = guard::current_identity();
  if (!now.is_root()) {
    if (options.user.empty() || options.user == now.name) return now;
    return fail(Error::Kind::denied, "only root can make a server for another user: --user");
  }
  std::string name = options.user.empty() ? Config{}.user : options.user;
  auto who = guard::find_user(name);
  if (!who)
    return fail(who.error().kind,
                fmt::format("there is no user {0}, as whom the server is to run. Make one: useradd "
                            "--system --user-group --no-create-home --shell /usr/sbin/nologin {0}; "
                            "or name another: --user NAME",
                            name));
  std::string closed = guard::closed_folder_above(directory, *who);
  if (closed.empty()) return *who;
  return fail(Error::Kind::denied,
              fmt::format("{} is closed to {}, as whom the server is to run; name another "
                          "directory (/var/lib/posta), or another user: --user NAME",
                          closed, name));
}

// The directory is `who`'s, and this process too from here on.
Result<> hand_to(const guard::Identity& who, const std::string& directory) {
  if (!guard::current_identity().is_root() || who.is_root()) return {};
  TRY_VOID(guard::give_tree_to(directory, who));
  return guard::become(who);
}

// One administrative command after the other, as an administrator would type them. An answer: the
// one that was no success.
runtime::Task<> populate(House& house, const Options& options, std::vector<Made>& accounts,
                         Answer& answer) {
  answer = co_await administer(house, {{"domain", "add", options.domain, "--default"}, ""});
  for (const std::string& name : options.accounts) {
    if (answer.exit != 0) co_return;
    answer = co_await administer(house, {{"account", "add", name, "--json"}, ""});
    if (answer.exit != 0) co_return;
    boost::system::error_code error;
    auto told = boost::json::parse(answer.out, error);
    if (error || !told.is_object()) co_return;
    auto text = [&](const char* key) { return std::string(told.at(key).as_string()); };
    accounts.push_back({text("address"), text("password")});
    auto welcomed = co_await send_welcome(house, accounts.back().address);
    if (!welcomed) answer = wrong("the welcome message: " + welcomed.error().what);
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
      "Read it:         curl -u NAME@{3}:PASSWORD pop3://127.0.0.1:{2}/2\n"
      "Mail programs:   IMAP {4} port {7}, sending {4} port {6}, both with TLS\n"
      "Send as her:     curl --insecure -u NAME@{3}:PASSWORD smtps://{4}:{6} --mail-from NAME@{3} "
      "--mail-rcpt OTHER@{3} -T FILE\n"
      "From elsewhere:  curl --insecure -u NAME@{3}:PASSWORD pop3s://{4}:{5}/2\n"
      "From outside:    an MX record of {3} must name {4}\n",
      directory, port(config.smtp_listen), port(config.pop3_listen), options.domain,
      options.hostname, port(config.pop3s_listen), port(config.submissions_listen),
      port(config.imaps_listen));
}

Answer said(const std::string& directory, const Config& config, const Options& options,
            const std::vector<Made>& accounts) {
  boost::json::array list;
  std::string words;
  for (const Made& one : accounts) {
    list.push_back(boost::json::object{{"address", one.address}, {"password", one.password}});
    words += fmt::format("{}  password: {}\n", one.address, one.password);
  }
  boost::json::object json{
      {"directory", directory}, {"domain", options.domain}, {"accounts", list}};
  if (options.json) return {0, boost::json::serialize(json) + "\n", ""};
  return {0,
          fmt::format("{} is ready for {}.\n\n", directory, options.domain) + words +
              next_steps(directory, config, options),
          ""};
}

}  // namespace

Answer quickstart(const std::string& named, const std::vector<std::string>& args) {
  Options options;
  if (auto said = parse(options, args)) return *said;
  if (named.empty()) return wrong("quickstart makes a directory; say which: --dir DIR", 64);
  auto whole = whole_path(named);
  if (!whole) return wrong(whole.error().what);
  const std::string& directory = *whole;
  auto hostname = Domain::parse(options.hostname);
  auto domain = Domain::parse(options.domain);
  if (!domain || domain->is_literal()) return wrong("not a mail domain: " + options.domain, 64);
  if (!hostname || hostname->is_literal()) return wrong("not a host name: " + options.hostname, 64);
  if (auto done = complete(options, *domain); !done) return wrong(done.error().what, 64);
  Unfinished made(directory);
  if (auto free = made.look(); !free) return wrong(free.error().what);
  auto who = choose_user(options, directory);
  if (!who) return wrong(who.error().what);
  bool as_root = guard::current_identity().is_root();
  std::string user = as_root && who->name != Config{}.user ? who->name : "";
  std::string text = print_new_config({*hostname, options.port_offset, options.listen, user});
  auto config = parse_config_of(directory, text);
  if (!config) return wrong(config.error().what);
  if (auto begun = made.begin(text); !begun) return wrong(begun.error().what);
  if (auto handed = hand_to(*who, directory); !handed) return wrong(handed.error().what);
  config->log_level = "error";
  Config kept = *config;
  Answer answer;
  std::vector<Made> accounts;
  {
    auto house = House::open(*std::move(config), 1, House::IfMissing::create);
    if (!house) return wrong(house.error().what);
    if (auto done = make_certificate(kept, (*house)->loop(0).wall()); !done)
      return wrong(done.error().what);
    (*house)->run(populate(**house, options, accounts, answer));
  }
  if (answer.exit != 0) return answer;
  if (auto done = made.finish(); !done) return wrong(done.error().what);
  return said(directory, kept, options, accounts);
}

}  // namespace posta::app

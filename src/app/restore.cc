// restore.cc: a server directory is made from a backup. Everything is verified before anything is
// touched.

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>

#include "app/backup.h"
#include "app/config.h"
#include "app/files.h"
#include "app/house.h"
#include "app/part.h"
#include "app/progress.h"
#include "app/units.h"
#include "app/walls.h"
#include "ops/manifest.h"
#include "store/rocksdb/open.h"

namespace posta::app {

namespace fs = std::filesystem;

namespace {

constexpr Octets kManifestOctetsMax = 1_GiB;

Failure damaged(const std::string& what) {
  return fail(Error::Kind::corrupt, what + "; nothing was restored");
}

Result<ops::Manifest> verify(const fs::path& backup) {
  std::string path = (backup / "manifest").string();
  auto text = read_file(path, kManifestOctetsMax);
  if (!text && text.error().is(Error::Kind::not_found))
    return fail(Error::Kind::not_found,
                backup.string() + " is no backup: it has no manifest" +
                    (backup.string().ends_with(".part") ? "; making it was interrupted" : ""));
  if (!text) return Failure(text.error());
  TRY(auto manifest, ops::parse_manifest(*text));
  std::string server = (backup / "server").string();
  TRY(auto there, list_files(server, nullptr));
  std::size_t at = 0;
  for (const auto& file : manifest.files) {
    if (at < there.size() && there[at] < file.path)
      return damaged(there[at] + " is in the backup and not in its manifest");
    if (at == there.size() || there[at] != file.path)
      return damaged(file.path + " is missing from the backup");
    ++at;
  }
  if (at < there.size()) return damaged(there[at] + " is in the backup and not in its manifest");
  Octets all = 0;
  for (const auto& file : manifest.files) all += file.octets;
  Progress progress("verifying the backup:", all);
  for (const auto& file : manifest.files) {
    TRY(auto sum,
        sum_file(server + "/" + file.path, "", [&](Octets octets) { progress.did(octets); }));
    if (sum.octets != file.octets || sum.crc != file.crc)
      return damaged(file.path + " in the backup is not what was written");
  }
  return manifest;
}

// Nobody may be using what is replaced, and there must be room for it.
Result<> look_at_target(const fs::path& target, bool force) {
  std::error_code error;
  if (!fs::exists(target, error)) return {};
  if (ask_server(target.string(), {{"status"}, ""}))
    return fail(Error::Kind::conflict,
                "the server in " + target.string() + " is running; stop it first");
  if (!fs::is_directory(target, error))
    return fail(Error::Kind::conflict, target.string() + " is no directory");
  // A server that has just begun answers no commands yet, and has its store already.
  auto config = read_config(target.string());
  auto free = store::rocks::look_whether_free(config ? config->path(config->store_directory)
                                                     : (target / "store").string());
  if (!free) return fail(Error::Kind::conflict, free.error().what + "; stop it first");
  if (!fs::is_empty(target, error) && !force)
    return fail(Error::Kind::conflict,
                target.string() +
                    " is not empty; name another directory, or say --force: what is "
                    "there is then kept beside it, under another name");
  return {};
}

// The name under which what was there is kept.
fs::path aside_name(const fs::path& target) {
  for (int n = 1;; ++n) {
    fs::path name = target.string() + fmt::format(".before-restore-{}", n);
    std::error_code error;
    if (!fs::exists(name, error)) return name;
  }
}

Result<> copy_all(const ops::Manifest& manifest, const fs::path& backup, const fs::path& part) {
  std::error_code error;
  TRY_VOID(begin_part(part));
  fs::path server = backup / "server";
  Octets all = 0;
  for (const auto& file : manifest.files) all += file.octets;
  Progress progress("restoring:", all);
  for (const auto& file : manifest.files) {
    fs::path target = part / file.path;
    fs::create_directories(target.parent_path(), error);
    if (error) return fail(Error::Kind::unavailable, "cannot make a folder for " + file.path);
    TRY(auto sum, sum_file((server / file.path).string(), target.string(),
                           [&](Octets octets) { progress.did(octets); }));
    if (sum.crc != file.crc) return damaged(file.path + " changed while it was restored");
  }
  fs::create_directories(part / manifest.store / "bodies", error);
  return {};
}

runtime::Task<> renumber_accounts(House& house, std::vector<std::string>& troubles) {
  std::string after;
  for (;;) {
    auto accounts = co_await house.directory().accounts(after, 1000);
    if (!accounts) {
      troubles.push_back("the accounts: " + accounts.error().what);
      co_return;
    }
    for (const auto& account : *accounts) {
      auto done = co_await house.mailboxes().renumber(account.id);
      if (!done) troubles.push_back(account.address.str() + ": " + done.error().what);
    }
    if (accounts->size() < 1000) co_return;
    after = accounts->back().address.str();
  }
}

// What clients were given after the backup was made must not name anything else from now on. What
// could not be done, in words: a damaged account does not keep the others from coming back.
Result<std::vector<std::string>> renumber(const ops::Manifest& manifest, const fs::path& part) {
  auto text = read_config_text(part.string());
  auto read = text ? parse_config_of(part.string(), *text) : Result<Config>(Failure(text.error()));
  Config config = read ? *std::move(read) : default_config();
  config.directory = part.string();
  config.store_directory = manifest.store;
  config.relay_host.reset();  // nothing is sent here
  config.log_level = "error";
  config.log_to = "stderr";
  TRY(auto house, House::open(std::move(config), 1));
  std::vector<std::string> troubles;
  house->run(renumber_accounts(*house, troubles));
  return troubles;
}

// To whom the backup's configuration belongs, and onto stable storage.
Result<> settle(const fs::path& backup, const fs::path& part) {
  struct stat owner{};
  bool give = geteuid() == 0 && stat((backup / "server" / "posta.toml").c_str(), &owner) == 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(part, error), end; !error && at != end;
       at.increment(error)) {
    if (give && lchown(at->path().c_str(), owner.st_uid, owner.st_gid) != 0)
      return fail(Error::Kind::denied, "cannot give away " + at->path().string());
    if (std::error_code gone; at->is_directory(gone)) TRY_VOID(sync_folder(at->path().string()));
  }
  if (give && chown(part.c_str(), owner.st_uid, owner.st_gid) != 0)
    return fail(Error::Kind::denied, "cannot give away " + part.string());
  return end_part(part);
}

Result<std::string> replace(const fs::path& part, const fs::path& target) {
  std::error_code error;
  std::string kept;
  if (fs::exists(target, error)) {
    if (fs::is_empty(target, error)) {
      fs::remove(target, error);
    } else {
      kept = aside_name(target).string();
      fs::rename(target, kept, error);
    }
  }
  if (!error) fs::rename(part, target, error);
  if (error)
    return fail(Error::Kind::unavailable,
                "cannot name " + target.string() + ": " + error.message());
  TRY_VOID(sync_folder(target.parent_path().string()));
  return kept;
}

struct Options {
  std::string from;
  bool force = false;
  bool verify_only = false;
  bool json = false;
};

// Whoever the server will be, if root restores it: known before anything is copied. Nothing: it
// stays with the owner that the backup says.
Result<std::optional<guard::Identity>> future_owner(const fs::path& backup,
                                                    const fs::path& target) {
  if (geteuid() != 0) return std::nullopt;
  auto text = read_config_text((backup / "server").string());
  auto config =
      text ? parse_config_of(target.string(), *text) : Result<Config>(Failure(text.error()));
  if (!config) return std::nullopt;
  TRY(auto who, server_identity(*config));
  return who;
}

Result<Answer> run(const std::string& server, const Options& options) {
  TRY(fs::path backup, whole_path(options.from));
  fs::path target;
  if (!options.verify_only) {
    TRY(target, whole_path(server));
    TRY_VOID(look_at_target(target, options.force));
  }
  TRY(auto manifest, verify(backup));
  boost::json::object json{
      {"made", manifest.made}, {"host", manifest.host}, {"files", manifest.files.size()}};
  std::string words =
      fmt::format("{}: {} of {}, as of {}, all as they were written\n", options.from,
                  counted(manifest.files.size(), "file"), manifest.host, manifest.made);
  if (!options.verify_only) {
    TRY(auto owner, future_owner(backup, target));
    fs::path part = target.string() + ".part";
    TRY_VOID(copy_all(manifest, backup, part));
    TRY(auto troubles, renumber(manifest, part));
    for (const std::string& trouble : troubles)
      words +=
          "warning: its mail keeps the numbers of the backup, which mail programs may have "
          "seen on other mail: " +
          trouble + "\n";
    TRY_VOID(settle(backup, part));
    TRY(std::string kept, replace(part, target));
    json["directory"] = target.string();
    json["kept"] = kept;
    words += "restored to " + target.string() + "\n";
    if (!kept.empty()) words += "what was there is now " + kept + "; remove it when you are sure\n";
    auto config = read_config(target.string());
    if (owner) TRY_VOID(guard::give_tree_to(target.string(), *owner));
    std::string store = (target / manifest.store).string();
    if (config && config->path(config->store_directory) != store) {
      words += fmt::format(
          "posta.toml names another place for the store: change store.directory to \"{}\"\n",
          manifest.store);
    } else {
      words += fmt::format(
          "look at it: posta check --store --dir {0}\nserve it:   posta serve --dir "
          "{0}\n",
          target.string());
    }
  }
  return Answer{0, options.json ? boost::json::serialize(json) + "\n" : words, ""};
}

}  // namespace

Answer restore(const std::string& server, const std::vector<std::string>& args) {
  Options options;
  CLI::App cli(
      "Makes a server directory from a backup. The backup is verified before anything is "
      "touched.",
      "posta restore --dir DIR");
  cli.add_option("backup", options.from, "what posta backup made")->required();
  cli.add_flag("--force", options.force, "DIR may be there: it is kept, under another name");
  cli.add_flag("--verify", options.verify_only, "only verify the backup");
  cli.add_flag("--json", options.json, "print for programs");
  try {
    cli.parse(std::vector<std::string>(args.rbegin(), args.rend() - 1));
  } catch (const CLI::CallForHelp&) {
    return {0, cli.help(), ""};
  } catch (const CLI::ParseError& error) {
    return {64, "", fmt::format("posta: {}\nposta restore --help says more\n", error.what())};
  }
  if (server.empty() && !options.verify_only)
    return {64, "", "posta: restore makes a server directory; say which: --dir DIR\n"};
  auto done = run(server, options);
  if (!done) return {1, "", "posta: " + done.error().what + "\n"};
  return *std::move(done);
}

}  // namespace posta::app

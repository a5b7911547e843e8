#include "app/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "app/checkpoint.h"
#include "app/files.h"
#include "app/outside.h"
#include "app/part.h"
#include "app/progress.h"
#include "app/units.h"
#include "app/version.h"
#include "app/walls.h"
#include "base/text.h"
#include "ops/manifest.h"

namespace posta::app {

namespace fs = std::filesystem;

namespace {

Failure no(std::string what) {
  return fail(Error::Kind::conflict, std::move(what));
}

// Where links lead; what cannot be followed is taken as it is written.
fs::path followed(const fs::path& path) {
  std::error_code error;
  fs::path out = fs::weakly_canonical(path, error);
  return error ? path : out;
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  auto relative = followed(path).lexically_relative(followed(folder));
  return !relative.empty() && *relative.begin() != "..";
}

Octets size_of(const std::string& path) {
  std::error_code error;
  auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

class Backup {
 public:
  Backup(Config config, fs::path to)
      : config_(std::move(config)), to_(std::move(to)), part_(to_.string() + ".part") {}

  Result<ops::Manifest> make() {
    TRY_VOID(prepare());
    store_ = config_.path(config_.store_directory);
    bool inside = lies_in(store_, config_.directory);
    manifest_.store =
        inside ? fs::path(store_).lexically_relative(config_.directory).string() : "store";
    manifest_.posta = kVersion;
    manifest_.host = config_.hostname.str();
    // Before the checkpoint: a letter that leaves drop/ meanwhile is in the store then.
    TRY(auto files, list_files(config_.directory, [this](const std::string& path) {
          return path == "run" || path == manifest_.store;
        }));
    for (const auto& file : files) TRY_VOID(copy(config_.directory, file, "", nullptr));
    TRY_VOID(copy_store());
    std::ranges::sort(manifest_.files, {}, &ops::Manifest::File::path);
    TRY_VOID(sync_folders());
    TRY_VOID(write_file_whole((part_ / "manifest").string(), ops::print_manifest(manifest_)));
    return finish();
  }

 private:
  Result<> prepare() {
    std::error_code error;
    if (fs::exists(to_, error) && !(fs::is_directory(to_, error) && fs::is_empty(to_, error)))
      return no(to_.string() + " is there already; name a directory that is not");
    if (lies_in(to_, config_.directory))
      return no(
          "a backup inside the server directory would be in the next backup, and lost with "
          "it; name another place");
    TRY_VOID(begin_part(part_));
    fs::create_directories(part_ / "server", error);
    if (error)
      return fail(Error::Kind::unavailable,
                  "cannot make " + part_.string() + ": " + error.message());
    return {};
  }

  // `from`/`file` becomes server/`below`/`file`.
  Result<> copy(const std::string& from, const std::string& file, const std::string& below,
                Progress* progress) {
    fs::path relative = fs::path(below) / file;
    fs::path target = part_ / "server" / relative;
    std::string source = from + "/" + file;
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    auto told = [&](Octets octets) {
      if (progress) progress->did(octets);
    };
    // What the store has written is never changed again: a link is a copy, where it is possible.
    bool linked = progress && link(source.c_str(), target.c_str()) == 0;
    auto sum = sum_file(source, linked ? "" : target.string(), told);
    // A file of drop/ that was taken meanwhile is in the store.
    if (!sum && !progress && sum.error().is(Error::Kind::not_found)) return {};
    if (!sum) return Failure(sum.error());
    manifest_.files.push_back({relative.string(), sum->octets, sum->crc});
    return {};
  }

  Result<> copy_store() {
    auto copied = copy_checkpoint();
    // Opened here, by root: what was written belongs to the server's user all the same.
    if (geteuid() == 0) {
      TRY(auto who, server_identity(config_));
      TRY_VOID(guard::give_tree_to(store_, who));
    }
    return copied;
  }

  Result<> copy_checkpoint() {
    Outside outside(config_.directory, config_, /*as_root=*/true);
    TRY(Answer answer, outside.ask({{"checkpoint"}, ""}));
    auto lines = split(answer.out, '\n');
    if (answer.exit != 0 || lines.size() < 2)
      return fail(Error::Kind::unavailable, std::string(trim(answer.err)));
    std::string checkpoint(lines[0]);
    manifest_.made = lines[1];
    auto files = list_files(checkpoint, nullptr);
    Result<> copied;
    if (files) {
      Octets all = 0;
      for (const auto& file : *files) all += size_of(checkpoint + "/" + file);
      Progress progress("copying the store:", all);
      for (const auto& file : *files) {
        copied = copy(checkpoint, file, manifest_.store, &progress);
        if (!copied) break;
      }
    }
    std::error_code error;
    fs::remove_all(checkpoint, error);
    if (!files) return Failure(files.error());
    return copied;
  }

  Result<> sync_folders() {
    std::error_code error;
    for (fs::recursive_directory_iterator at(part_, error), end; !error && at != end;
         at.increment(error))
      if (std::error_code gone; at->is_directory(gone)) TRY_VOID(sync_folder(at->path().string()));
    return {};
  }

  Result<ops::Manifest> finish() {
    TRY_VOID(end_part(part_));
    std::error_code error;
    fs::remove(to_, error);  // an empty one
    fs::rename(part_, to_, error);
    if (error)
      return fail(Error::Kind::unavailable, "cannot name " + to_.string() + ": " + error.message());
    TRY_VOID(sync_folder(to_.parent_path().string()));
    return manifest_;
  }

  Config config_;
  fs::path to_;
  fs::path part_;
  std::string store_;
  ops::Manifest manifest_;
};

}  // namespace

Answer backup(const std::string& server, const std::vector<std::string>& args) {
  std::string to;
  bool json = false;
  CLI::App cli("Copies everything of a server into a new directory, while it serves or not.",
               "posta backup");
  cli.add_option("directory", to, "the directory to make")->required();
  cli.add_flag("--json", json, "print for programs");
  try {
    cli.parse(std::vector<std::string>(args.rbegin(), args.rend() - 1));
  } catch (const CLI::CallForHelp&) {
    return {0, cli.help(), ""};
  } catch (const CLI::ParseError& error) {
    return {64, "", fmt::format("posta: {}\nposta backup --help says more\n", error.what())};
  }
  auto config = read_config(server);
  if (!config) return {1, "", "posta: " + config.error().what + "\n"};
  auto where = whole_path(to);
  if (!where) return {1, "", "posta: no backup was made: " + where.error().what + "\n"};
  auto made = Backup(*config, *where).make();
  if (!made) return {1, "", "posta: no backup was made: " + made.error().what + "\n"};
  Octets octets = 0;
  for (const auto& file : made->files) octets += file.octets;
  if (json)
    return {0,
            boost::json::serialize(boost::json::object{{"directory", to},
                                                       {"made", made->made},
                                                       {"files", made->files.size()},
                                                       {"octets", octets}}) +
                "\n",
            ""};
  return {0,
          fmt::format("{}: {}, {} MiB, as of {}\nCopy it to another disk. Restore it with: "
                      "posta restore {} --dir DIR\n",
                      to, counted(made->files.size(), "file"), octets >> 20, made->made, to),
          ""};
}

}  // namespace posta::app

// submit.cc: posta submit: a message is handed in as a file; the server takes it now, or when it
// runs.

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <iostream>

#include "app/config.h"
#include "app/drop_box.h"
#include "app/files.h"
#include "app/walls.h"
#include "base/codec.h"

namespace posta::app {

namespace {

struct Options {
  std::string from = "postmaster";
  std::vector<std::string> to;
  bool json = false;
};

Answer wrong(std::string what, int exit = 1) {
  return {exit, "", "posta: " + what + "\n"};
}

// An address, or a bare name of the default domain.
Result<Address> address_of(const std::string& text) {
  bool bare = text.find('@') == std::string::npos;
  auto address = Address::parse(bare ? text + "@example.org" : text);
  if (!address) return fail(Error::Kind::syntax, "not an address: " + text);
  if (bare) address->domain = Domain();
  return *std::move(address);
}

Result<std::string> new_id() {
  std::string octets(16, '\0');
  // tidy: random because this is a command: there is no executor
  if (getrandom(octets.data(), octets.size(), 0) != ssize_t(octets.size()))
    return fail(Error::Kind::unavailable, "the system gives no random octets");
  return hex_encode(octets);
}

Result<std::string> read_message(Octets octets_max) {
  std::string out;
  std::string piece(1 << 16, '\0');
  while (std::cin.read(piece.data(), std::streamsize(piece.size())) || std::cin.gcount() > 0) {
    out.append(piece, 0, static_cast<std::size_t>(std::cin.gcount()));
    if (out.size() > octets_max)
      return fail(
          Error::Kind::limit,
          fmt::format("the message is longer than smtp.message_octets_max, {} octets", octets_max));
  }
  return out;
}

// Who takes what is handed in: whoever has the store; else, for root, whom it will be made for.
Result<guard::Identity> whose_server(const Config& config) {
  guard::Identity now = guard::current_identity();
  if (!now.is_root()) return now;
  struct stat store{};
  if (lstat(config.path(config.store_directory).c_str(), &store) == 0 && S_ISDIR(store.st_mode) &&
      store.st_uid != 0)
    return guard::Identity{fmt::format("user {}", store.st_uid), store.st_uid, store.st_gid};
  return server_identity(config);
}

Result<std::string> hand_in(const Config& config, const Options& options) {
  ops::DropLetter letter;
  if (options.from != "<>") {
    TRY(letter.from, address_of(options.from));
  }
  for (const std::string& one : options.to) {
    TRY(Address to, address_of(one));
    letter.to.push_back(std::move(to));
  }
  TRY(std::string message, read_message(config.message_octets_max));
  letter.message = message;
  TRY(std::string id, new_id());
  std::string folder = config.path("drop");
  TRY(guard::Identity who, whose_server(config));
  TRY_VOID(guard::make_folder_of(folder, who));
  TRY_VOID(sync_folder(config.directory));
  // drop/ belongs to the server's user, who may have put anything in its place: root follows no
  // link there, and makes and gives away no file.
  TRY_VOID(guard::become(who));
  TRY_VOID(write_file_whole(folder + "/" + id + ".letter", ops::print_drop(letter)));
  return id;
}

}  // namespace

Answer submit(const std::string& server, const std::vector<std::string>& args) {
  Options options;
  CLI::App cli("Hands in the message on standard input; the server takes it now, or when it runs.",
               "posta submit");
  cli.add_option("--from", options.from,
                 "the sender, an account of this server; default: postmaster; <> for none");
  cli.add_option("recipients", options.to, "who gets it")->required();
  cli.add_flag("--json", options.json, "print for programs");
  try {
    cli.parse(std::vector<std::string>(args.rbegin(), args.rend() - 1));
  } catch (const CLI::CallForHelp&) {
    return {0, cli.help(), ""};
  } catch (const CLI::ParseError& error) {
    return wrong(fmt::format("{}\nposta submit --help says more", error.what()), 64);
  }
  if (options.to.size() > ops::kDropRecipientsMax)
    return wrong(fmt::format("more than {} recipients", ops::kDropRecipientsMax), 64);
  auto config = read_config(server);
  if (!config) return wrong(config.error().what);
  auto id = hand_in(*config, options);
  if (!id) return wrong("the message was not handed in: " + id.error().what);
  bool running = ask_server(config->directory, {{"status"}, ""}).has_value();
  if (options.json)
    return {0,
            boost::json::serialize(boost::json::object{{"file", *id}, {"running", running}}) + "\n",
            ""};
  return {
      0,
      fmt::format("{} is handed in{}\n", *id, running ? "" : "; the server takes it when it runs"),
      ""};
}

}  // namespace posta::app

#include "app/tool.h"

#include <fstream>
#include <iostream>
#include <sstream>

#include "wire/message/digest.h"
#include "wire/message/structure_json.h"

namespace posta::app {

namespace {

constexpr std::string_view kUsage =
    "usage: posta tool mime FILE [--json]                  FILE -: standard input\n"
    "       posta tool sandbox-probe --dir DIR [--json]\n"
    "mime prints what posta makes of a message, as JSON: its parts, the ENVELOPE and "
    "BODYSTRUCTURE\n"
    "that IMAP would say, the decoded header and a preview.\n"
    "sandbox-probe tries from inside the server's sandbox what must be refused, and what must "
    "work.\n"
    "Exit 1: something is not as it should be.\n";

}  // namespace

Answer tool(std::vector<std::string> args) {
  std::erase(args, "--json");  // it is nothing else
  if (args.size() >= 2 && (args.back() == "--help" || args.back() == "-h"))
    return {0, std::string(kUsage), ""};
  if (args.size() != 3 || args[1] != "mime") return {64, "", std::string(kUsage)};
  std::ostringstream text;
  if (args[2] == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream file(args[2], std::ios::binary);
    if (!file) return {1, "", "posta: cannot read " + args[2] + "\n"};
    text << file.rdbuf();
  }
  std::string message = std::move(text).str();
  wire::message::Digest digest = wire::message::digest_of(message);
  return {0, wire::message::structure_json(digest, message), ""};
}

}  // namespace posta::app

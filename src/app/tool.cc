#include "app/tool.h"

#include <fstream>
#include <iostream>
#include <sstream>

#include "wire/message/digest.h"
#include "wire/message/structure_json.h"

namespace posta::app {

namespace {

constexpr std::string_view kUsage =
    "usage: posta tool mime FILE        - reads standard input\n"
    "Prints what posta makes of a message, as JSON: its parts, the ENVELOPE and BODYSTRUCTURE "
    "that\n"
    "IMAP would say, the decoded header and a preview.\n";

}  // namespace

Answer tool(const std::vector<std::string>& args) {
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

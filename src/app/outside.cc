#include "app/outside.h"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "app/admin.h"
#include "app/files.h"
#include "app/walls.h"

namespace posta::app {

namespace {

runtime::Task<> administer_here(House& house, Request request, Answer& answer) {
  answer = co_await administer(house, std::move(request));
}

bool has_option(const std::vector<std::string>& args, const std::string& name) {
  return std::ranges::any_of(
      args, [&](const std::string& arg) { return arg == name || arg.starts_with(name + "="); });
}

void print_out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// The pages of a list as one: of JSON, one array.
class Pages {
 public:
  explicit Pages(bool json) : json_(json) {}

  void print(const Answer& answer) {
    std::string_view text = answer.out;
    if (json_ && text.starts_with('[') && text.ends_with("]\n")) {
      text = text.substr(1, text.size() - 3);
      print_out(first_ ? "[" : text.empty() ? "" : ",");
      print_out(text);
      if (answer.more.empty()) print_out("]\n");
    } else if (first_ || !answer.more.empty() || !is_none(text)) {
      print_out(text);
    }
    first_ = false;
  }

 private:
  // "no accounts": said of an empty page that is not the first, it would be wrong.
  static bool is_none(std::string_view text) {
    return text.starts_with("no ") || text.starts_with("the queue is empty");
  }
  bool json_;
  bool first_ = true;
};

}  // namespace

Config for_command(Config config) {
  config.log_level = "error";
  config.log_to = "stderr";
  config.relay_host.reset();
  config.outbound_tls_ca_file.clear();
  return config;
}

int print(const Answer& answer) {
  print_out(answer.out);
  std::fwrite(answer.err.data(), 1, answer.err.size(), stderr);
  return answer.exit;
}

Result<Answer> Outside::ask(Request request) {
  if (!house_) {
    auto answer = ask_server(directory_, request);
    if (answer || !answer.error().is(Error::Kind::not_found)) return answer;
    if (!config_) return Failure(config_.error());
    Config quiet = for_command(*config_);
    if (!as_root_) TRY_VOID(act_as_server(quiet));
    TRY(house_, House::open(std::move(quiet), 1));
  }
  Answer here;
  house_->run(administer_here(*house_, std::move(request), here));
  return here;
}

int run_outside(const std::string& directory, std::vector<std::string> args) {
  auto where = whole_path(directory);
  if (!where) return print({1, "", "posta: " + where.error().what + "\n"});
  auto config = read_config(directory);
  std::string wrong = config ? "" : config.error().what;
  Outside outside(*where, std::move(config));
  Request request{std::move(args), ""};
  // A password, or the old one and the new one.
  bool change = has_option(request.args, "--change");
  if (change || has_option(request.args, "--password-stdin")) std::getline(std::cin, request.input);
  if (std::string second; change && std::getline(std::cin, second)) request.input += "\n" + second;
  bool whole = !has_option(request.args, "--limit");
  Pages pages(has_option(request.args, "--json"));
  for (std::size_t typed = request.args.size();;) {
    auto answer = outside.ask(request);
    if (!answer) {
      std::fprintf(stderr, "posta: %s\n", answer.error().what.c_str());
      return 1;
    }
    if (!wrong.empty())
      std::fprintf(stderr, "posta: warning: the server runs with what posta.toml said before; %s\n",
                   std::exchange(wrong, "").c_str());
    if (!whole) answer->more.clear();
    pages.print(*answer);
    std::fwrite(answer->err.data(), 1, answer->err.size(), stderr);
    if (answer->exit != 0 || answer->more.empty()) return answer->exit;
    request.args.resize(typed);
    request.args.push_back("--after=" + answer->more);
  }
}

}  // namespace posta::app

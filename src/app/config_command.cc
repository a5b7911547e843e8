#include "app/config_command.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "app/config.h"
#include "app/reload.h"
#include "base/text.h"

namespace posta::app {

namespace {

struct Options {
  bool json = false;
  bool changed = false;
  std::string key;
};

boost::json::object setting_json(const Setting& setting, const Config& config,
                                 const Config& plain) {
  std::string value = setting.show(config);
  return {{"key", setting.name},
          {"value", value},
          {"default", setting.show(plain)},
          {"is_default", value == setting.show(plain)},
          {"takes", setting.takes},
          {"live", is_live(setting.name)},
          {"meaning", setting.meaning}};
}

Answer show(const Config& config, const Config& plain, const Options& options) {
  if (!options.json && !options.changed) return {0, show_config(config), ""};
  boost::json::array all;
  std::string words;
  for (const Setting& setting : settings()) {
    auto one = setting_json(setting, config, plain);
    if (options.changed && one["is_default"].as_bool()) continue;
    words += fmt::format("{} = {}\n", setting.name, setting.show(config));
    all.push_back(std::move(one));
  }
  return {0, options.json ? boost::json::serialize(all) + "\n" : words, ""};
}

Answer explain(const Config& config, const Config& plain, const Options& options) {
  std::vector<std::string> names;
  for (const Setting& setting : settings()) {
    names.push_back(setting.name);
    if (setting.name != options.key) continue;
    if (options.json)
      return {0, boost::json::serialize(setting_json(setting, config, plain)) + "\n", ""};
    return {0,
            fmt::format("{}: {}\nnow: {}\ndefault: {}\ntakes: {}\nwhen: counts from the next {}\n",
                        setting.name, setting.meaning, setting.show(config), setting.show(plain),
                        setting.takes, is_live(setting.name) ? "reload (kill -HUP)" : "start"),
            ""};
  }
  auto near = closest(options.key, names);
  return {1, "",
          fmt::format("posta: no key {}{}; posta config show lists all\n", printable(options.key),
                      near ? "; did you mean " + *near + "?" : "")};
}

}  // namespace

Answer config_command(const std::string& directory, const std::vector<std::string>& args) {
  Options options;
  CLI::App cli("The configuration as it is in force.", "posta config");
  cli.require_subcommand(1);
  auto* shown = cli.add_subcommand("show", "every key with its value and meaning, as TOML");
  shown->add_flag("--json", options.json, "print for programs");
  shown->add_flag("--changed", options.changed, "only what is not the default, without meanings");
  auto* explained = cli.add_subcommand("explain", "what one key means");
  explained->add_flag("--json", options.json, "print for programs");
  explained->add_option("key", options.key, "smtp.message_octets_max")->required();
  try {
    cli.parse(std::vector<std::string>(args.rbegin(), args.rend() - 1));
  } catch (const CLI::CallForHelp&) {
    return {0, cli.help(), ""};
  } catch (const CLI::ParseError& error) {
    return {64, "", fmt::format("posta: {}\nposta config --help says more\n", error.what())};
  }
  auto config = read_config(directory);
  if (!config) return {1, "", "posta: " + config.error().what + "\n"};
  Config plain = default_config();
  return explained->parsed() ? explain(*config, plain, options) : show(*config, plain, options);
}

}  // namespace posta::app

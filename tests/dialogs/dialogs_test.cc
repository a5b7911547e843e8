// Every *.dialog below this folder, in the simulator, with three seeds: other cuts, other delays,
// other peers.
#include <filesystem>
#include <fstream>

#include "dialogs/sim_stage.h"

namespace posta::dialogs {
namespace {

constexpr std::uint64_t kSeeds = 3;

std::vector<std::string> all_dialogs() {
  std::vector<std::string> names;
  const std::filesystem::path root(POSTA_DIALOGS_DIR);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.path().extension() == ".dialog")
      names.push_back(std::filesystem::relative(entry.path(), root).replace_extension().string());
  std::ranges::sort(names);
  return names;
}

Result<Dialog> load(const std::string& name) {
  std::ifstream file(std::string(POSTA_DIALOGS_DIR) + "/" + name + ".dialog", std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return parse_dialog(name, text);
}

class Dialogs : public testing::TestWithParam<std::string> {};

TEST_P(Dialogs, Holds) {
  auto dialog = load(GetParam());
  ASSERT_TRUE(dialog) << GetParam() << ": " << describe(dialog.error());
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Result<> outcome = play(*dialog, seed);
    EXPECT_TRUE(outcome) << "seed " << seed << ": " << outcome.error().what;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Dialogs, testing::ValuesIn(all_dialogs()), [](const auto& param) {
  std::string name = param.param;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

}  // namespace
}  // namespace posta::dialogs

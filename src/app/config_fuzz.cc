// Property: any octets are a configuration or an Error that names what is wrong; what is understood
// is shown in a form that reads back to the same (round trip).
#include "app/config.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace posta::app;
  auto config = parse_config({reinterpret_cast<const char*>(data), size}, "f");
  if (!config) {
    CHECK(!config.error().what.empty());
    return 0;
  }
  std::string shown = show_config(*config);
  auto again = parse_config(shown, "shown");
  CHECK(again && show_config(*again) == shown);
  return 0;
}

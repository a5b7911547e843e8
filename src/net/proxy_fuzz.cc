// Cut invariance: only the whole of a header is a header, and what was refused stays refused
// however much follows. Round trip: what is printed of a header is read back as the same.

#include "base/check.h"
#include "net/proxy.h"

using namespace posta;
using namespace posta::net;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto whole = parse_proxy_header(input);
  std::size_t end = whole && *whole ? (*whole)->octets : size;
  CHECK(end <= size);
  bool refused = false;
  for (std::size_t n = 0; n < end; ++n) {
    auto part = parse_proxy_header(input.substr(0, n));
    CHECK(!(part && *part));
    CHECK(!(refused && part));
    refused = !part;
  }
  CHECK(!(refused && whole));
  if (!whole || !*whole) return 0;
  const ProxyHeader& header = **whole;
  CHECK(end <= kProxyV2OctetsMax);
  if (!header.ends) return 0;
  auto again = parse_proxy_header(print_proxy_v2(header));
  CHECK(again && *again);
  CHECK((*again)->ends == header.ends && (*again)->tls == header.tls &&
        (*again)->authority == header.authority);
  return 0;
}

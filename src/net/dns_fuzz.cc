// Property: data of a DNS record is refused or read to a value that, printed, reads back the same.
// Memory is bounded: a name as text is at most four times its octets.
#include "base/check.h"
#include "net/dns_data.h"

using namespace posta;
using namespace posta::net;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (auto name = parse_dns_name(input)) {
    CHECK(name->size() <= 4 * size);
    // What holds plain characters alone is printed as it came, but for the letters' case.
    if (!name->contains('\\')) {
      auto printed = print_dns_name(*name);
      CHECK(printed && printed->size() == size && *parse_dns_name(*printed) == *name);
    }
  }
  if (auto mx = parse_mx(input); mx && !mx->host.contains('\\'))
    CHECK(*parse_mx(*print_mx(*mx)) == *mx);
  if (auto text = parse_txt(input)) CHECK(*parse_txt(print_txt(*text)) == *text);
  for (DnsType type : {DnsType::a, DnsType::aaaa})
    if (auto address = parse_address(input, type); address && type == DnsType::a)
      CHECK(print_address(*address) == input);
  return 0;
}

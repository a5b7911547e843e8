// dns_data.h: what is in a DNS record, as octets and as a value (RFC 1035 §3.3, RFC 3596 §2.2).
//
// Names are without compression. As text they are lower case, without final dot; an octet that is
// no plain character, and a dot within a label, are written \DDD (RFC 1035 §5.1). Data that is cut
// or too long is an Error{syntax}.
#pragma once

#include <string>
#include <string_view>

#include "net/dns.h"

namespace posta::net {

Result<MxRecord> parse_mx(std::string_view data);
Result<IpAddress> parse_address(std::string_view data, DnsType type);
Result<std::string> parse_txt(std::string_view data);
Result<std::string> parse_dns_name(std::string_view data);

// Error{syntax}: an empty label or one of more than 63 octets, or more than 255 in all.
Result<std::string> print_dns_name(std::string_view name);
Result<std::string> print_mx(const MxRecord& record);
std::string print_address(const IpAddress& address);
std::string print_txt(std::string_view text);

}  // namespace posta::net

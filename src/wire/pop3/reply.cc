#include "wire/pop3/reply.h"

#include "base/codec.h"
#include "base/text.h"
#include "wire/pop3/limits.h"

namespace posta::wire::pop3 {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::none: break;
    case Code::in_use: return "IN-USE";
    case Code::login_delay: return "LOGIN-DELAY";
    case Code::sys_temp: return "SYS/TEMP";
    case Code::sys_perm: return "SYS/PERM";
    case Code::auth: return "AUTH";
    case Code::utf8: return "UTF8";
  }
  return "";
}

void print_reply(std::string& out, const Reply& reply) {
  const std::size_t begin = out.size();
  out += reply.ok ? "+OK" : "-ERR";
  if (reply.code != Code::none) out.append(" [").append(to_string(reply.code)).append("]");
  if (!reply.text.empty()) out += ' ';
  const std::size_t room = kReplyLineOctetsMax - (out.size() - begin) - 2;
  std::string_view text = reply.text;
  if (text.size() > room) {
    std::size_t end = room;  // not within a UTF-8 character
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  const bool utf8 = is_utf8(text);
  bool first = reply.code == Code::none;
  for (char c : text) {
    auto octet = static_cast<unsigned char>(c);
    if (first && c == '[') {
      out += '(';
    } else if (octet == '\t') {
      out += ' ';
    } else {
      out += octet < 0x20 || octet == 0x7F || (octet >= 0x80 && !utf8) ? '?' : c;
    }
    first = false;
  }
  out += "\r\n";
}

std::string to_octets(const Reply& reply) {
  std::string out;
  print_reply(out, reply);
  return out;
}

void print_challenge(std::string& out, std::string_view challenge) {
  out.append("+ ").append(base64_encode(challenge)).append("\r\n");
}

}  // namespace posta::wire::pop3

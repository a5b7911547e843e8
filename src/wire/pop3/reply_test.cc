#include "wire/pop3/reply.h"

#include <gtest/gtest.h>

#include "wire/pop3/capa.h"
#include "wire/pop3/limits.h"

namespace posta::wire::pop3 {
namespace {

TEST(Reply, IsOneSafeLine) {
  struct Case {
    Reply reply;
    std::string_view octets;
  };
  const Case cases[] = {
      {Reply::yes("2 messages"), "+OK 2 messages\r\n"},
      {Reply::yes(""), "+OK\r\n"},
      {Reply::no("No such message"), "-ERR No such message\r\n"},
      {Reply::no("Busy", Code::in_use), "-ERR [IN-USE] Busy\r\n"},  // RFC 2449 §8.1.2
      {Reply::no("Too soon", Code::login_delay), "-ERR [LOGIN-DELAY] Too soon\r\n"},
      {Reply::no("Later", Code::sys_temp), "-ERR [SYS/TEMP] Later\r\n"},  // RFC 3206 §4
      {Reply::no("Broken", Code::sys_perm), "-ERR [SYS/PERM] Broken\r\n"},
      {Reply::no("Wrong", Code::auth), "-ERR [AUTH] Wrong\r\n"},  // RFC 3206 §5
      {Reply::no("UTF-8", Code::utf8), "-ERR [UTF8] UTF-8\r\n"},  // RFC 6856 §5
      {Reply::no("", Code::auth), "-ERR [AUTH]\r\n"},
      {Reply::no("[AUTH] I lie"), "-ERR (AUTH] I lie\r\n"},
      {Reply::no("[x]", Code::auth), "-ERR [AUTH] [x]\r\n"},
      {Reply::no("a\r\n+OK b\tc\x7f"), "-ERR a??+OK b c?\r\n"},
      {Reply::yes("gr\xc3\xbc\xc3\x9f"), "+OK gr\xc3\xbc\xc3\x9f\r\n"},
      {Reply::yes("gr\xff"), "+OK gr?\r\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(to_octets(c.reply), c.octets);
}

TEST(Reply, IsCutAt512Octets) {
  EXPECT_EQ(to_octets(Reply::no(std::string(1000, 'x'), Code::auth)).size(), kReplyLineOctetsMax);
  std::string umlauts = "x";
  for (int i = 0; i < 400; ++i) umlauts += "\xc3\xbc";
  const std::string printed = to_octets(Reply::yes(umlauts));
  EXPECT_LE(printed.size(), kReplyLineOctetsMax);
  EXPECT_TRUE(printed.ends_with("\xc3\xbc\r\n"));
}

TEST(Reply, AChallengeIsBase64) {
  std::string out;
  print_challenge(out, "");
  print_challenge(out, "Password:");
  EXPECT_EQ(out, "+ \r\n+ UGFzc3dvcmQ6\r\n");
}

TEST(Capa, ListsWhatIsThereAndNothingElse) {
  std::string out;
  print_capa(out, {});
  EXPECT_EQ(out, "+OK Capability list follows\r\n.\r\n");
  out.clear();
  print_capa(out, {.top = true,
                   .user = true,
                   .sasl = {"PLAIN", "SCRAM-SHA-256"},
                   .resp_codes = true,
                   .login_delay = 60,
                   .pipelining = true,
                   .expire = Capabilities::Expire{},
                   .uidl = true,
                   .implementation = "posta",
                   .auth_resp_code = true,
                   .stls = true,
                   .utf8 = true,
                   .utf8_user = true,
                   .lang = true});
  EXPECT_EQ(out,
            "+OK Capability list follows\r\nTOP\r\nUSER\r\nSASL PLAIN SCRAM-SHA-256\r\n"
            "RESP-CODES\r\nLOGIN-DELAY 60\r\nPIPELINING\r\nEXPIRE NEVER\r\nUIDL\r\n"
            "AUTH-RESP-CODE\r\nSTLS\r\nUTF8 USER\r\nLANG\r\nIMPLEMENTATION posta\r\n.\r\n");
  out.clear();
  print_capa(out, {.expire = Capabilities::Expire{.days = 30}, .utf8 = true});
  EXPECT_EQ(out, "+OK Capability list follows\r\nEXPIRE 30\r\nUTF8\r\n.\r\n");
}

}  // namespace
}  // namespace posta::wire::pop3

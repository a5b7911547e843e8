// What the table of verbs promises. What sessions do with it stands in tests/dialogs/smtp.
#include "server/smtp/session.h"

namespace posta::server::smtp {
namespace {

TEST(Verbs, TheTableIsInTheOrderOfTheCommands) {
  ASSERT_EQ(all_verbs().size(), std::variant_size_v<Command>);
  for (std::string_view line :
       {"HELO a", "EHLO a", "MAIL FROM:<>", "RCPT TO:<a@example.org>", "DATA", "BDAT 0", "RSET",
        "NOOP", "QUIT", "HELP", "VRFY a", "EXPN a", "AUTH PLAIN", "STARTTLS"}) {
    auto command = wire::smtp::parse_command(line);
    ASSERT_TRUE(command) << line;
    EXPECT_EQ(verb_for(*command).name, line.substr(0, line.find(' '))) << line;
  }
}

TEST(Verbs, RepliesOfRsetMailAndRcptMayWaitAndNoOthers) {  // RFC 2920 §3.2 (2), (5), (6)
  for (const Verb& verb : all_verbs()) {
    bool may_wait = verb.name == "RSET" || verb.name == "MAIL" || verb.name == "RCPT";
    EXPECT_EQ(verb.flush == Flush::no, may_wait) << verb.name;
  }
}

TEST(Verbs, BeforeTlsOnlyWhatRfc3207Allows) {  // RFC 3207 §4: NOOP EHLO STARTTLS QUIT
  for (const Verb& verb : all_verbs()) {
    if (verb.name.starts_with('(')) continue;
    bool allowed = verb.name == "NOOP" || verb.name == "EHLO" || verb.name == "STARTTLS" ||
                   verb.name == "QUIT" || verb.name == "HELO";
    EXPECT_EQ(verb.pre_tls == PreTls::yes, allowed) << verb.name;
  }
}

}  // namespace
}  // namespace posta::server::smtp

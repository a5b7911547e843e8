// settings_services.cc: [smtp] and [pop3]: what clients may ask, and manners of older programs.

#include "app/setting_kinds.h"
#include "app/settings_groups.h"

namespace posta::app {

using namespace kinds;

namespace {

Result<std::vector<Word>> workaround(const std::string& name) {
  if (name != kNoNuls && name != kEndOfHeader)
    return expected(fmt::format("\"{}\" or \"{}\"", kNoNuls, kEndOfHeader));
  return std::vector{Word{name}};
}

}  // namespace

std::vector<Setting> service_settings() {
  const std::vector<std::string> access{"nobody", "trusted", "everybody"};
  return {
      text("smtp.vrfy",
           "who may ask by VRFY whether an address is good; the others are told 252. trusted: "
           "smtp.trusted_networks, and who has logged in",
           &Config::smtp_vrfy, access),
      text("smtp.expn", "who may ask by EXPN for the members of an alias (502 5.5.1)",
           &Config::smtp_expn, access),
      text(
          "smtp.unknown_recipient",
          "unknown recipients: refuse (550 5.1.1), or defer (450 4.1.1) while users are moved here",
          &Config::smtp_unknown_recipient, {"refuse", "defer"}),
      yes_or_no("smtp.announce_forward",
                "tell who writes to an alias of one address elsewhere where that is (251 2.1.5)",
                &Config::smtp_announce_forward),
      yes_or_no("pop3.exclusive",
                "one session a maildrop, as RFC 1939 has it ([IN-USE]); false: several share it",
                &Config::pop3_exclusive),
      yes_or_no("pop3.retr_sets_seen", "what was retrieved whole is \\Seen in IMAP",
                &Config::pop3_retr_sets_seen),
      list_of("pop3.workarounds",
              "for programs with faults: outlook-no-nuls (NUL is sent as 0x80), oe-ns-eoh (a "
              "message without an end of its header gets one)",
              &Config::pop3_workarounds, workaround),
  };
}

}  // namespace posta::app

// settings_submission.cc: [submission], [submissions], [login]: mail that users of ours send, and
// how they prove who they are.

#include "app/setting_kinds.h"
#include "app/settings_groups.h"

namespace posta::app {

using namespace kinds;
using namespace std::chrono_literals;

std::vector<Setting> submission_settings() {
  constexpr std::int64_t kMany = 10'000'000;
  return {
      list_of("submission.listen",
              "addresses and ports that take mail from your users, who log in after STARTTLS",
              &Config::submission_listen, endpoints),
      list_of("submission.cleartext_networks",
              "networks whose passwords are taken in clear, without TLS: only wires you trust",
              &Config::submission_cleartext_networks, networks),
      number("submission.letters_per_hour",
             "letters that one account may send in an hour (450 4.7.0); 0: no limit",
             &Config::submission_letters_per_hour, 0, kMany),
      number("submission.recipients_per_day",
             "recipients that one account may write to in a day (452 4.7.0); 0: no limit",
             &Config::submission_recipients_per_day, 0, kMany),
      number("submission.new_recipients_per_day",
             "of these, such that it has never written to before (452 4.7.0): a stolen password "
             "shows itself by them; 0: no limit",
             &Config::submission_new_recipients_per_day, 0, kMany),
      size("submission.header_octets_max", "the longest header of a submitted message (552 5.3.4)",
           &Config::submission_header_octets_max, 16_KiB, 16_MiB),
      yes_or_no("submission.disclose_client", "write into Received where the user's computer is",
                &Config::submission_disclose),
      number("submission.sessions_max", "connections at one time, both ports together (421 4.7.0)",
             &Config::submission_sessions_max, 1, kMany),
      number(
          "submission.sessions_per_address_max",
          "connections at one time from one address (421 4.7.0); smtp.trusted_networks are exempt",
          &Config::submission_sessions_per_address_max, 1, kMany),
      list_of("submissions.listen",
              "the same, in TLS from the first octet (RFC 8314): better where clients can do it",
              &Config::submissions_listen, endpoints),
      number("login.account_failures_max",
             "wrong passwords for one account before its logins are refused for a while",
             &Config::login_account_failures_max, 1, kMany),
      number("login.address_failures_max",
             "wrong passwords from one address before its logins are refused for a while; "
             "loopback and smtp.trusted_networks are exempt",
             &Config::login_address_failures_max, 1, kMany),
      time("login.failure_window", "how long wrong passwords are counted, and logins refused",
           &Config::login_failure_window, 1s, 168h),
  };
}

}  // namespace posta::app

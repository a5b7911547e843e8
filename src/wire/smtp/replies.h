// replies.h: what our server says of the protocol itself, in one table. What is said of senders,
// recipients and letters comes from who judges them (mta/intake, mta/route).
//
// Codes: RFC 5321 §4.2.3. Enhanced codes: RFC 3463 §3 and the registry of RFC 5248. A row becomes a
// Reply wherever one is wanted:
//
//   co_return reply::mail_first;
//   co_return reply::help.with(list + "\nSee " + config().help_url);
#pragma once

#include <string>
#include <string_view>

#include "mail/reply.h"

namespace posta::wire::smtp::reply {

struct Row {
  int code;
  Status status;
  std::string_view text;

  operator Reply() const { return Reply(code, status, std::string(text)); }
  Reply with(std::string words) const { return Reply(code, status, std::move(words)); }
};

// clang-format off

// Without enhanced code: greeting, HELO/EHLO (RFC 2034 §4). Greeting and HELO texts begin with
// the server's name, so they are made with `with`.
inline constexpr Row greeting             {220, {}, "ESMTP ready"};
inline constexpr Row hello                {250, {}, "Hello"};

// Yes.
inline constexpr Row ok                   {250, {2, 0, 0}, "Ok"};
inline constexpr Row recipient_ok         {250, {2, 1, 5}, "Recipient ok"};
inline constexpr Row chunk_ok             {250, {2, 0, 0}, "Chunk received"};
inline constexpr Row status               {211, {2, 0, 0}, "Ready"};
inline constexpr Row help                 {214, {2, 0, 0}, "Commands: HELO EHLO MAIL RCPT DATA BDAT RSET NOOP QUIT HELP VRFY"};
inline constexpr Row bye                  {221, {2, 0, 0}, "Bye"};
inline constexpr Row ready_for_tls        {220, {2, 0, 0}, "Ready to start TLS"};       // RFC 3207 §4
inline constexpr Row auth_ok              {235, {2, 7, 0}, "Authentication succeeded"}; // RFC 4954 §6
inline constexpr Row cannot_vrfy          {252, {2, 5, 0}, "Send some mail, it will be tried"};  // RFC 5321 §3.5.3

// The session ends (RFC 5321 §3.8).
inline constexpr Row shutting_down        {421, {4, 3, 2}, "Shutting down, try again soon"};
inline constexpr Row idle_timeout         {421, {4, 4, 2}, "Idle for too long"};
inline constexpr Row too_many_errors      {421, {4, 7, 0}, "Too many errors"};
inline constexpr Row too_many_connections {421, {4, 7, 0}, "Too many connections, try again later"};
inline constexpr Row too_many_commands    {421, {4, 7, 0}, "Too many commands without a message"};
inline constexpr Row mixed_line_ends      {421, {4, 7, 0}, "CRLF and bare LF mixed in one session"};
inline constexpr Row endless_line         {421, {4, 7, 0}, "A line without end"};
inline constexpr Row lost_step            {421, {4, 7, 0}, "Cannot tell data from commands"};
inline constexpr Row wrong_protocol       {502, {5, 7, 0}, "This is SMTP, not HTTP"};

// Not now.
inline constexpr Row too_many_refused     {452, {4, 5, 3}, "Too many refused recipients; send it to the others first"};
inline constexpr Row directory_unavailable{451, {4, 3, 0}, "Cannot look up this address now"};
inline constexpr Row tls_unavailable      {454, {4, 7, 0}, "TLS is not available now"};        // RFC 3207 §4
inline constexpr Row auth_unavailable     {454, {4, 7, 0}, "Cannot check credentials now"};    // RFC 4954 §6

// Not so: syntax and order.
inline constexpr Row unrecognised         {500, {5, 5, 2}, "Unrecognised command"};
inline constexpr Row line_too_long        {500, {5, 5, 6}, "Line too long"};                   // RFC 4954 §6
inline constexpr Row bare_lf_command      {500, {5, 5, 2}, "Lines end in CR LF"};              // RFC 5321 §2.3.8
inline constexpr Row bad_octet            {500, {5, 5, 2}, "A bare CR or NUL in a command"};
inline constexpr Row syntax_error         {501, {5, 5, 4}, "Syntax error in parameters"};
inline constexpr Row no_argument          {501, {5, 5, 4}, "This command takes no argument"};  // RFC 5321 §4.1.1
inline constexpr Row hello_needs_name     {501, {5, 5, 4}, "Say who you are: HELO name"};
inline constexpr Row one_recipient        {501, {5, 5, 4}, "One address in each RCPT, please: repeat RCPT TO for the next"};
inline constexpr Row duplicate_parameter  {501, {5, 5, 4}, "A parameter given twice"};
inline constexpr Row bad_sender           {501, {5, 1, 7}, "Bad sender address"};
inline constexpr Row bad_recipient        {501, {5, 1, 3}, "Bad recipient address"};
inline constexpr Row bad_base64           {501, {5, 5, 2}, "Not base64"};                      // RFC 4954 §4
inline constexpr Row auth_cancelled       {501, {5, 7, 0}, "Authentication cancelled"};
inline constexpr Row not_implemented      {502, {5, 5, 1}, "Not implemented"};
inline constexpr Row expn_off             {502, {5, 5, 1}, "EXPN is not offered"};
inline constexpr Row not_by_hand          {502, {5, 5, 1}, "Not in a session whose lines end in bare LF"};
inline constexpr Row bad_sequence         {503, {5, 5, 1}, "Bad sequence of commands"};
inline constexpr Row hello_first          {503, {5, 5, 1}, "Say HELO or EHLO first"};
inline constexpr Row mail_first           {503, {5, 5, 1}, "Say MAIL FROM first"};
inline constexpr Row rcpt_first           {503, {5, 5, 1}, "Say RCPT TO first"};
inline constexpr Row nested_mail          {503, {5, 5, 1}, "A message is being written already"};
inline constexpr Row bdat_going_on        {503, {5, 5, 1}, "BDAT has begun this message"};     // RFC 3030 §2
inline constexpr Row already_tls          {503, {5, 5, 1}, "TLS is on already"};
inline constexpr Row already_authenticated{503, {5, 5, 1}, "Authenticated already"};           // RFC 4954 §4
inline constexpr Row parameter_not_implemented {504, {5, 5, 4}, "Parameter not implemented"};
inline constexpr Row unknown_mechanism    {504, {5, 5, 4}, "Unknown authentication mechanism"};  // RFC 4954 §4
inline constexpr Row unknown_parameter    {555, {5, 5, 4}, "Parameter not recognised or not implemented"};  // RFC 5321 §4.1.1.11

// Not so: permission.
inline constexpr Row auth_required        {530, {5, 7, 0}, "Authentication required"};         // RFC 4954 §6
inline constexpr Row tls_required         {530, {5, 7, 0}, "Must issue a STARTTLS command first"};  // RFC 3207 §4
inline constexpr Row auth_failed          {535, {5, 7, 8}, "Authentication failed"};           // RFC 4954 §6
inline constexpr Row auth_needs_tls       {538, {5, 7, 11}, "Encryption required for this mechanism"};  // RFC 4954 §6

// Not so: addresses.
inline constexpr Row unknown_user         {550, {5, 1, 1}, "No such user here"};
inline constexpr Row recipient_needs_domain {550, {5, 1, 3}, "The recipient address needs a domain"};
inline constexpr Row sender_needs_domain  {553, {5, 1, 7}, "The sender address needs a domain"};
inline constexpr Row needs_smtputf8_mail  {550, {5, 6, 7}, "A sender address outside ASCII needs SMTPUTF8"};     // RFC 6531 §3.5
inline constexpr Row needs_smtputf8_rcpt  {553, {5, 6, 7}, "A recipient address outside ASCII needs SMTPUTF8"};  // RFC 6531 §3.5

// Not so: the message.
inline constexpr Row no_valid_recipients  {554, {5, 5, 1}, "No valid recipients"};             // RFC 5321 §3.3

inline constexpr const Row* kAll[] = {
    &greeting, &hello, &ok, &recipient_ok, &chunk_ok, &status, &help, &bye, &ready_for_tls,
    &auth_ok, &cannot_vrfy, &shutting_down, &idle_timeout, &too_many_errors, &too_many_connections,
    &too_many_commands, &mixed_line_ends, &endless_line, &lost_step, &wrong_protocol,
    &too_many_refused, &directory_unavailable, &tls_unavailable, &auth_unavailable, &unrecognised, &line_too_long,
    &bare_lf_command, &bad_octet, &syntax_error, &no_argument, &hello_needs_name, &one_recipient,
    &duplicate_parameter, &bad_sender, &bad_recipient, &bad_base64, &auth_cancelled,
    &not_implemented, &expn_off, &not_by_hand, &bad_sequence, &hello_first, &mail_first,
    &rcpt_first, &nested_mail, &bdat_going_on, &already_tls, &already_authenticated,
    &parameter_not_implemented, &unknown_mechanism, &unknown_parameter, &auth_required,
    &tls_required, &auth_failed, &auth_needs_tls, &unknown_user, &recipient_needs_domain,
    &sender_needs_domain, &needs_smtputf8_mail, &needs_smtputf8_rcpt, &no_valid_recipients,
};
// clang-format on

}  // namespace posta::wire::smtp::reply

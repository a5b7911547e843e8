// cmd_utf8.cc: UTF8 and LANG (RFC 6856).
//
//   UTF8 CRLF                       messages leave as they are, UTF-8 headers included
//   LANG [language-tag / "*"] CRLF  in which language we speak: English, and we say so
//
// A client that has not said UTF8 sees the surrogate of an internationalized message (RFC 6858).
#include <algorithm>

#include "base/text.h"
#include "server/pop3/session.h"
#include "wire/message/digest.h"

namespace posta::server::pop3 {

namespace {
constexpr std::string_view kLanguage = "en";
constexpr std::uint64_t kHeaderOctetsMax = 256_KiB;  // of one header; what is beyond stays as it is
}  // namespace

Task<> Session::utf8(wire::pop3::Utf8&) {
  utf8_ = true;
  say(Reply::yes("UTF-8 it is"));
  co_return;
}

Task<> Session::lang(wire::pop3::Lang& command) {
  if (command.tag.empty()) {
    say(Reply::yes("Language listing follows"));
    stream_.put(fmt::format("{} English\r\n", kLanguage));
    stream_.put(wire::pop3::kEndOfList);
    co_return;
  }
  // RFC 4647 §3.3.1: a basic range matches a tag that it equals, or that begins with it and "-".
  // "en-GB" asks for more than we have.
  if (command.tag == "*" || equals_ignore_case(command.tag, kLanguage)) {
    say(Reply::yes(fmt::format("{} English is spoken", kLanguage)));
  } else {
    say(Reply::no("This language is not spoken here; LANG lists those that are"));
  }
}

// What has to change in the message for a client that has not said UTF8. `begin` is its first
// piece: a message that is ASCII costs one look at it.
Task<Result<std::vector<wire::message::Edit>>> Session::surrogate(mailbox::Email& email,
                                                                  std::string_view begin) {
  using Edits = std::vector<wire::message::Edit>;
  if (utf8_ || (begin.size() == email.size() && all_ascii(begin))) co_return Edits();
  Edits edits;
  const std::uint64_t prefix = email.prefix.size();
  wire::message::surrogate_edits(email.prefix, 0, edits);
  auto digest = wire::message::decode(email.digest);
  if (!digest) {  // it is for comfort: without it the message is given out as it is
    trouble("digest", digest.error());
    co_return edits;
  }
  for (auto [offset, whole] : wire::message::header_ranges(*digest)) {
    const std::uint64_t at = prefix + offset;
    const std::uint64_t length = std::min(whole, kHeaderOctetsMax);
    std::string read;
    std::string_view header;
    if (at + length <= begin.size()) {
      header = begin.substr(at, length);
    } else {
      CO_TRY(read, co_await server_.deps().mailboxes.read(email, at, length));
      header = read;
    }
    wire::message::surrogate_edits(header, at, edits);
  }
  co_return edits;
}

}  // namespace posta::server::pop3

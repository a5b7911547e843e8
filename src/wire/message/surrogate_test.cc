#include "wire/message/surrogate.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "wire/message/digest.h"

namespace posta::wire::message {
namespace {

std::string apply(std::string_view message, std::vector<Edit> edits, std::size_t cut) {
  EditFilter filter(std::move(edits));
  std::string out;
  for (std::size_t i = 0; i < message.size(); i += cut) {
    std::string_view piece = message.substr(i, cut);
    for (std::string_view part; !(part = filter.take(piece)).empty();) out += part;
  }
  return out;
}

std::string surrogate(std::string_view message, std::size_t cut = 1000) {
  std::vector<Edit> edits;
  for (auto [offset, length] : header_ranges(digest_of(message)))
    surrogate_edits(message.substr(offset, length), offset, edits);
  return apply(message, std::move(edits), cut);
}

struct Case {
  std::string_view claim;
  std::string_view message;
  std::string_view shown;
};

// RFC 6858 §2.
const Case kCases[] = {
    {"ASCII stays as it is", "From: a@b.example\r\nX: y\r\n\r\nbödy\r\n",
     "From: a@b.example\r\nX: y\r\n\r\nbödy\r\n"},
    {"§2.1: an international address becomes one that is nobody's",
     "From: Ann <ånn@example.org>\r\n\r\n",
     "From: Ann <invalid@internationalized-address.invalid>\r\n\r\n"},
    {"§2.1: without a name it names itself", "To: ü@example.org, b@example.org\r\n\r\n",
     "To: =?utf-8?B?w7xAZXhhbXBsZS5vcmc=?= <invalid@internationalized-address.invalid>,\r\n"
     " b@example.org\r\n\r\n"},
    {"an ASCII address keeps its name, encoded", "Cc: Jürgen <j@example.org>\r\n\r\n",
     "Cc: =?utf-8?B?SsO8cmdlbg==?= <j@example.org>\r\n\r\n"},
    {"a group stays a group", "To: Fréunde: a@b.example, c@d.example;\r\n\r\n",
     "To: =?utf-8?B?RnLDqXVuZGU=?=: a@b.example,\r\n c@d.example;\r\n\r\n"},
    {"§2.2: a parameter that cannot be shown goes, the others stay",
     "Content-Disposition: attachment; filename=\"ü;x\"; size=3\r\n\r\n",
     "Content-Disposition: attachment; size=3\r\n\r\n"},
    {"§2.3: the subject is encoded", "Subject: Grüße\r\n\r\n",
     "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n\r\n"},
    {"§2.4: other fields go", "X-Note: ü\r\nDate: d\r\n\r\n", "Date: d\r\n\r\n"},
    {"what is not UTF-8 is not of RFC 6532", "Subject: Gr\xFC\xDF\r\n\r\n",
     "Subject: Gr\xFC\xDF\r\n\r\n"},
    {"parts have headers too",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; "
     "name=ü\r\nX-Ü: ü\r\n\r\nü\r\n--b--\r\n",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
     "text/plain\r\n\r\nü\r\n--b--\r\n"},
};

TEST(Surrogate, ShowsWhatCanBeShown) {
  for (const Case& c : kCases) EXPECT_EQ(surrogate(c.message), c.shown) << c.claim;
}

TEST(Surrogate, IsTheSameHoweverTheMessageIsCut) {
  for (const Case& c : kCases)
    for (std::size_t cut : {1, 2, 3, 7})
      EXPECT_EQ(surrogate(c.message, cut), c.shown) << c.claim << " cut at " << cut;
}

TEST(Surrogate, HasNoOctetOutsideAsciiInItsHeaderIfItWasUtf8) {
  std::string message = "Subject: ";
  for (int i = 0; i < 500; ++i) message += "wörter ";
  message +=
      "\r\nFrom: \"ü\\\"ü\" <ü@ü.example>\r\nComments: ü\r\nContent-Type: ü; ü=ü\r\n\r\nbody\r\n";
  std::string shown = surrogate(message);
  EXPECT_TRUE(all_ascii(shown)) << shown;
  EXPECT_TRUE(shown.ends_with("\r\n\r\nbody\r\n"));
}

}  // namespace
}  // namespace posta::wire::message

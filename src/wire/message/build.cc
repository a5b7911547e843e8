#include "wire/message/build.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wire/message/address_list.h"
#include "wire/message/encoded_word.h"
#include "wire/message/transfer.h"

namespace posta::wire::message {

namespace {

constexpr std::size_t kLineMax = 78;  // RFC 5322 §2.1.1: SHOULD
// RFC 5322 §2.1.1: "Each line of characters MUST be no more than 998 characters, and SHOULD be no
// more than 78 characters, excluding the CRLF." Room for what stands before an unbroken word.
constexpr std::size_t kWordMax = 900;

// ASCII without controls, in lines that every host takes.
bool fits_7bit(std::string_view text) {
  std::size_t column = 0;
  for (unsigned char c : text) {
    column = c == '\n' ? 0 : column + 1;
    if (c >= 0x7F || (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || column > kLineMax)
      return false;
  }
  return true;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  for (char c : text) {
    if (c == '\r') continue;
    if (c == '\n') out += '\r';
    out += c;
  }
  if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
  return out;
}

// A field is one line: what would end it is left out.
std::string without_controls(std::string_view text) {
  std::string out;
  for (char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F)
      out += c;
    else if (c == '\t')
      out += ' ';
  return out;
}

// A word without a blank is broken before it makes a line too long; not within a character.
void append_word(std::string& out, std::string_view word) {
  while (word.size() > kWordMax) {
    std::size_t end = kWordMax;
    while (end > kWordMax - 4 && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) --end;
    out.append(word.substr(0, end)).append("\r\n ");
    word.remove_prefix(end);
  }
  out += word;
}

}  // namespace

// RFC 5322 §2.2.3: a line may end before any blank; what follows it must not be blanks alone.
std::string fold(std::string_view body, std::size_t column) {
  std::string out;
  while (!body.empty()) {
    const std::size_t word = body.find_first_not_of(' ');
    if (word == std::string_view::npos) return out.append(body.substr(0, kLineMax));
    const std::size_t end = std::min(body.find(' ', word), body.size());
    if (word > 0 && column > 0 && column + end > kLineMax) {
      out += "\r\n";
      column = 0;
    }
    out.append(body.substr(0, std::min(word, kLineMax)));
    append_word(out, body.substr(word, end - word));
    column += end;
    body.remove_prefix(end);
  }
  return out;
}

HeaderWriter& HeaderWriter::text(std::string_view name, std::string_view utf8) {
  std::string clean = without_controls(utf8);
  out_ += fmt::format("{}: {}\r\n", name, encode_text(clean, name.size() + 2));
  return *this;
}

HeaderWriter& HeaderWriter::raw(std::string_view name, std::string_view body) {
  out_ += fmt::format("{}: {}\r\n", name, fold(without_controls(body), name.size() + 2));
  return *this;
}

HeaderWriter& HeaderWriter::addresses(std::string_view name,
                                      const std::vector<NamedAddress>& list) {
  out_ += fmt::format("{}: ", name);
  std::size_t column = name.size() + 2;
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::string one =
        print_mailbox(without_controls(list[i].name), without_controls(list[i].address));
    if (i > 0) {
      bool fold = column + one.size() + 2 > kLineMax;
      out_ += fold ? ",\r\n " : ", ";
      column = fold ? 1 : column + 2;
    }
    out_ += one;
    column += one.size();
  }
  out_ += "\r\n";
  return *this;
}

std::string text_part(std::string_view utf8) {
  bool plain = fits_7bit(utf8);
  return fmt::format(
      "Content-Type: text/plain; charset={}\r\nContent-Transfer-Encoding: {}\r\n\r\n{}",
      all_ascii(utf8) ? "us-ascii" : "utf-8", plain ? "7bit" : "quoted-printable",
      plain ? with_crlf(utf8) : encode_quoted_printable(with_crlf(utf8)));
}

std::string build(const PlainMessage& m) {
  HeaderWriter header;
  header.raw("Date", print_date(m.date)).addresses("From", {m.from});
  if (m.to.empty())
    header.raw("To", "undisclosed-recipients:;");
  else
    header.addresses("To", m.to);
  header.text("Subject", m.subject);
  if (!m.message_id.empty()) header.raw("Message-ID", fmt::format("<{}>", m.message_id));
  for (const auto& [name, body] : m.fields) header.raw(name, body);
  header.raw("MIME-Version", "1.0");
  return header.take() + text_part(m.text);
}

}  // namespace posta::wire::message

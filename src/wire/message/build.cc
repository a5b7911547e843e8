#include "wire/message/build.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wire/message/address_list.h"
#include "wire/message/encoded_word.h"
#include "wire/message/transfer.h"

namespace posta::wire::message {

namespace {

constexpr std::size_t kLineMax = 78;  // RFC 5322 §2.1.1: SHOULD

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

}  // namespace

HeaderWriter& HeaderWriter::text(std::string_view name, std::string_view utf8) {
  std::string clean = without_controls(utf8);
  out_ += fmt::format("{}: {}\r\n", name, encode_text(clean, name.size() + 2));
  return *this;
}

HeaderWriter& HeaderWriter::raw(std::string_view name, std::string_view body) {
  out_ += fmt::format("{}: {}\r\n", name, without_controls(body));
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

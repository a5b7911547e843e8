#include "wire/smtp/reply.h"

#include <charconv>

#include "base/text.h"

namespace posta::wire::smtp {

namespace {

// RFC 5321 §4.2: textstring = 1*(%d09 / %d32-126).
void append_safe(std::string& out, std::string_view text, bool keep_utf8) {
  for (char c : text) {
    auto octet = static_cast<unsigned char>(c);
    if (octet == '\t') {
      out += ' ';
    } else if (octet >= 0x80 ? keep_utf8 : octet >= 0x20 && octet != 0x7F) {
      out += c;
    } else {
      out += '?';
    }
  }
}

// Cuts `text` to `octets`, not within a UTF-8 character.
std::string_view cut(std::string_view text, std::size_t octets) {
  if (text.size() <= octets) return text;
  while (octets > 0 && (static_cast<unsigned char>(text[octets]) & 0xC0) == 0x80) --octets;
  return text.substr(0, octets);
}

}  // namespace

void print_reply(std::string& out, const Reply& reply, bool smtputf8) {
  char code[3];
  auto [code_end, error] = std::to_chars(code, code + 3, reply.code);
  (void)error;
  std::string_view digits(code, static_cast<std::size_t>(code_end - code));
  const std::string status = reply.status ? reply.status.str() + " " : std::string();
  std::string_view text = reply.text;
  for (std::size_t lines = 1;; ++lines) {
    std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    const bool last = end == std::string_view::npos || lines == kReplyLinesMax;
    out += digits;
    out += last ? ' ' : '-';
    out += status;
    line = cut(line, kReplyLineOctetsMax - digits.size() - 1 - status.size() - 2);
    append_safe(out, line, smtputf8 && is_utf8(line));
    out += "\r\n";
    if (last) return;
    text.remove_prefix(end + 1);
  }
}

std::string to_octets(const Reply& reply, bool smtputf8) {
  std::string out;
  out.reserve(reply.text.size() + 16);
  print_reply(out, reply, smtputf8);
  return out;
}

Result<bool> ReplyReader::feed(std::string_view& input) {
  if (complete_) {
    reply_ = {};
    lines_ = octets_ = 0;
    complete_ = false;
  }
  while (!input.empty()) {
    std::size_t lf = input.find('\n');
    std::string_view piece = input.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    if (partial_.size() + piece.size() > kReplyLineReadMax)
      return fail(Error::Kind::limit, "a reply line longer than 8 KiB");
    octets_ += piece.size();
    if (octets_ > kReplyOctetsMax) return fail(Error::Kind::limit, "a reply longer than 64 KiB");
    input.remove_prefix(piece.size());
    if (lf == std::string_view::npos) {
      partial_ += piece;
      return false;
    }
    Result<bool> whole = false;
    if (partial_.empty()) {
      whole = line(piece);
    } else {
      partial_ += piece;
      whole = line(partial_);
      partial_.clear();
    }
    if (!whole || *whole) return whole;
  }
  return false;
}

// One line with its line end. True: it was the last one of a reply.
Result<bool> ReplyReader::line(std::string_view text) {
  text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (++lines_ > kReplyLinesMax) return fail(Error::Kind::limit, "a reply of more than 256 lines");
  // Reply-code = %x32-35 %x30-35 %x30-39. RFC 5321 §4.2.1 wants others understood by their first
  // digit, so the second may be anything.
  if (text.size() < 3 || text[0] < '2' || text[0] > '5' || !is_digit(text[1]) || !is_digit(text[2]))
    return fail(Error::Kind::syntax, "expected a reply code");
  if (text.size() > 3 && text[3] != ' ' && text[3] != '-')
    return fail(Error::Kind::syntax, "expected a blank or - after the reply code", 3);
  if (text.find('\0') != std::string_view::npos)
    return fail(Error::Kind::syntax, "a NUL in a reply", text.find('\0'));
  const bool last = text.size() == 3 || text[3] == ' ';
  reply_.code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  text.remove_prefix(std::min<std::size_t>(text.size(), 4));
  std::string_view word = text.substr(0, text.find(' '));
  // RFC 2034 §4: a status "must agree with the primary response code", or it is text.
  if (auto status = Status::parse(word); status && status->cls == reply_.code / 100) {
    if (lines_ == 1) reply_.status = *status;
    if (*status == reply_.status) text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  if (lines_ > 1) reply_.text += '\n';
  reply_.text += text;
  complete_ = last;
  return last;
}

}  // namespace posta::wire::smtp

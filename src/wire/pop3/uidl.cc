#include "wire/pop3/uidl.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wire/pop3/limits.h"

namespace posta::wire::pop3 {

namespace {

Failure bad(std::string_view pattern, std::string_view why) {
  return fail(Error::Kind::config, fmt::format("UIDL pattern \"{}\": {}", pattern, why));
}

constexpr int kDecimalDigitsMax = 10;  // of 32 bits
constexpr int kHexDigitsMax = 8;
constexpr int kWidthMax = 20;

bool may_be_digits(std::string_view literal) {
  return literal.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

}  // namespace

UidlFormat::UidlFormat()
    : pieces_{{.kind = Piece::Kind::uid, .text = {}, .width = 8, .base = 'X'},
              {.kind = Piece::Kind::validity, .text = {}, .width = 8, .base = 'X'}} {}

Result<UidlFormat> UidlFormat::parse(std::string_view pattern) {
  UidlFormat format;
  format.pieces_.clear();
  auto literal = [&](char c) {
    if (format.pieces_.empty() || format.pieces_.back().kind != Piece::Kind::literal)
      format.pieces_.emplace_back();
    format.pieces_.back().text += c;
  };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c < 0x21 || c > 0x7E) return bad(pattern, "only characters from ! to ~ may stand in an id");
    if (c != '%') {
      literal(c);
      continue;
    }
    if (++i < pattern.size() && pattern[i] == '%') {
      literal('%');
      continue;
    }
    Piece piece;
    if (i < pattern.size() && pattern[i] == '0') {
      for (++i; i < pattern.size() && is_digit(pattern[i]) && piece.width <= kWidthMax; ++i)
        piece.width = piece.width * 10 + (pattern[i] - '0');
      if (piece.width < 1 || piece.width > kWidthMax)
        return bad(pattern, "after %0 stands a width from 1 to 20");
    }
    if (i < pattern.size() && (pattern[i] == 'x' || pattern[i] == 'X')) piece.base = pattern[i++];
    if (i == pattern.size() || (pattern[i] != 'u' && pattern[i] != 'v'))
      return bad(pattern, "after % stands u, v, %, or 0 and a width, or x or X before u or v");
    piece.kind = pattern[i] == 'u' ? Piece::Kind::uid : Piece::Kind::validity;
    format.pieces_.push_back(std::move(piece));
  }
  TRY_VOID(format.check(pattern));
  return format;
}

// RFC 1939 §7: an id has 1 to 70 characters and names one message of the maildrop.
Result<> UidlFormat::check(std::string_view pattern) const {
  std::size_t octets_max = 0;
  bool has_uid = false;
  const Piece* number = nullptr;  // the last number, as long as only digits followed it
  for (const auto& piece : pieces_) {
    if (piece.kind == Piece::Kind::literal) {
      octets_max += piece.text.size();
      if (!may_be_digits(piece.text)) number = nullptr;
      continue;
    }
    has_uid = has_uid || piece.kind == Piece::Kind::uid;
    octets_max += static_cast<std::size_t>(std::max(piece.width, piece.digits_max()));
    if (number != nullptr && !number->fixed() && !piece.fixed())
      return bad(pattern, "two numbers of changing length side by side; put a character between");
    number = &piece;
  }
  if (!has_uid) return bad(pattern, "%u is missing, so ids would not be unique");
  if (octets_max > kUniqueIdOctetsMax)
    return bad(pattern, "ids could be longer than 70 characters");
  return {};
}

int UidlFormat::Piece::digits_max() const {
  return base == 'd' ? kDecimalDigitsMax : kHexDigitsMax;
}

void UidlFormat::print(std::string& out, Uid uid, UidValidity validity) const {
  auto to = std::back_inserter(out);
  for (const auto& piece : pieces_) {
    const std::uint32_t n = piece.kind == Piece::Kind::uid ? uid.value : validity.value;
    if (piece.kind == Piece::Kind::literal) {
      out += piece.text;
    } else if (piece.base == 'x') {
      fmt::format_to(to, "{:0{}x}", n, piece.width);
    } else if (piece.base == 'X') {
      fmt::format_to(to, "{:0{}X}", n, piece.width);
    } else {
      fmt::format_to(to, "{:0{}}", n, piece.width);
    }
  }
}

std::string UidlFormat::print(Uid uid, UidValidity validity) const {
  std::string out;
  print(out, uid, validity);
  return out;
}

}  // namespace posta::wire::pop3

#include "imap/response.h"

#include <algorithm>

#include "base/text.h"

namespace posta::imap {

namespace {

constexpr std::string_view kStatuses[] = {"OK", "NO", "BAD", "BYE", "PREAUTH"};

class Parser {
 public:
  explicit Parser(std::string_view octets) : octets_(octets) {}

  Result<Response> response();

 private:
  Failure wrong(std::string what) const { return fail(Error::Kind::syntax, std::move(what), at_); }
  bool at_end() const { return at_ == octets_.size(); }
  char peek() const { return at_end() ? '\0' : octets_[at_]; }
  bool take(char c) {
    if (at_end() || octets_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view word() {
    std::size_t start = at_;
    at_ = std::min(octets_.find(' ', at_), octets_.size());
    return octets_.substr(start, at_ - start);
  }
  Result<> status(Response& into);
  Result<std::vector<Value>> values();
  Result<Value> value(int depth);
  Result<Value> atom();
  Result<Value> quoted();
  Result<Value> literal();

  std::string_view octets_;
  std::size_t at_ = 0;
};

bool is_atom_octet(char c) {
  auto octet = static_cast<unsigned char>(c);
  return octet > 0x20 && octet < 0x7F && !std::string_view("(){\"").contains(c);
}

// status SP ["[" code "]" SP] text
Result<> Parser::status(Response& into) {
  if (!take(' ')) return wrong("a blank must follow the status");
  if (take('[')) {
    std::size_t end = octets_.find(']', at_);
    if (end == std::string_view::npos) return wrong("the response code does not end");
    into.code = octets_.substr(at_, end - at_);
    at_ = end + 1;
    if (!take(' ')) return wrong("a blank must follow the response code");
  }
  into.text = octets_.substr(at_);
  at_ = octets_.size();
  if (into.text.empty()) return wrong("a status has a text");
  if (into.text.find_first_of("\r\n") != std::string::npos) return wrong("a text is one line");
  return {};
}

// Atoms, flags and the names of sections: "BODY[HEADER.FIELDS (A "B")]<0>".
Result<Value> Parser::atom() {
  Value value;
  while (!at_end() && (is_atom_octet(peek()))) {
    if (peek() != '[') {
      value.text += octets_[at_++];
      continue;
    }
    std::size_t end = octets_.find(']', at_);
    if (end == std::string_view::npos) return wrong("a section does not end");
    value.text += octets_.substr(at_, end + 1 - at_);
    at_ = end + 1;
  }
  if (value.text.empty()) return wrong("a value is missing");
  if (value.text == "NIL") value = {Value::Kind::nil, "", {}};
  return value;
}

Result<Value> Parser::quoted() {
  Value value{Value::Kind::text, "", {}};
  for (++at_; peek() != '"'; ++at_) {
    if (at_end() || peek() == '\r' || peek() == '\n') return wrong("a quoted string does not end");
    if (static_cast<unsigned char>(peek()) >= 0x80) return wrong("a quoted string is ASCII");
    if (peek() == '\\') {
      ++at_;
      if (peek() != '"' && peek() != '\\') return wrong("only \\ and \" are escaped");
    }
    value.text += peek();
  }
  ++at_;
  return value;
}

Result<Value> Parser::literal() {
  std::size_t line_end = octets_.find("\r\n", at_);
  if (line_end == std::string_view::npos) return wrong("a literal does not begin");
  auto octets = literal_at_end(octets_.substr(at_, line_end - at_));
  if (!octets) return wrong("not a literal");
  at_ = line_end + 2;
  if (octets_.size() - at_ < *octets) return wrong("a literal is cut short");
  Value value{Value::Kind::text, std::string(octets_.substr(at_, *octets)), {}};
  if (value.text.contains('\0')) return wrong("a literal has no NUL");
  at_ += *octets;
  return value;
}

Result<Value> Parser::value(int depth) {
  if (depth > 200) return wrong("too deep");
  if (peek() == '"') return quoted();
  if (peek() == '{') return literal();
  if (!take('(')) return atom();
  Value list{Value::Kind::list, "", {}};
  while (!take(')')) {
    // Parts of a multipart follow each other without a blank (RFC 3501 §9 body-type-mpart).
    bool touching = !list.items.empty() && list.items.back().is_list() && peek() == '(';
    if (!list.items.empty() && !touching && !take(' ')) return wrong("a blank or ) is missing");
    TRY(Value item, value(depth + 1));
    list.items.push_back(std::move(item));
  }
  return list;
}

Result<std::vector<Value>> Parser::values() {
  std::vector<Value> all;
  while (!at_end()) {
    if (!take(' ')) return wrong("a blank is missing");
    TRY(Value one, value(0));
    all.push_back(std::move(one));
  }
  return all;
}

Result<Response> Parser::response() {
  Response response;
  std::string_view tag = word();
  if (tag == "+") {
    response.kind = Response::Kind::go_on;
    if (!take(' ')) return wrong("a blank must follow +");
    response.text = octets_.substr(at_);
    return response;
  }
  if (tag != "*") {
    response.kind = Response::Kind::tagged;
    response.tag = tag;
  }
  if (!take(' ')) return wrong("a blank must follow the tag");
  std::string first(word());
  if (std::ranges::find(kStatuses, first) != std::end(kStatuses)) {
    response.status = first;
    TRY_VOID(status(response));
    return response;
  }
  if (response.kind == Response::Kind::tagged) return wrong("a tagged response has a status");
  response.number = to_number<std::uint32_t>(first);
  if (response.number) {
    if (!take(' ')) return wrong("a blank must follow the number");
    first = word();
  }
  if (first.empty() || to_upper(first) != first) return wrong("a response has a name");
  response.name = std::move(first);
  TRY(response.values, values());
  return response;
}

}  // namespace

std::optional<std::uint64_t> Value::number() const {
  return kind == Kind::atom ? to_number<std::uint64_t>(text) : std::nullopt;
}

std::string_view Response::code_word() const {
  return std::string_view(code).substr(0, code.find(' '));
}
std::string_view Response::code_rest() const {
  std::size_t blank = code.find(' ');
  return blank == std::string::npos ? std::string_view() : std::string_view(code).substr(blank + 1);
}

Result<Response> parse_response(std::string_view octets) {
  return Parser(octets).response();
}

const Value* find_item(const Response& fetch, std::string_view name) {
  if (fetch.values.size() != 1 || !fetch.values.front().is_list()) return nullptr;
  const std::vector<Value>& items = fetch.values.front().items;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i].text == name) return &items[i + 1];
  return nullptr;
}

std::optional<std::size_t> literal_at_end(std::string_view line) {
  std::size_t brace = line.rfind('{');
  if (!line.ends_with('}') || brace == std::string_view::npos) return std::nullopt;
  return to_number<std::size_t>(line.substr(brace + 1, line.size() - brace - 2));
}

}  // namespace posta::imap

// test_json.h: a minimal reader of JSON for tests that compare with data of others. Trusts its
// input.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message/charset.h"

namespace posta::wire::message {

struct Json {
  enum class Kind { null, boolean, number, text, array, object };
  Kind kind = Kind::null;
  bool flag = false;
  double number = 0;
  std::string text;
  std::vector<Json> array;
  std::map<std::string, Json> object;

  bool has(const std::string& key) const { return object.contains(key); }
  const Json& operator[](const std::string& key) const {
    static const Json kNull;
    auto it = object.find(key);
    return it == object.end() ? kNull : it->second;
  }
  std::uint64_t count() const { return static_cast<std::uint64_t>(number); }
};

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Json value() {
    blanks();
    Json out;
    char c = text_[at_];
    if (c == '{') {
      out.kind = Json::Kind::object;
      for (++at_, blanks(); text_[at_] != '}'; blanks()) {
        if (text_[at_] == ',') ++at_, blanks();
        std::string key = quoted();
        blanks();
        ++at_;  // ':'
        out.object.emplace(std::move(key), value());
      }
      ++at_;
    } else if (c == '[') {
      out.kind = Json::Kind::array;
      for (++at_, blanks(); text_[at_] != ']'; blanks()) {
        if (text_[at_] == ',') ++at_;
        out.array.push_back(value());
      }
      ++at_;
    } else if (c == '"') {
      out.kind = Json::Kind::text;
      out.text = quoted();
    } else if (c == 't' || c == 'f') {
      out.kind = Json::Kind::boolean;
      out.flag = c == 't';
      at_ += c == 't' ? 4 : 5;
    } else if (c == 'n') {
      at_ += 4;
    } else {
      out.kind = Json::Kind::number;
      std::size_t end = std::min(text_.find_first_of(",]} \r\n", at_), text_.size());
      out.number = std::stod(std::string(text_.substr(at_, end - at_)));
      at_ = end;
    }
    return out;
  }

 private:
  void blanks() {
    while (at_ < text_.size() && static_cast<unsigned char>(text_[at_]) <= ' ') ++at_;
  }
  char32_t unit() {
    auto value = static_cast<char32_t>(std::stoul(std::string(text_.substr(at_, 4)), nullptr, 16));
    at_ += 4;
    return value;
  }
  std::string quoted() {
    std::string out;
    for (++at_; text_[at_] != '"';) {
      char c = text_[at_++];
      if (c != '\\') {
        out += c;
        continue;
      }
      c = text_[at_++];
      switch (c) {
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 't': out += '\t'; break;
        case 'b': out += '\b'; break;
        case 'f': out += '\f'; break;
        case 'u': {
          char32_t u = unit();
          if (u >= 0xD800 && u < 0xDC00) {
            at_ += 2;
            u = 0x10000 + ((u - 0xD800) << 10) + (unit() - 0xDC00);
          }
          append_utf8(out, u);
          break;
        }
        default: out += c;
      }
    }
    ++at_;
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace posta::wire::message

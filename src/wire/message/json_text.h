// json_text.h: a small writer of JSON (RFC 8259), for tools that print digests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace posta::wire::message {

// Values in the order of the calls; commas, indentation and escapes are its own. Inside an object
// every value has a key; text is made UTF-8.
class JsonWriter {
 public:
  void begin_object(std::string_view key = {}) { open(key, '{'); }
  void begin_array(std::string_view key = {}) { open(key, '['); }
  void end_object() { close('}'); }
  void end_array() { close(']'); }
  void text(std::string_view key, std::string_view value);
  void number(std::string_view key, std::uint64_t value);
  void boolean(std::string_view key, bool value);
  void null(std::string_view key);

  std::string take() { return std::move(out_); }  // ends with LF

 private:
  void open(std::string_view key, char bracket);
  void close(char bracket);
  void before(std::string_view key);
  void quote(std::string_view value);

  std::string out_;
  std::size_t depth_ = 0;
  bool first_ = true;
};

}  // namespace posta::wire::message

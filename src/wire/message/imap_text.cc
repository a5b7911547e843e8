#include "wire/message/imap_text.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"

namespace posta::wire::message {

namespace {

enum class Form { quoted, escaped, literal, with_nul };

Form form_of(std::string_view text) {
  Form form = Form::quoted;
  for (unsigned char c : text) {
    if (c == 0) return Form::with_nul;
    if (c >= 0x80 || c == '\r' || c == '\n')
      form = Form::literal;
    else if ((c == '"' || c == '\\') && form == Form::quoted)
      form = Form::escaped;
  }
  return form;
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  switch (form_of(text)) {
    case Form::quoted:
      out += '"';
      out += text;
      out += '"';
      return;
    case Form::escaped:
      out += '"';
      for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
      out += '"';
      return;
    case Form::literal:
      fmt::format_to(std::back_inserter(out), "{{{}}}\r\n", text.size());
      out += text;
      return;
    case Form::with_nul: {
      std::string clean(text);
      std::erase(clean, '\0');
      append_string(out, clean);
    }
  }
}

void append_upper_string(std::string& out, std::string_view text) {
  append_string(out, to_upper(text));
}

void append_nstring(std::string& out, std::optional<std::string_view> text) {
  if (text)
    append_string(out, *text);
  else
    out += "NIL";
}

}  // namespace posta::wire::message

// body_structure.cc: BODY and BODYSTRUCTURE (RFC 3501 §7.4.2, §9 body), and section numbers.

#include <fmt/format.h>

#include "base/text.h"
#include "wire/message/digest.h"
#include "wire/message/imap_text.h"

namespace posta::wire::message {

namespace {

std::optional<std::string_view> present(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

class Printer {
 public:
  Printer(const Digest& digest, bool extended) : digest_(digest), extended_(extended) {}

  std::string print() {
    part(0);
    return std::move(out_);
  }

 private:
  void part(std::uint32_t index) {
    const Part& p = digest_.parts[index];
    out_ += '(';
    if (p.is_multipart()) {
      multipart(p, index);
    } else {
      single(p, index);
    }
    out_ += ')';
  }

  // body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]. A multipart always has parts:
  // one in which none was found is text/plain in the digest.
  void multipart(const Part& p, std::uint32_t index) {
    for (std::uint32_t i = index + 1; i < p.end; i = digest_.parts[i].end) part(i);
    out_ += ' ';
    append_upper_string(out_, p.subtype);
    if (!extended_) return;
    out_ += ' ';
    parameters(p.parameters);
    tail(p);
  }

  void single(const Part& p, std::uint32_t index) {
    append_upper_string(out_, p.type);
    out_ += ' ';
    append_upper_string(out_, p.subtype);
    out_ += ' ';
    parameters(p.parameters);
    out_ += ' ';
    append_nstring(out_, present(p.id));
    out_ += ' ';
    append_nstring(out_, present(p.description));
    out_ += ' ';
    append_upper_string(out_, p.encoding);
    fmt::format_to(std::back_inserter(out_), " {}", p.body_size());
    // body-type-msg; RFC 3501 §9 has it for message/rfc822 alone, message/global is basic.
    if (p.is_message() && p.subtype == "rfc822") {
      const Part& root = digest_.parts[index + 1];
      fmt::format_to(std::back_inserter(out_), " {} ", root.envelope);
      part(index + 1);
      fmt::format_to(std::back_inserter(out_), " {}", p.lines);
    } else if (p.type == "text") {
      fmt::format_to(std::back_inserter(out_), " {}", p.lines);
    }
    if (!extended_) return;
    out_ += ' ';
    append_nstring(out_, present(p.md5));
    tail(p);
  }

  // body-fld-dsp SP body-fld-lang SP body-fld-loc
  void tail(const Part& p) {
    out_ += ' ';
    if (p.disposition.type.empty()) {
      out_ += "NIL";
    } else {
      out_ += '(';
      append_upper_string(out_, p.disposition.type);
      out_ += ' ';
      parameters(p.disposition.parameters);
      out_ += ')';
    }
    out_ += ' ';
    if (p.languages.size() > 1) {
      for (std::size_t i = 0; i < p.languages.size(); ++i) {
        out_ += i == 0 ? '(' : ' ';
        append_string(out_, p.languages[i]);
      }
      out_ += ')';
    } else {
      append_nstring(out_, p.languages.empty() ? std::nullopt : present(p.languages.front()));
    }
    out_ += ' ';
    append_nstring(out_, present(p.location));
  }

  // RFC 2231 §6: continuations are joined; an extended value keeps its charset and its asterisk.
  void parameters(const std::vector<Parameter>& list) {
    if (list.empty()) {
      out_ += "NIL";
      return;
    }
    bool first = true;
    for (const Parameter& p : list) {
      out_ += first ? '(' : ' ';
      first = false;
      append_upper_string(out_, p.extended ? p.name + '*' : p.name);
      out_ += ' ';
      append_string(out_, p.value);
    }
    out_ += ')';
  }

  const Digest& digest_;
  const bool extended_;
  std::string out_;
};

}  // namespace

std::string print_body(const Digest& digest, bool extended) {
  return Printer(digest, extended).print();
}

const Part* find_part(const Digest& digest, std::span<const std::uint32_t> section) {
  std::uint32_t at = 0;
  bool root = true;  // `at` stands for a message: if it is no multipart, its part 1 is itself
  for (std::uint32_t number : section) {
    if (!root && digest.parts[at].is_message()) {
      ++at;
      root = true;
    }
    const Part& p = digest.parts[at];
    if (p.is_multipart()) {
      std::uint32_t child = at + 1;
      for (std::uint32_t n = 1; n < number && child < p.end; ++n) child = digest.parts[child].end;
      if (number == 0 || child >= p.end) return nullptr;
      at = child;
    } else if (!root || number != 1) {
      return nullptr;
    }
    root = false;
  }
  return &digest.parts[at];
}

}  // namespace posta::wire::message

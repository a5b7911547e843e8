#include "wire/message/subject.h"

#include "base/text.h"

namespace posta::wire::message {

namespace {

// Step (1): tabs and runs of blanks are one space.
std::string collapse(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank)
      out += c;
    else if (!out.ends_with(' '))
      out += ' ';
  }
  return out;
}

// subj-blob = "[" *BLOBCHAR "]" *WSP. Its length, or 0.
std::size_t blob(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  std::size_t end = text.find_first_of("[]", 1);
  if (end == std::string_view::npos || text[end] != ']') return 0;
  ++end;
  while (end < text.size() && is_wsp(text[end])) ++end;
  return end;
}

// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":". Its length, or 0.
std::size_t refwd(std::string_view text) {
  std::size_t n = 0;
  if (starts_with_ignore_case(text, "re"))
    n = 2;
  else if (starts_with_ignore_case(text, "fwd"))
    n = 3;
  else if (starts_with_ignore_case(text, "fw"))
    n = 2;
  else
    return 0;
  while (n < text.size() && is_wsp(text[n])) ++n;
  n += blob(text.substr(n));
  return n < text.size() && text[n] == ':' ? n + 1 : 0;
}

// Step (2): subj-trailer = "(fwd)" / WSP.
void remove_trailers(std::string_view& text, bool& removed) {
  for (;;) {
    if (text.size() >= 5 && equals_ignore_case(text.substr(text.size() - 5), "(fwd)")) {
      text.remove_suffix(5);
      removed = true;
    } else if (!text.empty() && is_wsp(text.back())) {
      text.remove_suffix(1);
    } else {
      return;
    }
  }
}

// Steps (3) to (5). Blobs before a refwd go with it; a blob alone goes if something remains.
// A blob is looked at once: either it is removed, or what follows it is.
void remove_leaders(std::string_view& text, bool& removed) {
  for (;;) {
    if (!text.empty() && is_wsp(text.front())) {
      text.remove_prefix(1);
      continue;
    }
    if (std::size_t n = refwd(text)) {
      text.remove_prefix(n);
      removed = true;
      continue;
    }
    std::size_t n = blob(text);
    if (n == 0 || n == text.size()) return;
    text.remove_prefix(n);
  }
}

}  // namespace

BaseSubject base_subject(std::string_view decoded) {
  std::string collapsed = collapse(decoded);
  std::string_view text = collapsed;
  BaseSubject out;
  for (;;) {
    remove_trailers(text, out.reply_or_forward);
    remove_leaders(text, out.reply_or_forward);
    // Step (6): subj-fwd = "[fwd:" subject "]".
    if (!starts_with_ignore_case(text, "[fwd:") || !text.ends_with(']')) break;
    text.remove_prefix(5);
    text.remove_suffix(1);
    out.reply_or_forward = true;
  }
  out.text = text;
  return out;
}

}  // namespace posta::wire::message

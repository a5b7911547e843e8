#include "dialogs/dialog.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"

namespace posta::dialogs {

namespace {

Failure wrong(int line, std::string_view what) {
  return fail(Error::Kind::syntax, "line " + std::to_string(line) + ": " + std::string(what));
}

// "a\r\n" "x" * 900: C strings with \r \n \t \\ \" \0 \xNN
Result<std::string> octets_of(std::string_view text, int line) {
  std::string all;
  while (!(text = trim(text)).empty()) {
    if (text.front() != '"') return wrong(line, "octets stand in quotation marks");
    std::string one;
    std::size_t i = 1;
    for (; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] != '\\') {
        one += text[i];
        continue;
      }
      if (++i == text.size()) return wrong(line, "the string does not end");
      switch (text[i]) {
        case 'r': one += '\r'; break;
        case 'n': one += '\n'; break;
        case 't': one += '\t'; break;
        case '0': one += '\0'; break;
        case 'x': {
          auto octet = hex_decode(text.substr(i + 1, 2));
          if (!octet) return wrong(line, "\\x needs two hexadecimal digits");
          one += *octet;
          i += 2;
          break;
        }
        default: one += text[i];
      }
    }
    if (i >= text.size()) return wrong(line, "the string does not end");
    text = trim(text.substr(i + 1));
    std::size_t times = 1;
    if (text.starts_with('*')) {
      text = trim(text.substr(1));
      std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
      auto number = to_number<std::size_t>(text.substr(0, digits));
      if (!number || *number * one.size() > (64u << 20)) return wrong(line, "a bad repetition");
      times = *number;
      text.remove_prefix(digits);
    }
    for (; times > 0; --times) all += one;
  }
  return all;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::string_view word : split(text, ' '))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

// Cuts what stands behind two blanks or more and begins with one of `starts`.
std::string_view cut_next(std::string_view& text, std::string_view starts) {
  for (std::size_t at = text.find("  "); at != std::string_view::npos;
       at = text.find("  ", at + 1)) {
    std::size_t next = text.find_first_not_of(' ', at);
    if (next == std::string_view::npos) break;
    if (starts.find(text[next]) == std::string_view::npos) continue;
    std::string_view rest = text.substr(next);
    text = text.substr(0, at);
    return rest;
  }
  return {};
}

class Parser {
 public:
  explicit Parser(std::string name) { dialog_.name = std::move(name); }

  Result<> line(std::string_view text) {
    ++number_;
    if (trim(text).empty() || text.front() == '#') return {};
    switch (text.front()) {
      case '@': return directives(text);
      case '>': return send(text);
      case '<': return expect(text);
      case '!': {
        TRY(std::string octets, octets_of(text.substr(1), number_));
        add(Step::Kind::send, std::move(octets));
        return {};
      }
      default: return wrong(number_, "a line begins with # @ > < or !");
    }
  }

  Dialog take() { return std::move(dialog_); }

 private:
  void add(Step::Kind kind, std::string text, std::vector<std::string> arguments = {}) {
    dialog_.steps.push_back({kind, std::move(text), std::move(arguments), number_});
  }

  Result<> directives(std::string_view text) {
    while (!text.empty()) {
      std::string_view rest = cut_next(text, "@<>");
      std::vector<std::string> words = words_of(text.substr(1));
      if (words.empty()) return wrong(number_, "a directive has a name");
      std::string name = words.front();
      words.erase(words.begin());
      if (name == "ends" && words.size() == 1) {
        ends_ = words[0] == "lf" ? "\n" : "\r\n";
      } else {
        add(Step::Kind::directive, std::move(name), std::move(words));
      }
      if (!rest.empty() && rest.front() != '@') return line_again(rest);
      text = rest;
    }
    return {};
  }

  Result<> line_again(std::string_view text) {
    --number_;
    return line(text);
  }

  // "> QUIT   < 221 *": the command ends at the blanks before "< ".
  Result<> send(std::string_view text) {
    std::string_view rest;
    std::size_t at = std::min(text.find(" < "), text.find(" <~ "));
    if (at != std::string_view::npos) {
      rest = text.substr(at + 1);
      text = text.substr(0, text.find_last_not_of(' ', at) + 1);
    }
    text.remove_prefix(std::min<std::size_t>(text.starts_with("> ") ? 2 : 1, text.size()));
    add(Step::Kind::send, std::string(text) + ends_);
    return rest.empty() ? Result<>() : expect(rest);
  }

  Result<> expect(std::string_view text) {
    struct Form {
      std::string_view mark;
      Step::Kind kind;
    };
    static constexpr Form kForms[] = {{"<+", Step::Kind::line_of},
                                      {"<!", Step::Kind::no_line_of},
                                      {"<~", Step::Kind::expect_line},
                                      {"<", Step::Kind::expect}};
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (text == "< EOF") {
      add(Step::Kind::expect_end, "");
      return {};
    }
    if (text == "<.") {
      add(Step::Kind::expect_dot, "");
      return {};
    }
    // A mark without a glob expects an empty line.
    for (const Form& form : kForms) {
      if (!text.starts_with(form.mark)) continue;
      std::string_view glob = text.substr(form.mark.size());
      if (!glob.empty() && glob.front() != ' ') break;
      add(form.kind, std::string(glob.substr(glob.empty() ? 0 : 1)));
      return {};
    }
    return wrong(number_, "an expectation is < <+ <! <~ or <.");
  }

  Dialog dialog_;
  std::string ends_ = "\r\n";
  int number_ = 0;
};

}  // namespace

const Step* Dialog::directive(std::string_view wanted) const {
  for (const Step& step : steps)
    if (step.kind == Step::Kind::directive && step.text == wanted) return &step;
  return nullptr;
}

bool Dialog::needs_simulation() const {
  static constexpr std::string_view kAnywhere[] = {"server",  "connect", "close", "mailbox",
                                                   "message", "queue",   "tls",   "no-tls"};
  bool pop3 = false, looks = false;
  for (const Step& step : steps) {
    if (step.kind != Step::Kind::directive) continue;
    if (step.text == "peer") {
      if (step.arguments != std::vector<std::string>{"127.0.0.1"}) return true;
    } else if (std::ranges::find(kAnywhere, step.text) == std::end(kAnywhere)) {
      return true;
    }
    pop3 = pop3 || (step.text == "server" && !step.arguments.empty() &&
                    step.arguments[0].starts_with("pop3"));
    looks = looks || step.text == "mailbox" || step.text == "message";
  }
  // A real server is looked into by POP3, and a maildrop has one session at a time.
  return pop3 && looks;
}

Result<Dialog> parse_dialog(std::string name, std::string_view text) {
  Parser parser(std::move(name));
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    TRY_VOID(parser.line(line));
  }
  return parser.take();
}

bool matches(std::string_view glob, std::string_view text) {
  std::size_t g = 0, t = 0;
  std::size_t star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_text = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto number = to_number<std::int64_t>(text.substr(0, digits));
  if (!number) return std::nullopt;
  std::string_view unit = text.substr(digits);
  if (unit == "ms") return std::chrono::milliseconds(*number);
  if (unit == "s") return std::chrono::seconds(*number);
  if (unit == "m") return std::chrono::minutes(*number);
  if (unit == "h") return std::chrono::hours(*number);
  return std::nullopt;
}

}  // namespace posta::dialogs

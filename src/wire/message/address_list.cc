#include "wire/message/address_list.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wire/message/encoded_word.h"

namespace posta::wire::message {

namespace {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

constexpr bool is_special(char c) {  // RFC 5322 §3.2.3, less "." which is text here
  return std::string_view("()<>[]:;@\\,\"").contains(c);
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<Address>& out, std::size_t max)
      : text_(text), out_(out), max_(max) {}

  // False: something is in no address.
  bool run() {
    while (at_ < text_.size() && out_.size() < max_) step();
    flush();
    if (in_group_) push({Address::Kind::group_end, {}, {}, {}, {}});
    return !left_out_ && at_ == text_.size();
  }

 private:
  void step() {
    char c = text_[at_];
    if (is_blank(c)) {
      skip_blanks();
      blank_ = true;
    } else if (c == '(' && comment(comment_)) {
      blank_ = true;
    } else if (c == '"' && quoted(word_)) {
      append_word();
    } else if (c == '<') {
      ++at_;
      angle();
    } else if (c == ',') {
      ++at_;
      flush();
    } else if (c == ';') {
      ++at_;
      flush();
      if (in_group_) push({Address::Kind::group_end, {}, {}, {}, {}});
      in_group_ = false;
    } else if (c == ':' && !in_group_ && !done_ && !has_at_ && !phrase_.empty()) {
      ++at_;
      push({Address::Kind::group_start, std::move(phrase_), {}, {}, {}});
      in_group_ = true;
      clear();
    } else if (c == '@' && !has_at_ && !done_) {
      ++at_;
      local_ = std::move(compact_);
      compact_.clear();
      phrase_ += '@';
      has_at_ = true;
      blank_ = false;
    } else if (c == '[' && literal(word_)) {
      append_word();
    } else {
      word_.assign(1, c);
      if (c == '\\' && at_ + 1 < text_.size()) word_ = text_[++at_];
      ++at_;
      if (!is_special(c))
        while (at_ < text_.size() && !is_blank(text_[at_]) && !is_special(text_[at_]))
          word_ += text_[at_++];
      append_word();
    }
  }

  // A word belongs to the phrase, and to what may turn out to be an addr-spec.
  void append_word() {
    if (blank_ && !phrase_.empty()) phrase_ += ' ';
    phrase_ += word_;
    // "ann @ example.org" and "ann . bee@…" (RFC 5322 §4.4) close up; two plain words do not.
    bool close = compact_.empty() || compact_.back() == '.' || word_.starts_with('.');
    bool apart = blank_ && !word_.empty() && !close;
    if (apart && has_at_)
      domain_ended_ = left_out_ = true;  // words after a domain are no part of it
    if (apart) compact_ += ' ';
    if (!domain_ended_) compact_ += word_;
    if (domain_ended_ && compact_.ends_with(' ')) compact_.pop_back();
    blank_ = false;
    word_.clear();
  }

  // After "<": [route ":"] local ["@" domain] ">".
  void angle() {
    Address a;
    std::string* into = &a.local;
    while (at_ < text_.size()) {
      char c = text_[at_];
      if (c == '>') {
        ++at_;
        break;
      }
      if (c == ',' && into == &a.route) {
        a.route += c;
        ++at_;
      } else if (c == ',' || c == ';') {
        break;  // the ">" is missing
      } else if (is_blank(c)) {
        skip_blanks();
      } else if (c == '<') {
        ++at_;
      } else if (c == '(' && comment(comment_)) {
      } else if (c == '"' && quoted(word_)) {
        *into += word_;
      } else if (c == '@' && a.local.empty() && into == &a.local && route_ahead()) {
        into = &a.route;
      } else if (c == ':' && into == &a.route) {
        into = &a.local;
        ++at_;
      } else if (c == '@' && into == &a.local) {
        into = &a.domain;
        ++at_;
      } else if (c == '[' && literal(word_)) {
        *into += word_;
      } else {
        if (c == '\\' && at_ + 1 < text_.size()) ++at_;
        *into += text_[at_++];
      }
    }
    a.name = std::move(phrase_);
    clear_words();
    if (done_) flush();  // "<a> <b>": two addresses without a comma
    pending_ = std::move(a);
    done_ = true;
  }

  // A source route has a colon before the ">" (RFC 5322 §4.4).
  bool route_ahead() const {
    for (std::size_t i = at_; i < text_.size() && text_[i] != '>' && text_[i] != '<'; ++i)
      if (text_[i] == ':') return true;
    return false;
  }

  void flush() {
    if (done_) {
      left_out_ = left_out_ || has_at_ || !phrase_.empty() || !compact_.empty();
      if (pending_.name.empty()) pending_.name = std::move(comment_);
      push(std::move(pending_));
    } else if (has_at_) {
      push({Address::Kind::mailbox,
            std::move(comment_),
            {},
            std::move(local_),
            std::move(compact_)});
    } else if (!compact_.empty()) {
      push({Address::Kind::mailbox, std::move(comment_), {}, std::move(compact_), {}});
    }
    clear();
  }

  void push(Address&& address) {
    if (out_.size() < max_)
      out_.push_back(std::move(address));
    else
      left_out_ = true;
  }

  void clear_words() {
    phrase_.clear();
    compact_.clear();
    local_.clear();
    word_.clear();
    blank_ = has_at_ = domain_ended_ = false;
  }
  void clear() {
    clear_words();
    comment_.clear();
    pending_ = {};
    done_ = false;
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  // To the matching parenthesis; the first comment of an address may become its name.
  bool comment(std::string& out) {
    if (no_comments_) return false;
    std::string content;
    int depth = 0;
    for (std::size_t i = at_; i < text_.size(); ++i) {
      char c = text_[i];
      if (c == '\\' && i + 1 < text_.size()) {
        content += text_[++i];
        continue;
      }
      if (c == ')' && --depth == 0) {
        if (out.empty()) out = trim(content);
        at_ = i + 1;
        return true;
      }
      if (c == '(' && depth++ == 0) continue;
      if (c != '\r' && c != '\n') content += c;
    }
    no_comments_ = true;  // unclosed: from now on an ordinary octet
    return false;
  }

  bool quoted(std::string& out) {
    if (no_quotes_) return false;
    out.clear();
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      char c = text_[i];
      if (c == '"') {
        at_ = i + 1;
        return true;
      }
      if (c == '\\' && i + 1 < text_.size()) c = text_[++i];
      if (c != '\r' && c != '\n') out += c;
    }
    no_quotes_ = true;
    return false;
  }

  // A domain literal (RFC 5322 §3.4.1), brackets included.
  bool literal(std::string& out) {
    if (no_literals_) return false;
    std::size_t end = text_.find(']', at_);
    if (end == std::string_view::npos) {
      no_literals_ = true;
      return false;
    }
    out.clear();
    for (char c : text_.substr(at_, end + 1 - at_))
      if (!is_blank(c)) out += c;
    at_ = end + 1;
    return true;
  }

  std::string_view text_;
  std::vector<Address>& out_;
  std::size_t max_;
  std::size_t at_ = 0;
  std::string phrase_, compact_, local_, word_, comment_;
  Address pending_;  // from angle brackets, until the comma
  bool done_ = false, has_at_ = false, blank_ = false, in_group_ = false, domain_ended_ = false;
  bool left_out_ = false;
  bool no_comments_ = false, no_quotes_ = false, no_literals_ = false;
};

bool is_dot_atom(std::string_view local) {
  if (local.empty() || local.front() == '.' || local.back() == '.') return false;
  if (local.find("..") != std::string_view::npos) return false;
  for (char c : local)
    if (is_special(c) || static_cast<unsigned char>(c) <= 32 || c == 127) return false;
  return true;
}

}  // namespace

bool parse_address_list(std::string_view body, std::vector<Address>& out,
                        std::size_t addresses_max) {
  return Parser(body, out, addresses_max).run();
}

std::vector<Address> parse_address_list(std::string_view body) {
  std::vector<Address> out;
  parse_address_list(body, out);
  return out;
}

std::string display_name(const Address& address) {
  return address.name.empty() ? address_of(address) : decode_words(address.name);
}

std::string address_of(const Address& address) {
  std::string out;
  if (is_dot_atom(address.local)) {
    out = address.local;
  } else {
    out = "\"";
    for (char c : address.local) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  if (!address.domain.empty()) (out += '@') += address.domain;
  return out;
}

std::string print_mailbox(std::string_view name, std::string_view address) {
  if (name.empty()) return std::string(address);
  return fmt::format("{} <{}>", encode_phrase(name), address);
}

}  // namespace posta::wire::message

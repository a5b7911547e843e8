// Dialogues recorded for other servers, read as cases: what their client says is understood,
// refused or ended here as their server did, as far as grammar goes. The files are found through
// POSTA_CONFORMANCE (a folder that has smtp-dialogs/).
//
//   c -> text      the client sends a line           c <- / <~ / <... code   what it expects
//   c ~> expr      the client sends octets           c tcp_connect           a new session
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "wire/smtp/command.h"
#include "wire/smtp/data_decoder.h"
#include "wire/smtp/line.h"

namespace posta::wire::smtp {
namespace {

std::filesystem::path conformance() {
  if (const char* set = std::getenv("POSTA_CONFORMANCE")) return set;
  return std::filesystem::path(__FILE__).parent_path() / "../../../../shared/conformance";
}

// expr = term *("+" term); term = factor *("*" number); factor = 'string' / "(" expr ")"
class Expression {
 public:
  explicit Expression(std::string_view text) : rest_(text) {}

  std::string sum() {
    std::string out = product();
    while (take('+')) out += product();
    return out;
  }

 private:
  bool take(char c) {
    rest_ = trim(rest_);
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string product() {
    std::string one = factor();
    if (!take('*')) return one;
    rest_ = trim(rest_);
    std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    std::string out;
    for (int n = to_number<int>(rest_.substr(0, digits)).value_or(0); n > 0; --n) out += one;
    rest_.remove_prefix(digits);
    return out;
  }
  std::string factor() {
    std::string out;
    if (take('(')) {
      out = sum();
      EXPECT_TRUE(take(')'));
      return out;
    }
    EXPECT_TRUE(take('\''));
    for (; !rest_.empty() && rest_.front() != '\''; rest_.remove_prefix(1)) {
      char c = rest_.front();
      if (c == '\\') {
        rest_.remove_prefix(1);
        c = rest_.front() == 'r' ? '\r' : rest_.front() == 'n' ? '\n' : rest_.front();
      }
      out += c;
    }
    EXPECT_TRUE(take('\''));
    return out;
  }

  std::string_view rest_;
};

// What the grammar can say of one thing sent.
struct Understood {
  std::string line;
  bool command = false;  // a command that a session may obey
  bool refused = false;  // the grammar refuses it, or leaves the session good reason to
  bool foreign = false;  // another protocol
  bool ended = false;    // the data came to their end
  bool bare = false;     // with bare line ends in them
  bool too_big = false;  // beyond 1 MiB, the limit of the server they were written for
};

class Peer {
 public:
  void connect() { *this = Peer(); }
  // `reply` is what the server said; 354 and 334 change what the next octets are.
  void heard(int reply) {
    if (reply == 354) data_.emplace(DecoderOptions{.message_octets_max = 1 << 20});
    in_auth_ = reply == 334;
  }
  void send(std::string_view octets) {
    while (!octets.empty()) {
      if (data_) {
        send_data(octets);
        continue;
      }
      buffer_ += octets;
      octets = {};
      Line line = reader_.next(buffer_);
      if (line.kind == Line::Kind::need_more) continue;
      understood = judge(line);
      buffer_.erase(0, line.consumed);
    }
  }

  Understood understood;

 private:
  void send_data(std::string_view& octets) {
    while (!data_->take(octets).empty()) {
    }
    if (!data_->done()) return;
    understood = {.line = "(data)",
                  .ended = true,
                  .bare = data_->content().bare_line_ends(),
                  .too_big = data_->too_big()};
    data_.reset();
  }
  Understood judge(const Line& line) const {
    Understood out{.line = std::string(line.text)};
    if (line.kind != Line::Kind::line) {
      out.refused = true;
      return out;
    }
    if (in_auth_) return out;
    auto command = parse_command(line.text);
    out.command = command && !std::holds_alternative<Unknown>(*command);
    out.refused = !out.command;
    if (!command) return out;
    out.foreign = std::holds_alternative<WrongProtocol>(*command);
    if (const auto* mail = std::get_if<Mail>(&*command))
      out.refused = mail->from && mail->from->domain.empty();
    if (const auto* rcpt = std::get_if<Rcpt>(&*command))
      out.refused = rcpt->to.domain.empty() || rcpt->international;
    if (const auto* auth = std::get_if<Auth>(&*command)) out.refused = auth->malformed;
    return out;
  }

  LineReader reader_{Limits{}};
  std::string buffer_;
  std::optional<DataDecoder> data_;
  bool in_auth_ = false;
};

void check(const Understood& seen, int reply, std::string_view words, const std::string& where) {
  if (reply == 521) {  // "invalid line ending": they refuse as we do, at the true end
    EXPECT_TRUE(seen.ended && seen.bare) << where;
  } else if (reply == 552) {
    EXPECT_TRUE(seen.ended && seen.too_big) << where;
  } else if (words.find("Error parsing message") != std::string_view::npos) {
    EXPECT_TRUE(seen.ended && !seen.bare) << where;
  } else if (reply == 502) {
    EXPECT_TRUE(seen.foreign) << where;
  } else if (reply == 500 || reply == 550 || reply == 554 || reply == 501) {
    EXPECT_TRUE(seen.refused || seen.line.starts_with("HELO aaaa")) << where << seen.line;
  } else if (reply == 250 || reply == 221 || reply == 354 || reply == 334 || reply == 503) {
    EXPECT_TRUE(seen.ended ? !seen.bare && !seen.too_big : seen.command && !seen.refused)
        << where << seen.line;
  }
}

void run(const std::filesystem::path& file) {
  std::ifstream in(file);
  Peer peer;
  int number = 0;
  bool sent = false;
  for (std::string text; std::getline(in, text);) {
    const std::string where = fmt::format("{}:{} ", file.filename().string(), ++number);
    std::string_view line = text;
    if (!line.starts_with("c ")) continue;
    line.remove_prefix(2);
    if (line.find("connect") != std::string_view::npos) {
      peer.connect();
      sent = false;
    } else if (line.starts_with("-> ") || line == "->") {
      peer.send(std::string(line.substr(std::min<std::size_t>(3, line.size()))) + "\r\n");
      sent = true;
    } else if (line.starts_with("~> ")) {
      peer.send(Expression(line.substr(3)).sum());
      sent = true;
    } else if (line.starts_with("<")) {
      line.remove_prefix(line.find(' ') + 1);
      const int reply = to_number<int>(line.substr(0, 3)).value_or(0);
      // A greeting is asked for by nobody; 421, 534 and 535 are the session's affair; the base64
      // of a dialogue is looked at in sasl.
      if (sent && !peer.understood.line.starts_with("dXNl"))
        check(peer.understood, reply, line, where);
      peer.heard(reply);
    }
  }
}

TEST(Dialogues, OfAnotherServerAreUnderstoodAsItDid) {
  const auto folder = conformance() / "smtp-dialogs";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no dialogues in " << folder;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".cmy") continue;
    run(entry.path());
    ++files;
  }
  EXPECT_GE(files, 17);
}

}  // namespace
}  // namespace posta::wire::smtp

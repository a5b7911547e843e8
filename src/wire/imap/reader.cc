#include "wire/imap/reader.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "wire/imap/scanner.h"

namespace posta::wire::imap {

namespace {

// "{", a number of 64 bits, "+}" and CR: what must be known of the end of any line.
constexpr std::size_t kAnnouncementOctets = 32;

// The first word of a command, if it can stand before a reply.
std::string_view tag_of(std::string_view command) {
  std::string_view tag = command.substr(0, command.find_first_of(" \r\n"));
  return is_tag(tag) ? tag : std::string_view();
}

std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

}  // namespace

// A new command, if the last one was handed out.
void CommandReader::begin() {
  if (!done_) return;
  done_ = false;
  constexpr std::size_t kKeptOctets = 512;
  if (command_.capacity() > kKeptOctets) command_ = std::string();
  command_.clear();
  end_ = std::string();
  state_ = State::line;
  line_start_ = line_octets_ = over_ = literals_ = 0;
}

// Takes what there is of a line. False: its end has not come. Of a line beyond the limit the first
// octets are kept, which have the tag, and the last, which may announce a literal.
bool CommandReader::take_line(std::string_view input, std::size_t octets_max, Event& event) {
  std::size_t lf = input.find('\n');
  std::string_view piece = input.substr(0, lf);
  bool ends = lf != std::string_view::npos;
  event.consumed += piece.size() + (ends ? 1 : 0);
  std::size_t room =
      octets_max + 1 - std::min(line_octets_, octets_max + 1);  // a CR is not counted
  std::string_view kept = piece.substr(0, room);
  command_ += kept;
  line_octets_ += kept.size();
  if (kept.size() == piece.size()) return ends;
  if (over_ == 0) {
    std::string_view start = std::string_view(command_).substr(line_start_);
    end_ = start.substr(start.size() - std::min(start.size(), kAnnouncementOctets));
  }
  over_ += piece.size() - kept.size();
  end_ += piece.substr(kept.size());
  end_.erase(0, end_.size() - std::min(end_.size(), kAnnouncementOctets));
  return ends;
}

bool CommandReader::take_literal(std::string_view input, Event& event) {
  std::string_view piece = input.substr(0, literal_left_);
  command_ += piece;
  literal_left_ -= piece.size();
  event.consumed += piece.size();
  if (literal_left_ > 0) return false;
  state_ = State::line;
  line_start_ = command_.size();
  return true;
}

// The line that has just ended, without its end.
std::string_view CommandReader::line() const {
  return without_cr(std::string_view(command_).substr(line_start_));
}

// literal = "{" number ["+"] "}" CRLF *CHAR8                 RFC 3501 §9, RFC 7888 §8
std::optional<CommandReader::Announced> CommandReader::announced() const {
  std::string_view text = over_ > 0 ? without_cr(end_) : line();
  std::size_t brace = text.rfind('{');
  if (!text.ends_with('}') || brace == std::string_view::npos) return std::nullopt;
  Announced found;
  found.octets_of_itself = text.size() - brace;
  std::string_view number = text.substr(brace + 1, text.size() - brace - 2);
  if (number.ends_with('+')) {
    found.synchronising = false;
    number.remove_suffix(1);
  }
  if (number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  found.octets = to_number<std::uint64_t>(number);
  return found;
}

// append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal        RFC 3501 §9
// The mailbox too may be a literal; the message never stands first.
bool CommandReader::announces_message(std::size_t brace) const {
  std::string_view text = std::string_view(command_).substr(0, brace);
  text.remove_prefix(std::min(text.find(' '), text.size()));
  skip_blanks(text);
  constexpr std::string_view kAppend = "APPEND ";
  if (!starts_with_ignore_case(text, kAppend)) return false;
  text.remove_prefix(kAppend.size());
  skip_blanks(text);
  return !text.empty();
}

std::string_view CommandReader::fault(std::size_t octets_max) const {
  if (over_ > 0 || line_octets_ - (command_.ends_with('\r') ? 1 : 0) > octets_max)
    return "The line is too long";
  if (line().contains('\r')) return "A CR without LF is no line end";
  if (line().contains('\0')) return "NUL cannot stand in a command";
  return {};
}

CommandReader::Event CommandReader::refuse(Event event, std::string_view text, bool too_big,
                                           bool fatal) {
  event.kind = Kind::refused;
  event.tag = tag_of(command_);
  event.text = text;
  event.too_big = too_big;
  event.fatal = fatal;
  done_ = true;
  return event;
}

// Nothing: the command goes on with a literal that is on its way.
std::optional<CommandReader::Event> CommandReader::end_of_line(Event event) {
  auto literal = announced();
  // Octets that come uninvited and are not taken would be read as commands.
  bool lost = literal && !literal->synchronising;
  if (auto what = fault(limits_.line_octets_max); !what.empty())
    return refuse(event, what, false, lost);
  if (state_ == State::tail) {
    if (!line().empty()) return refuse(event, "APPEND takes one message", false, lost);
    command_.resize(line_start_);
  } else if (literal) {
    return begin_literal(*literal, event);
  } else {
    command_.resize(line_start_ + line().size());
  }
  done_ = true;
  event.kind = Kind::command;
  return event;
}

std::optional<CommandReader::Event> CommandReader::begin_literal(const Announced& announced,
                                                                 Event event) {
  bool lost = !announced.synchronising;
  command_.resize(line_start_ + line().size());
  if (!announced.octets) return refuse(event, "The literal is too big", true, lost);
  if (logged_in_ && announces_message(command_.size() - announced.octets_of_itself)) {
    state_ = State::message;
    event.kind = Kind::message;
    event.message_octets = *announced.octets;
    event.synchronising = announced.synchronising;
    return event;
  }
  Octets octets_max =
      logged_in_ ? limits_.literal_octets_max : limits_.literal_octets_before_login_max;
  if (*announced.octets > octets_max) return refuse(event, "The literal is too big", true, lost);
  if (command_.size() + *announced.octets > limits_.command_octets_max)
    return refuse(event, "The command is too big", true, lost);
  if (++literals_ > limits_.literals_max)
    return refuse(event, "Too many literals in one command", false, lost);
  command_ += "\r\n";
  literal_left_ = *announced.octets;
  state_ = State::literal;
  if (!announced.synchronising) return std::nullopt;
  event.kind = Kind::go_ahead;
  return event;
}

CommandReader::Event CommandReader::next(std::string_view input) {
  CHECK(state_ != State::message || done_);
  begin();
  for (Event event;;) {
    std::string_view rest = input.substr(event.consumed);
    if (state_ == State::literal) {
      if (!take_literal(rest, event)) return event;
      continue;
    }
    bool ends = take_line(rest, limits_.line_octets_max, event);
    if (over_ > limits_.command_octets_max)
      return refuse(event, "The line does not end", false, true);
    if (!ends) return event;
    if (auto found = end_of_line(event)) return *found;
  }
}

void CommandReader::message_taken() {
  CHECK(state_ == State::message);
  state_ = State::tail;
  line_start_ = command_.size();
}

void CommandReader::message_refused() {
  CHECK(state_ == State::message);
  done_ = true;
}

CommandReader::Event CommandReader::next_line(std::string_view input, std::size_t octets_max) {
  begin();
  CHECK(state_ == State::line && line_start_ == 0);
  Event event;
  bool ends = take_line(input, octets_max, event);
  if (over_ > limits_.command_octets_max)
    return refuse(event, "The line does not end", false, true);
  if (!ends) return event;
  done_ = true;
  if (auto what = fault(octets_max); !what.empty()) {
    event.kind = Kind::refused;
    event.text = what;
    return event;
  }
  command_.resize(line().size());
  event.kind = Kind::command;
  return event;
}

}  // namespace posta::wire::imap

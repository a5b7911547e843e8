#include "sim/imap_model.h"

#include <fmt/format.h>

#include "base/text.h"

namespace posta::sim {

namespace {

// With a peer that has vanished. Longer than a server waits (RFC 3501 §5.4), shorter than the world
// goes on when it is to end.
constexpr std::chrono::minutes kPatience{60};

// "… {12}": how many octets follow the line.
std::optional<std::size_t> literal(std::string_view line) {
  std::size_t brace = line.rfind('{');
  if (!line.ends_with('}') || brace == std::string_view::npos) return std::nullopt;
  return to_number<std::size_t>(line.substr(brace + 1, line.size() - brace - 2));
}

// What stands between `mark` and `end`.
std::optional<std::string_view> between(std::string_view text, std::string_view mark, char end) {
  std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + mark.size());
  return text.substr(0, text.find(end));
}

}  // namespace

Task<Result<std::string>> ImapModel::response() {
  CO_TRY(std::string all, co_await peer_->line());
  while (auto count = literal(all)) {
    CO_TRY(std::string octets, co_await peer_->octets(*count));
    CO_TRY(std::string rest, co_await peer_->line());
    all += octets + rest;
  }
  co_return all;
}

Task<Result<bool>> ImapModel::open(std::string account, std::string password, std::string select) {
  CO_TRY(std::string greeting, co_await response());
  if (!greeting.starts_with("* OK")) co_return false;
  CO_TRY(std::string in, co_await ask(fmt::format("LOGIN {} \"{}\"", account, password)));
  if (!in.starts_with("OK")) co_return false;
  CO_TRY(std::string selected, co_await ask(std::move(select)));
  co_return selected.starts_with("OK");
}

Task<Result<std::string>> ImapModel::ask(std::string command) {
  const std::string tag = fmt::format("t{}", ++tags_);
  by_number_ =
      command.starts_with("FETCH") || command.starts_with("STORE") || command.starts_with("SEARCH");
  CO_TRY_VOID(co_await peer_->say(tag + " " + command + "\r\n"));
  for (;;) {
    CO_TRY(std::string line, co_await response());
    if (line.starts_with(tag + " ")) co_return line.substr(tag.size() + 1);
    if (line.starts_with("* BYE")) co_return fail(Error::Kind::closed, line);
    hear(line);
  }
}

Task<Result<>> ImapModel::idle(Duration patience) {
  by_number_ = false;
  const std::string tag = fmt::format("t{}", ++tags_);
  CO_TRY_VOID(co_await peer_->say(tag + " IDLE\r\n"));
  CO_TRY(std::string plus, co_await response());
  while (!plus.starts_with('+')) {
    hear(plus);
    CO_TRY(plus, co_await response());
  }
  peer_->stream().set_timeout(patience);
  auto line = co_await response();
  peer_->stream().set_timeout(kPatience);
  if (!line && !line.error().is(Error::Kind::timeout)) co_return Failure(line.error());
  if (line) hear(*line);
  CO_TRY_VOID(co_await peer_->say("DONE\r\n"));
  for (;;) {
    CO_TRY(std::string next, co_await response());
    if (next.starts_with(tag + " ")) co_return Result<>();
    if (next.starts_with("* BYE")) co_return fail(Error::Kind::closed, next);
    hear(next);
  }
}

Task<Result<>> ImapModel::learn() {
  for (int tries = 0; tries < 5; ++tries) {
    bool known = std::ranges::all_of(
        messages_, [](const ImapMessage& m) { return m.uid != 0 && m.flags_known; });
    if (known) break;
    CO_TRY_VOID(co_await ask("UID FETCH 1:* (FLAGS)"));
  }
  for (std::size_t i = 1; i < messages_.size(); ++i)
    if (messages_[i].uid != 0 && messages_[i].uid <= messages_[i - 1].uid)
      wrong_.push_back(
          fmt::format("uid {} stands behind {}", messages_[i].uid, messages_[i - 1].uid));
  co_return Result<>();
}

void ImapModel::hear(const std::string& response) {
  std::string_view rest = response;
  if (!rest.starts_with("* ")) {
    wrong_.push_back("not an untagged response: " + response);
    return;
  }
  rest.remove_prefix(2);
  std::size_t space = rest.find(' ');
  auto number = to_number<std::size_t>(rest.substr(0, space));
  if (!number) return;
  rest.remove_prefix(space + 1);
  if (rest == "EXISTS") {
    if (*number < messages_.size()) wrong_.push_back("EXISTS went down without EXPUNGE");
    ++news_;
    messages_.resize(std::max(*number, messages_.size()));
  } else if (rest == "EXPUNGE") {
    if (by_number_) wrong_.push_back("EXPUNGE in answer to a command by number");
    if (*number < 1 || *number > messages_.size()) {
      wrong_.push_back("EXPUNGE of a number that is not there");
      return;
    }
    ++news_;
    messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(*number) - 1);
  } else if (rest.starts_with("FETCH ")) {
    hear_fetch(*number, std::string(rest.substr(6)));
  }
}

void ImapModel::hear_fetch(std::size_t number, const std::string& data) {
  if (number < 1 || number > messages_.size()) {
    wrong_.push_back(fmt::format("FETCH of {}, of {} messages", number, messages_.size()));
    return;
  }
  ImapMessage& message = messages_[number - 1];
  if (auto uid = between(data, "UID ", ' ')) {
    auto value = to_number<std::uint32_t>(uid->substr(0, uid->find(')'))).value_or(0);
    if (message.uid != 0 && message.uid != value)
      wrong_.push_back(fmt::format("number {} was uid {} and is {}", number, message.uid, value));
    message.uid = value;
  }
  auto flags = between(data, "FLAGS (", ')');
  if (!flags) return;
  std::set<std::string> now;
  for (std::string_view flag : split(*flags, ' '))
    if (!flag.empty() && flag != "\\Recent") now.emplace(flag);
  ++news_;  // also if they are as before: they were different meanwhile
  message.flags = std::move(now);
  message.flags_known = true;
}

}  // namespace posta::sim

#include "ops/drop.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "wire/message/date.h"
#include "wire/message/header.h"

namespace posta::ops {

namespace {

constexpr std::string_view kFirstLine = "posta-drop 1";
constexpr std::size_t kWrittenTogether = 64 * 1024;

Failure malformed(std::string what) {
  return fail(Error::Kind::syntax, std::move(what));
}

// "<ann@example.org>", "<ann>", "<>".
Result<ReversePath> parse_path(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('<') || !text.ends_with('>'))
    return malformed("an address stands between < and >");
  text = text.substr(1, text.size() - 2);
  if (text.empty()) return ReversePath();
  // A bare local part is parsed as a part of the default domain, whatever that is.
  bool bare = text.find('@') == std::string_view::npos;
  auto address = Address::parse(bare ? std::string(text) + "@example.org" : std::string(text));
  if (!address) return malformed(fmt::format("{} is not an address", printable(text)));
  if (bare) address->domain = Domain();
  return ReversePath(*std::move(address));
}

std::string print_address(const Address& address) {
  if (!address.domain.empty()) return address.str();
  Address whole{address.local, *Domain::parse("example.org")};
  std::string text = whole.str();
  return text.substr(0, text.rfind('@'));
}

bool is_later(const Reply& reply) {
  return !reply.positive() && !reply.permanent();
}

}  // namespace

bool is_drop_id(std::string_view text) {
  return text.size() == 32 &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

std::string print_drop(const DropLetter& letter) {
  std::string out(kFirstLine);
  out += fmt::format("\nfrom <{}>\n", letter.from ? print_address(*letter.from) : "");
  for (const Address& to : letter.to) out += fmt::format("to <{}>\n", print_address(to));
  out += '\n';
  return out.append(letter.message);
}

Result<DropLetter> parse_drop(std::string_view file) {
  DropLetter letter;
  bool first = true, sender = false;
  for (std::string_view rest = file;;) {
    auto end = rest.find('\n');
    if (end == std::string_view::npos || file.size() - rest.size() > kDropHeadOctetsMax)
      return malformed("the empty line before the message is missing");
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (std::exchange(first, false)) {
      if (line != kFirstLine)
        return malformed(fmt::format("it does not begin with {}", kFirstLine));
    } else if (line.empty()) {
      letter.message = rest;
      break;
    } else if (line.starts_with("from ")) {
      if (std::exchange(sender, true)) return malformed("it has two senders");
      TRY(letter.from, parse_path(line.substr(5)));
    } else if (line.starts_with("to ")) {
      if (letter.to.size() == kDropRecipientsMax)
        return fail(Error::Kind::limit,
                    fmt::format("it has more than {} recipients", kDropRecipientsMax));
      TRY(auto to, parse_path(line.substr(3)));
      if (!to) return malformed("a recipient is empty");
      letter.to.push_back(*std::move(to));
    } else {
      return malformed(fmt::format("unknown line: {}", printable(line.substr(0, 60))));
    }
  }
  if (!sender) return malformed("it has no line with its sender");
  if (letter.to.empty()) return malformed("it has no recipient");
  return letter;
}

std::string complete_message(std::string_view message, const Address& from, WallTime now,
                             const std::string& message_id) {
  std::string body;
  body.reserve(message.size() + message.size() / 32 + 2);
  for (std::size_t i = 0; i < message.size(); ++i) {
    char c = message[i];
    if (c == '\r' && i + 1 < message.size() && message[i + 1] == '\n') continue;
    if (c == '\r' || c == '\n') {
      body += "\r\n";
    } else {
      body += c;
    }
  }
  if (!body.empty() && !body.ends_with("\r\n")) body += "\r\n";
  // A text without a header becomes the body of one.
  wire::message::HeaderReader reader(body);
  wire::message::Field field;
  bool header =
      body.empty() || body.starts_with("\r\n") || (reader.next(field) && !field.name.empty());
  std::string_view head =
      header ? std::string_view(body).substr(0, wire::message::header_size(body)) : "";
  std::string added;
  auto missing = [&](std::string_view name) { return !wire::message::find_field(head, name); };
  if (missing("Date")) {
    wire::message::Date date;
    date.seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    added += "Date: " + wire::message::print_date(date) + "\r\n";
  }
  if (missing("Message-ID")) added += "Message-ID: <" + message_id + ">\r\n";
  if (missing("From") && !from.empty()) added += "From: " + from.str() + "\r\n";
  if (!header) added += "\r\n";
  return added + body;
}

// Who sends, with a domain, and which account that is.
struct DropDoor::Sender {
  ReversePath path;
  AccountId account;
};

Task<Result<DropDoor::Sender>> DropDoor::sender_of(ReversePath from) {
  Sender sender{std::move(from), {}};
  if (!sender.path) co_return sender;
  if (sender.path->domain.empty()) {
    CO_TRY(auto system, co_await deps_.directory.system());
    if (system.default_domain.empty())
      co_return fail(Error::Kind::unavailable, "this server has no domain yet");
    sender.path->domain = system.default_domain;
  }
  CO_TRY(auto entry, co_await deps_.directory.look_up(*sender.path));
  if (auto* account = std::get_if<directory::IsAccount>(&entry))
    sender.account = account->account.id;
  co_return sender;
}

Task<Handed> DropDoor::take(std::string id, std::string file) {
  runtime::Executor& executor = co_await runtime::this_executor();
  auto letter = parse_drop(file);
  if (!letter) co_return Handed{Handed::What::refused, letter.error().what};
  auto sender = co_await sender_of(letter->from);
  if (!sender) co_return Handed{Handed::What::later, sender.error().what};
  Origin origin;
  origin.via = Origin::Via::command;
  origin.protocol = "LOCAL";
  origin.submission = id;
  origin.trusted = true;
  origin.authenticated = sender->account;
  origin.received = executor.wall();
  co_return co_await hand_in(std::move(origin), *letter, *std::move(sender));
}

Task<Handed> DropDoor::hand_in(Origin origin, const DropLetter& letter, Sender sender) {
  runtime::Executor& executor = co_await runtime::this_executor();
  std::string id = origin.submission;
  mta::MailArguments arguments;
  arguments.from = sender.path;
  arguments.eight_bit = true;
  arguments.smtputf8 = !std::ranges::all_of(letter.to, &Address::is_ascii) ||
                       (sender.path && !sender.path->is_ascii());
  arguments.size = letter.message.size();
  auto mailed = co_await deps_.intake.mail(std::move(origin), std::move(arguments));
  if (!mailed.transaction)
    co_return Handed{is_later(mailed.reply) ? Handed::What::later : Handed::What::refused,
                     mailed.reply.str() + "\n"};
  std::string refused;
  for (const Address& to : letter.to) {
    Reply reply = co_await mailed.transaction->rcpt(to, print_address(to));
    std::string words = fmt::format("{}: {}\n", print_address(to), reply.str());
    // One who must wait makes all wait: a file is handed in whole, once.
    if (is_later(reply)) co_return Handed{Handed::What::later, std::move(words)};
    if (!reply.positive()) refused += words;
  }
  if (mailed.transaction->recipients() == 0)
    co_return Handed{Handed::What::refused, std::move(refused)};
  Reply ready = co_await mailed.transaction->data();
  if (ready.code != 354)
    co_return Handed{is_later(ready) ? Handed::What::later : Handed::What::refused, ready.str()};
  std::string message = complete_message(
      letter.message, sender.path.value_or(Address()), executor.wall(),
      to_string(mailed.transaction->letter().id) + "@" + deps_.intake.config().host.str());
  for (std::size_t at = 0; at < message.size(); at += kWrittenTogether) {
    auto written = co_await mailed.transaction->write(message.substr(at, kWrittenTogether));
    if (!written) break;  // finish() says it
  }
  QueueId queue_id = mailed.transaction->letter().id;
  Reply reply = co_await mailed.transaction->finish({});
  if (!reply.positive())
    co_return Handed{is_later(reply) ? Handed::What::later : Handed::What::refused,
                     reply.str() + "\n"};
  // Not if it was taken before: then under another queue id, which has told so already.
  if (reply.text.ends_with(to_string(queue_id)))
    deps_.events.emit({"drop.letter.taken", {{"queue_id", to_string(queue_id)}, {"file", id}}});
  co_return Handed{Handed::What::taken, std::move(refused)};
}

}  // namespace posta::ops

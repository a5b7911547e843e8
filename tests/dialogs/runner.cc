#include "dialogs/runner.h"

#include <algorithm>

#include "base/text.h"

namespace posta::dialogs {

namespace {

// Servers that begin with TLS, and those whose replies have several lines.
bool begins_with_tls(std::string_view server) {
  return server == "mxs" || server == "pop3s" || server == "imaps" || server == "submissions";
}
bool speaks_smtp(std::string_view server) {
  return server.starts_with("mx") || server.starts_with("submission");
}

}  // namespace

Failure Runner::wrong(const Step& step, std::string what) const {
  return fail(Error::Kind::conflict,
              dialog_.name + ".dialog:" + std::to_string(step.line) + ": " + std::move(what));
}

Task<Result<>> Runner::run() {
  for (const Step& each : dialog_.steps) {
    Result<> done = co_await step(each);
    if (!done) co_return done;
  }
  co_return Result<>();
}

Task<Result<>> Runner::step(const Step& step) {
  switch (step.kind) {
    case Step::Kind::directive: co_return co_await directive(step);
    case Step::Kind::line_of:
    case Step::Kind::no_line_of: co_return look_at_lines(step);
    case Step::Kind::expect:
    case Step::Kind::expect_dot:
    case Step::Kind::expect_line: co_return co_await expect(step);
    case Step::Kind::expect_end: co_return co_await expect_end(step);
    case Step::Kind::send: break;
  }
  auto to = co_await connection();
  if (!to) co_return wrong(step, describe(to.error()));
  (*to)->stream->put(step.text);
  // A server that has had enough may close while we are still sending; what it said before is still
  // to be read, so a failure to send is none of the dialogue.
  co_await (*to)->stream->flush();
  co_return Result<>();
}

Task<Result<>> Runner::directive(const Step& step) {
  const std::vector<std::string>& args = step.arguments;
  if (step.text == "server" || step.text == "peer" || step.text == "connect") {
    if (args.size() != 1) co_return wrong(step, "@" + step.text + " takes one word");
    (step.text == "server" ? server_ : step.text == "peer" ? peer_ : current_) = args[0];
  } else if (step.text == "close") {
    connections_.erase(current_);
  } else if (step.text == "tls") {
    auto here = co_await connection();
    Result<> begun = here ? co_await begin_tls(**here) : Failure(here.error());
    if (!begun) co_return wrong(step, describe(begun.error()));
  } else if (step.text == "auth") {
    co_return co_await auth(step);
  } else if (step.text == "no-tls") {
    co_return co_await expect_no_tls(step);
  } else if (step.text == "mailbox" || step.text == "message") {
    auto number = args.size() >= 2 ? to_number<std::size_t>(args[1]) : std::nullopt;
    if (!number) co_return wrong(step, "an address and a number");
    auto messages = co_await stage_.mailbox(args[0]);
    if (!messages) co_return wrong(step, describe(messages.error()));
    if (step.text == "mailbox") {
      if (messages->size() != *number)
        co_return wrong(step, "there are " + std::to_string(messages->size()) + " messages");
    } else {
      if (*number < 1 || *number > messages->size()) co_return wrong(step, "no such message");
      std::string glob;
      for (std::size_t i = 2; i < args.size(); ++i) glob += (i > 2 ? " " : "") + args[i];
      const std::string& message = (*messages)[*number - 1];
      if (!matches(glob, printable(message)))
        co_return wrong(step, "the message is " + printable(message));
    }
  } else if (step.text == "letter") {
    auto lines = args.size() == 2 ? to_number<std::size_t>(args[1]) : std::nullopt;
    if (!lines) co_return wrong(step, "@letter takes an address and a number of lines");
    Result<> sent = co_await letter(args[0], *lines);
    if (!sent) co_return wrong(step, describe(sent.error()));
  } else {
    Result<> done = co_await stage_.directive(step);
    if (!done) co_return wrong(step, done.error().what);
  }
  co_return Result<>();
}

Task<Result<>> Runner::begin_tls(Connection& connection) {
  if (!connection.stream->input().empty())
    co_return fail(Error::Kind::conflict, "unread: " + printable(connection.stream->input()));
  auto shaken = co_await net::connect_tls(*connection.stream, stage_.tls(),
                                          {.name = "mx.example.org"}, stage_.patience());
  if (!shaken) co_return Failure(shaken.error());
  connection.stream->set_timeout(stage_.patience());
  connection.tls = *std::move(shaken);
  co_return Result<>();
}

// The server hears something else where TLS should begin: it may send an alert (RFC 8446 §6), no
// word of its protocol, and ends the connection.
Task<Result<>> Runner::expect_no_tls(const Step& step) {
  constexpr char kAlert = 0x15;
  auto from = co_await connection();
  if (!from) co_return Result<>();
  for (;;) {
    std::string_view input = (*from)->stream->input();
    if (!input.empty() && input.front() != kAlert)
      co_return wrong(step, "expected an alert or nothing, got " + printable(input));
    Result<> more = co_await (*from)->stream->fill();
    if (more) continue;
    if (more.error().is(Error::Kind::closed)) co_return Result<>();
    co_return wrong(step, "expected the end of the connection, got " + describe(more.error()));
  }
}

// A letter comes in by SMTP, over a connection of its own.
Task<Result<>> Runner::letter(std::string to, std::size_t lines) {
  std::string message = "Subject: letter\r\n\r\n";
  for (std::size_t i = 1; i <= lines; ++i) message += "line " + std::to_string(i) + "\r\n";
  const std::string dialog[] = {"",
                                "EHLO client.example.net\r\n",
                                "MAIL FROM:<carol@example.net>\r\n",
                                "RCPT TO:<" + to + ">\r\n",
                                "DATA\r\n",
                                message + ".\r\n",
                                "QUIT\r\n"};
  CO_TRY(auto transport, co_await stage_.connect("mx", peer_));
  runtime::Executor& executor = co_await runtime::this_executor();
  Connection mx{std::make_unique<net::Stream>(executor, std::move(transport)), "mx", {}, {}};
  mx.stream->set_timeout(stage_.patience());
  for (const std::string& octets : dialog) {
    mx.stream->put(octets);
    CO_TRY_VOID(co_await mx.stream->flush());
    CO_TRY(std::string reply, co_await read_reply(mx));
    if (!reply.starts_with('2') && !reply.starts_with('3'))
      co_return fail(Error::Kind::conflict, "the letter is refused: " + reply);
  }
  co_return Result<>();
}

Task<Result<Runner::Connection*>> Runner::connection() {
  Connection& here = connections_[current_];
  if (!here.stream) {
    auto transport = co_await stage_.connect(server_, peer_);
    if (!transport) co_return std::unexpected(transport.error());
    runtime::Executor& executor = co_await runtime::this_executor();
    here.stream = std::make_unique<net::Stream>(executor, std::move(*transport));
    here.stream->set_timeout(stage_.patience());
    here.server = server_;
    if (begins_with_tls(server_)) CO_TRY_VOID(co_await begin_tls(here));
  }
  co_return &here;
}

Task<Result<std::string>> Runner::read_line(Connection& from) {
  for (;;) {
    std::string_view input = from.stream->input();
    std::size_t end = input.find('\n');
    if (end != std::string_view::npos) {
      std::string line(input.substr(0, end));
      if (line.ends_with('\r')) line.pop_back();
      from.stream->consume(end + 1);
      co_return line;
    }
    Result<> more = co_await from.stream->fill();
    if (!more) {
      if (input.empty() && more.error().is(Error::Kind::closed)) co_return std::string("EOF");
      co_return std::unexpected(more.error());
    }
  }
}

// A reply of SMTP goes on while a hyphen follows the code; other servers answer in one line.
Task<Result<std::string>> Runner::read_reply(Connection& from) {
  std::string reply;
  for (;;) {
    auto line = co_await read_line(from);
    if (!line) co_return line;
    reply += (reply.empty() ? "" : "\n") + *line;
    if (!speaks_smtp(from.server) || line->size() < 4 || (*line)[3] != '-') co_return reply;
  }
}

Task<Result<std::string>> Runner::read_to_dot(Connection& from) {
  std::string lines;
  for (;;) {
    auto line = co_await read_line(from);
    if (!line) co_return line;
    if (*line == ".") co_return lines;
    if (*line == "EOF") co_return fail(Error::Kind::closed, "the end of the connection, no dot");
    lines += (lines.empty() ? "" : "\n") + *line;
  }
}

Task<Result<std::string>> Runner::read_to_line(Connection& from, std::string glob) {
  std::string lines;
  for (;;) {
    auto line = co_await read_line(from);
    if (!line) co_return line;
    if (*line == "EOF")
      co_return fail(Error::Kind::closed, "the end of the connection after " + lines);
    lines += (lines.empty() ? "" : "\n") + *line;
    if (matches(glob, *line)) co_return lines;
  }
}

Task<Result<>> Runner::expect(const Step& step) {
  auto from = co_await connection();
  if (!from) co_return wrong(step, describe(from.error()));
  const bool one = step.kind == Step::Kind::expect;
  auto reply = one                                   ? co_await read_reply(**from)
               : step.kind == Step::Kind::expect_dot ? co_await read_to_dot(**from)
                                                     : co_await read_to_line(**from, step.text);
  if (!reply) co_return wrong(step, "expected " + step.text + ", got " + describe(reply.error()));
  (*from)->reply = *reply;
  if (one && !matches(step.text, *reply))
    co_return wrong(step, "expected " + step.text + ", got " + *reply);
  co_return Result<>();
}

Task<Result<>> Runner::expect_end(const Step& step) {
  auto from = co_await connection();
  if (!from) co_return Result<>();  // refused: there never was a connection
  while ((*from)->stream->input().empty()) {
    Result<> more = co_await (*from)->stream->fill();
    if (more) continue;
    if (more.error().is(Error::Kind::closed)) co_return Result<>();
    co_return wrong(step, "expected the end of the connection, got " + describe(more.error()));
  }
  co_return wrong(step,
                  "expected the end of the connection, got " + printable((*from)->stream->input()));
}

Result<> Runner::look_at_lines(const Step& step) {
  const std::string& reply = connections_[current_].reply;
  bool found = std::ranges::any_of(split(reply, '\n'),
                                   [&](std::string_view line) { return matches(step.text, line); });
  if (found == (step.kind == Step::Kind::line_of)) return {};
  return wrong(step, (found ? "a line matches " : "no line matches ") + step.text + " in " + reply);
}

}  // namespace posta::dialogs

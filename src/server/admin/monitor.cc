#include "server/admin/monitor.h"

#include <fmt/format.h>

#include "net/stream.h"

namespace posta::server {

struct Monitor::Answer {
  std::string_view status;  // "200 OK"
  std::string body;
  std::string_view type = "text/plain; charset=utf-8";
  std::string_view more = {};  // further header lines
  bool head = false;           // without its body
};

namespace {

constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

std::string print(std::string_view status, std::string_view type, std::string_view more,
                  std::string_view body, bool head) {
  std::string out = fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n",
      status, type, body.size(), more);
  if (!head) out += body;
  return out;
}

// The end of the request's header; npos: not there yet. A lone LF ends a line too (RFC 9112 §2.2).
std::size_t header_end(std::string_view input) {
  std::size_t crlf = input.find("\r\n\r\n"), lf = input.find("\n\n");
  if (crlf == std::string_view::npos && lf == std::string_view::npos) return crlf;
  return std::min(crlf == std::string_view::npos ? crlf : crlf + 4,
                  lf == std::string_view::npos ? lf : lf + 2);
}

}  // namespace

Task<Monitor::Answer> Monitor::answer_to(std::string request) {
  std::string_view line = std::string_view(request).substr(0, request.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || last <= first + 1 ||
      !line.substr(last + 1).starts_with("HTTP/1."))
    co_return Answer{"400 Bad Request", "not a request of HTTP/1.1\n"};
  std::string_view method = line.substr(0, first);
  std::string_view target = line.substr(first + 1, last - first - 1);
  target = target.substr(0, target.find('?'));
  bool head = method == "HEAD";
  if (target != "/metrics" && target != "/healthz")
    co_return Answer{"404 Not Found",
                     "only /metrics and /healthz are here\n",
                     "text/plain; charset=utf-8",
                     {},
                     head};
  if (method != "GET" && !head)
    co_return Answer{"405 Method Not Allowed", "only GET and HEAD\n", "text/plain; charset=utf-8",
                     "Allow: GET, HEAD\r\n"};
  if (target == "/metrics")
    co_return Answer{"200 OK", co_await deps_.metrics(), kMetricsType, {}, head};
  std::string trouble = co_await deps_.trouble();
  bool well = trouble.empty();
  co_return Answer{well ? "200 OK" : "503 Service Unavailable",
                   well ? "ok\n" : trouble + "\n",
                   "text/plain; charset=utf-8",
                   {},
                   head};
}

Task<> Monitor::serve(std::unique_ptr<net::Transport> transport) {
  Executor& executor = co_await runtime::this_executor();
  net::Stream stream(executor, std::move(transport));
  Sessions::Presence presence(deps_.sessions, stream);
  stream.set_deadline(executor.now() + limits_.request_timeout);
  auto seat = deps_.census.enter(stream.peer().ip, /*trusted=*/false);
  Answer answer{"503 Service Unavailable", "too many connections\n"};
  if (seat) {
    std::size_t end;
    while ((end = header_end(stream.input())) == std::string_view::npos &&
           stream.input().size() <= limits_.request_octets_max) {
      auto more = co_await stream.fill();
      if (!more && !more.error().is(Error::Kind::timeout)) co_return;
      if (!more) break;
      if (deps_.sessions.closing()) co_return;
    }
    if (end != std::string_view::npos && end <= limits_.request_octets_max) {
      answer = co_await answer_to(std::string(stream.input().substr(0, end)));
    } else if (stream.input().size() > limits_.request_octets_max) {
      answer = {"431 Request Header Fields Too Large", "the request is too long\n"};
    } else {
      answer = {"408 Request Timeout", "the request did not come in time\n"};
    }
  }
  stream.consume(stream.input().size());
  stream.set_deadline(executor.now() + limits_.answer_timeout);
  stream.put(print(answer.status, answer.type, answer.more, answer.body, answer.head));
  if (!co_await stream.flush()) co_return;
  stream.shutdown_write();
  // What the peer is still sending must not make the system reset the connection under its answer.
  for (int i = 0; i < 16; ++i) {
    stream.consume(stream.input().size());
    if (!co_await stream.fill()) co_return;
  }
}

}  // namespace posta::server

#include "app/control.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "app/files.h"
#include "base/codec.h"
#include "base/text.h"

namespace posta::app {

namespace {

constexpr int kSecondsToSpeak = 10;
// What accept waits where the system has no descriptor or memory for a connection: the backlog
// keeps who knocks meanwhile.
constexpr int kAcceptPauseMilliseconds = 200;

bool passes(int reason) {
  return reason == EMFILE || reason == ENFILE || reason == ENOMEM || reason == ENOBUFS;
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(Error::Kind::config,
                "the path of the control socket is too long (" + path + "); use a shorter --dir");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

void set_timeout(int descriptor, int seconds) {
  timeval time{seconds, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

bool send_all(int descriptor, std::string_view octets) {
  while (!octets.empty()) {
    ssize_t n = send(descriptor, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::optional<std::string> receive_line(int descriptor, std::size_t octets_max) {
  std::string line;
  char chunk[4096];
  while (line.size() <= octets_max) {
    ssize_t n = recv(descriptor, chunk, sizeof chunk, 0);
    if (n <= 0) return std::nullopt;
    line.append(chunk, static_cast<std::size_t>(n));
    if (line.ends_with('\n')) return line;
  }
  return std::nullopt;
}

std::optional<boost::json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  return value.as_object();
}

std::optional<Request> parse_request(std::string_view line) {
  auto object = parse_object(line);
  if (!object) return std::nullopt;
  const auto* args = object->if_contains("args");
  const auto* input = object->if_contains("input");
  if (!args || !args->is_array() || !input || !input->is_string()) return std::nullopt;
  Request request;
  for (const auto& arg : args->as_array()) {
    if (!arg.is_string()) return std::nullopt;
    request.args.emplace_back(arg.as_string());
  }
  request.input = std::string(input->as_string());
  return request;
}

}  // namespace

std::string control_path(const std::string& directory) {
  return directory + "/run/control";
}

namespace {

// Error{not_found}: nobody listens there.
Result<int> connect_to(const std::string& directory) {
  TRY(sockaddr_un address, address_of(control_path(directory)));
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fail(Error::Kind::unavailable, "cannot make a socket");
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
    return descriptor;
  int reason = errno;
  close(descriptor);
  errno = reason;
  if (reason == EACCES) return cannot("open", control_path(directory));
  return fail(Error::Kind::not_found, "no server is running in " + directory);
}

}  // namespace

bool is_server_running(const std::string& directory) {
  auto connection = connect_to(directory);
  if (connection) close(*connection);
  return connection.has_value();
}

Result<Answer> ask_server(const std::string& directory, const Request& request) {
  TRY(int descriptor, connect_to(directory));
  boost::json::object object{{"args", boost::json::array(request.args.begin(), request.args.end())},
                             {"input", request.input}};
  bool sent = send_all(descriptor, boost::json::serialize(object) + "\n");
  auto line = sent ? receive_line(descriptor, 256_MiB) : std::nullopt;
  close(descriptor);
  auto answer = line ? parse_object(*line) : std::nullopt;
  if (!answer || !answer->contains("exit"))
    return fail(Error::Kind::unavailable, "the server ended before it answered");
  auto text = [&](const char* name) {
    const auto* value = answer->if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
  };
  const auto* code = answer->if_contains("exit");
  std::string out = text("out");
  if (answer->contains("out_base64")) out = base64_decode(text("out_base64")).value_or("");
  return Answer{code->is_int64() ? static_cast<int>(code->as_int64()) : 1, std::move(out),
                text("err"), text("more")};
}

std::string server_process(const std::string& directory) {
  auto status = ask_server(directory, {{"status", "--json"}, ""});
  auto told = status ? parse_object(status->out) : std::nullopt;
  const auto* pid = told ? told->if_contains("pid") : nullptr;
  return pid && pid->is_int64() ? fmt::format("process {}", pid->as_int64()) : "";
}

Result<std::unique_ptr<ControlServer>> ControlServer::open(const std::string& directory,
                                                           Answerer answer) {
  std::string path = control_path(directory);
  TRY(sockaddr_un address, address_of(path));
  mkdir((directory + "/run").c_str(), 0700);
  unlink(path.c_str());  // the store's lock says that no other server runs here
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  mode_t mask = umask(0177);
  bool ok = listener >= 0 &&
            bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
            listen(listener, 16) == 0;
  int reason = errno;
  umask(mask);
  if (!ok) {
    if (listener >= 0) close(listener);
    return fail(Error::Kind::unavailable,
                fmt::format("cannot make the control socket {}: {}", path, strerror(reason)));
  }
  return std::unique_ptr<ControlServer>(new ControlServer(listener, path, std::move(answer)));
}

ControlServer::ControlServer(int listener, std::string path, Answerer answer)
    : listener_(listener), path_(std::move(path)), answer_(std::move(answer)) {
  for (unsigned i = 0; i < kRequestsAtOnceMax; ++i) threads_.emplace_back([this] { serve(); });
}

ControlServer::~ControlServer() {
  shutdown(listener_, SHUT_RDWR);  // accept returns, in each of them
  threads_.clear();
  close(listener_);
  unlink(path_.c_str());
}

void ControlServer::serve() {
  for (;;) {
    int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (!passes(errno)) return;
      poll(nullptr, 0, kAcceptPauseMilliseconds);
      continue;
    }
    set_timeout(connection, kSecondsToSpeak);
    serve_one(connection);
    close(connection);
  }
}

void ControlServer::serve_one(int connection) {
  auto line = receive_line(connection, kRequestOctetsMax);
  auto request = line ? parse_request(*line) : std::nullopt;
  Answer answer = request ? answer_(*std::move(request)) : Answer{64, "", "posta: not a request\n"};
  // JSON is text (RFC 8259 §8.1); a message need not be.
  const bool text = is_utf8(answer.out);
  boost::json::object object{
      {"exit", answer.exit},
      {text ? "out" : "out_base64", text ? std::move(answer.out) : base64_encode(answer.out)},
      {"err", answer.err},
      {"more", answer.more}};
  send_all(connection, boost::json::serialize(object) + "\n");
}

}  // namespace posta::app

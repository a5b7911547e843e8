// What an event looks like in the log, and what a stranger can make it look like.
#include "app/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/asio/loop.h"

namespace posta::app {
namespace {

// The fields of a line, as they stand in it.
std::string fields_of(const std::string& value) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  runtime::asio::WorkerPool workers({.threads = 1});
  runtime::asio::Loop loop(workers);
  Log::Options options;
  options.descriptor = ends[1];
  options.at_once = true;
  Log log(loop, options);
  log.emit({"smtp.connection.closed", {{"helo", value}, {"errors", 0}}});
  close(ends[1]);
  char line[1000];
  ssize_t octets = read(ends[0], line, sizeof line);
  close(ends[0]);
  std::string text(line, octets > 0 ? static_cast<std::size_t>(octets) : 0);
  auto at = text.find("closed: ");
  EXPECT_NE(at, std::string::npos) << text;
  return at == std::string::npos ? text : text.substr(at + 8);
}

TEST(LogLine, AValueIsNeverReadAsMoreFields) {
  const std::pair<std::string, std::string> cases[] = {
      {"mail.example.net", "mail.example.net"},
      {"<bob+tag@example.net>", "<bob+tag@example.net>"},
      {"", ""},
      {"Gr\u00fc\u00dfe", "Gr\u00fc\u00dfe"},
      {"x, user=root", "\"x, user=root\""},
      {"a b", "\"a b\""},
      {"a=b", "\"a=b\""},
      {"say \"hi\"", "\"say \\\"hi\\\"\""},
      {"a\nb", "a\\x0ab"},
      {"a\\x0ab", "\"a\\\\x0ab\""},
      {"a\u2028b", "a\\xe2\\x80\\xa8b"},
      {"a\u009b1mb", "a\\xc2\\x9b1mb"},
  };
  for (const auto& [value, shown] : cases)
    EXPECT_EQ(fields_of(value), "helo=" + shown + ", errors=0\n");
}

}  // namespace
}  // namespace posta::app

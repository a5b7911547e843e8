// Property: cut invariance, and nothing blind is left. However a message is cut the result is the
// same; it has no Bcc field in its header; everything behind the header is as it was.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/text.h"
#include "mta/seal/submission.h"

namespace {

using namespace posta;
using namespace posta::mta;

std::string through(std::string_view message, std::size_t step) {
  SubmissionHeader header({"date", "<id@x>"}, ~Octets{0});
  std::string out;
  for (std::size_t at = 0; at < message.size(); at += step) {
    auto part = header.take(std::string(message.substr(at, step)));
    CHECK(part);
    out += *part;
  }
  return out + header.finish();
}

std::string_view body_of(std::string_view message) {
  if (message.starts_with("\r\n")) return message;
  auto end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view() : message.substr(end + 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = through(input, input.size() + 1);
  CHECK(whole == through(input, 1));
  CHECK(whole == through(input, 1 + data[0] % 32));
  CHECK(whole.ends_with(body_of(input)));
  std::string_view header = std::string_view(whole).substr(0, whole.size() - body_of(input).size());
  for (std::size_t at = 0; at < header.size();) {
    CHECK(!starts_with_ignore_case(header.substr(at), "bcc:"));
    std::size_t end = header.find("\r\n", at);
    if (end == std::string_view::npos) break;
    at = end + 2;
  }
  return 0;
}

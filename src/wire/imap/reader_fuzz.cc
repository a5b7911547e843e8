// Cut invariance: however the octets are cut, the reader's events are the same. Bounded: it keeps
// no more than the limits say.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "wire/imap/reader.h"

using namespace posta::wire::imap;

namespace {

using Kind = CommandReader::Kind;

constexpr Limits kSmall{.line_octets_max = 40,
                        .literal_octets_max = 20,
                        .literal_octets_before_login_max = 10,
                        .command_octets_max = 100,
                        .literals_max = 3};

class Run {
 public:
  Run(std::uint8_t mode, std::size_t step) : mode_(mode), step_(step), reader_(kSmall) {
    if (mode & 1) reader_.set_logged_in();
  }

  std::vector<std::string> over(std::string_view octets) {
    for (std::string buffer; !octets.empty();) {
      buffer += octets.substr(0, step_);
      octets.remove_prefix(std::min(step_, octets.size()));
      while (!over_ && step(buffer)) {
      }
      if (over_) break;
    }
    return std::move(seen_);
  }

 private:
  // False: it wants more.
  bool step(std::string& buffer) {
    if (message_left_ > 0) {
      std::size_t n =
          static_cast<std::size_t>(std::min<std::uint64_t>(message_left_, buffer.size()));
      message_left_ -= n;
      buffer.erase(0, n);
      if (message_left_ > 0) return false;
      reader_.message_taken();
    }
    auto event = reader_.next(buffer);
    CHECK(event.consumed <= buffer.size());
    CHECK(reader_.octets().size() <= kSmall.command_octets_max + kSmall.line_octets_max + 2);
    buffer.erase(0, event.consumed);
    if (event.kind == Kind::need_more) return false;
    std::string line = std::to_string(static_cast<int>(event.kind));
    if (event.kind == Kind::command || event.kind == Kind::message) line += reader_.octets();
    line += ':';
    line += event.tag;
    line += event.text;
    line += event.fatal ? '!' : event.too_big ? '>' : '.';
    seen_.push_back(std::move(line));
    over_ = event.kind == Kind::refused && event.fatal;
    if (event.kind == Kind::message) message(event);
    return true;
  }

  void message(const CommandReader::Event& event) {
    if (event.synchronising && (mode_ & 2)) return reader_.message_refused();
    message_left_ = event.message_octets;
    if (message_left_ == 0) reader_.message_taken();
  }

  std::uint8_t mode_;
  std::size_t step_;
  CommandReader reader_;
  std::vector<std::string> seen_;
  std::uint64_t message_left_ = 0;
  bool over_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::uint8_t mode = data[0] & 3;
  const auto whole = Run(mode, size).over(octets);
  CHECK(whole == Run(mode, 1).over(octets));
  CHECK(whole == Run(mode, 1 + (data[0] >> 2)).over(octets));
  return 0;
}

// events.h: everything that happens has a name and typed fields (house D10).
//
// An event is data: logs, metrics and traces are views of it. Names are `room.noun.verb`, stable,
// and listed in each room's `events.h`. Emitting never waits and never fails: a sink drops rather
// than blocks, and counts what it dropped.
//
//   events.emit({"intake.letter.accepted", {{"queue_id", id}, {"size", size}}});
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace posta {

struct Field {
  std::string_view name;
  std::variant<std::int64_t, std::string> value;

  Field(std::string_view n, std::string v) : name(n), value(std::move(v)) {}
  Field(std::string_view n, std::string_view v) : name(n), value(std::string(v)) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string(v)) {}
  template <std::integral I>
  Field(std::string_view n, I v) : name(n), value(static_cast<std::int64_t>(v)) {}
};

enum class Severity { debug, info, warning, error };

struct Event {
  std::string_view name;  // a literal: outlives everything
  std::vector<Field> fields;
  Severity severity = Severity::info;

  Event(std::string_view n, std::initializer_list<Field> f, Severity s = Severity::info)
      : name(n), fields(f), severity(s) {}
};

// Where events go. Called from any thread; must not block.
class Events {
 public:
  virtual ~Events() = default;
  virtual void emit(const Event& event) = 0;
};

// Keeps nothing. For tests and tools that do not look.
class NoEvents final : public Events {
 public:
  void emit(const Event&) override {}
};

}  // namespace posta

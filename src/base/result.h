// result.h: what may fail returns a Result; nothing throws.
//
// Three ways to say "no" (style, *Errors*):
//   a value   (Verdict, Outcome, optional): the domain says no: unknown user, over quota
//   an Error  in a Result: the client sent nonsense, or the world failed
//   a CHECK   our own bug
//
// Errors carry a kind (what the caller does with it), words for a person, and for syntax errors the
// offset at which the input stopped making sense.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <utility>

namespace posta {

struct Error {
  enum class Kind {
    syntax,       // the input is malformed; retrying the same octets cannot help
    limit,        // a named limit was crossed; `what` names it
    unavailable,  // the world failed for now: disk, DNS, peer, timeout; retrying may help
    stale,        // a snapshot expired, a precondition no longer holds; begin anew
    full,         // no space left
    denied,       // not permitted
    not_found,    // the named thing does not exist
    conflict,     // the named thing exists already, or is in use
    corrupt,      // stored data is not what was written
    cancelled,    // the owner ended the work
    timeout,      // nothing happened for too long
    closed,       // the peer ended the connection
    config,       // the configuration is wrong; `what` has file, line and a suggestion
  };
  Kind kind = Kind::unavailable;
  std::string what;    // one sentence without a final full stop; for people
  std::size_t at = 0;  // syntax: offset into the input

  bool is(Kind k) const { return kind == k; }
};

const char* to_string(Error::Kind kind);

// "syntax: expected a domain (at 12)": for logs and commands.
std::string describe(const Error& error);

template <class T = void>
using Result = std::expected<T, Error>;

using Failure = std::unexpected<Error>;

inline Failure fail(Error::Kind kind, std::string what, std::size_t at = 0) {
  return Failure(Error{kind, std::move(what), at});
}

}  // namespace posta

#define POSTA_CAT_(a, b) a##b
#define POSTA_CAT(a, b) POSTA_CAT_(a, b)

// TRY(auto x, expression): x is the value, or the enclosing function returns the Error.
// CO_TRY is the same in a coroutine. TRY_VOID and CO_TRY_VOID take a Result<> without a value.
#define TRY(declaration, ...) TRY_AS_(POSTA_CAT(try_, __LINE__), declaration, return, __VA_ARGS__)
#define CO_TRY(declaration, ...) \
  TRY_AS_(POSTA_CAT(try_, __LINE__), declaration, co_return, __VA_ARGS__)
#define TRY_AS_(tmp, declaration, leave, ...)       \
  auto tmp = (__VA_ARGS__);                         \
  if (!tmp) [[unlikely]]                            \
    leave ::posta::Failure(std::move(tmp).error()); \
  declaration = *std::move(tmp)

#define TRY_VOID(...)                                          \
  do {                                                         \
    if (auto try_void = (__VA_ARGS__); !try_void) [[unlikely]] \
      return ::posta::Failure(std::move(try_void).error());    \
  } while (false)
#define CO_TRY_VOID(...)                                       \
  do {                                                         \
    if (auto try_void = (__VA_ARGS__); !try_void) [[unlikely]] \
      co_return ::posta::Failure(std::move(try_void).error()); \
  } while (false)

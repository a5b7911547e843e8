// check.h: a bug stops the program, in production too.
//
// CHECK(x) is for what can only be false if posta itself is wrong: never for input, never for the
// world. It prints the place and a stack trace and aborts; the supervisor restarts the server, and
// the store is safe at every instant by design.
#pragma once

namespace posta::detail {
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}

#define CHECK(x) \
  (__builtin_expect(!!(x), 1) ? void() : ::posta::detail::check_failed(#x, __FILE__, __LINE__))

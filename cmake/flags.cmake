# Compiler and linker flags, shared by every target through `posta_flags`.

add_library(posta_flags INTERFACE)
target_include_directories(posta_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(posta_flags INTERFACE
  -Wall -Wextra -Wshadow -Wimplicit-fallthrough -Wnon-virtual-dtor -Werror
  -fno-omit-frame-pointer -fvisibility=hidden -fPIE)
target_link_options(posta_flags INTERFACE -pie)

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

if(POSTA_SANITIZE STREQUAL "address")
  target_compile_options(posta_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_link_options(posta_flags INTERFACE -fsanitize=address,undefined)
elseif(POSTA_SANITIZE STREQUAL "thread")
  target_compile_options(posta_flags INTERFACE -fsanitize=thread)
  target_link_options(posta_flags INTERFACE -fsanitize=thread)
endif()
if(POSTA_FUZZ)
  target_compile_options(posta_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Hardening, for the program that is run (docs/design/0002).
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(posta_flags INTERFACE
    -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
    -D_GLIBCXX_ASSERTIONS -fcf-protection=full -ftrivial-auto-var-init=zero)
  target_link_options(posta_flags INTERFACE
    -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
endif()

find_program(POSTA_MOLD mold)
if(POSTA_MOLD)
  target_link_options(posta_flags INTERFACE -fuse-ld=mold)
else()
  target_link_options(posta_flags INTERFACE -fuse-ld=lld)
endif()

find_program(POSTA_CCACHE ccache)
if(POSTA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${POSTA_CCACHE})
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()

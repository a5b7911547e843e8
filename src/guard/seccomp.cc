#include "guard/seccomp.h"

#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <span>

#include "guard/descriptor.h"

namespace posta::guard {

namespace {

// Memory, threads, time, descriptors: what any process does. (`tests/e2e` runs in the sandbox; a
// call that is missing here shows in the kernel's log as type=1326.)
constexpr int kOfEveryProcess[] = {
    // clang-format off
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(membarrier),
    SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq), SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getppid),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(rt_sigtimedwait), SCMP_SYS(restart_syscall), SCMP_SYS(tgkill),
    SCMP_SYS(exit), SCMP_SYS(exit_group),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(gettimeofday),
    SCMP_SYS(nanosleep), SCMP_SYS(time), SCMP_SYS(getrandom),
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(preadv2),
    SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(close_range),
    SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx),
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(fcntl),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg),
    SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getgroups),
    // clang-format on
};

// The store's files, connections, and threads' own.
constexpr int kOfTheServer[] = {
    // clang-format off
    SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(pwritev2), SCMP_SYS(fsync), SCMP_SYS(fdatasync),
    SCMP_SYS(sync_file_range), SCMP_SYS(fallocate), SCMP_SYS(ftruncate), SCMP_SYS(truncate),
    SCMP_SYS(fadvise64), SCMP_SYS(readahead), SCMP_SYS(copy_file_range), SCMP_SYS(sendfile),
    SCMP_SYS(flock), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(link),
    SCMP_SYS(linkat), SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
    SCMP_SYS(umask), SCMP_SYS(fchmod), SCMP_SYS(chmod), SCMP_SYS(fchmodat), SCMP_SYS(utimensat),
    SCMP_SYS(getcwd), SCMP_SYS(msync), SCMP_SYS(mlock), SCMP_SYS(munlock), SCMP_SYS(mlock2),
    SCMP_SYS(epoll_create), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd2), SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime), SCMP_SYS(select), SCMP_SYS(pselect6),
    SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
    SCMP_SYS(socketpair), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
    SCMP_SYS(connect), SCMP_SYS(shutdown), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(sendto), SCMP_SYS(recvfrom),
    SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
    SCMP_SYS(getpriority), SCMP_SYS(setpriority), SCMP_SYS(ioprio_get), SCMP_SYS(ioprio_set),
    SCMP_SYS(getcpu), SCMP_SYS(getrusage), SCMP_SYS(times), SCMP_SYS(sysinfo), SCMP_SYS(uname),
    SCMP_SYS(getrlimit), SCMP_SYS(getresuid), SCMP_SYS(getresgid),
    // clang-format on
};

constexpr int kOfTheHelper[] = {
    SCMP_SYS(bind),        SCMP_SYS(listen),     SCMP_SYS(setsockopt), SCMP_SYS(getsockopt),
    SCMP_SYS(getsockname), SCMP_SYS(ftruncate),  SCMP_SYS(prctl),      SCMP_SYS(memfd_create),
    SCMP_SYS(getcwd),      SCMP_SYS(getdents64),
};

// Nobody asks these of a mail server but who has taken it over.
constexpr int kFatal[] = {
    // clang-format off
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(move_mount),
    SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(fsmount), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
    SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(bpf), SCMP_SYS(keyctl), SCMP_SYS(add_key),
    SCMP_SYS(request_key), SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon),
    SCMP_SYS(swapoff), SCMP_SYS(open_by_handle_at), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
    SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(quotactl), SCMP_SYS(acct),
    // clang-format on
};

// What an argument of a call must be.
scmp_arg_cmp is(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

class Filter {
 public:
  explicit Filter(std::uint32_t otherwise)
      : context_(seccomp_init(otherwise), &seccomp_release), failed_(context_ ? 0 : -ENOMEM) {}

  void all(std::uint32_t action, std::span<const int> calls) {
    for (int call : calls) add(action, call, {});
  }
  void when(int call, std::initializer_list<scmp_arg_cmp> arguments) {
    add(SCMP_ACT_ALLOW, call, arguments);
  }
  void set(scmp_filter_attr attribute, std::uint32_t value) {
    if (failed_ == 0) failed_ = seccomp_attr_set(context_.get(), attribute, value);
  }
  void add(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> arguments) {
    if (failed_ != 0) return;
    int code = seccomp_rule_add_array(context_.get(), action, call,
                                      static_cast<unsigned>(arguments.size()), arguments.begin());
    // -EDOM: this processor has no such call. -EACCES: it is what happens anyway.
    if (code != 0 && code != -EDOM && code != -EACCES) failed_ = code;
  }
  Result<> load() {
    if (failed_ == 0) failed_ = seccomp_load(context_.get());
    errno = -failed_;
    if (failed_ != 0) return system_failure("restrict system calls");
    return {};
  }

 private:
  std::unique_ptr<void, decltype(&seccomp_release)> context_;
  int failed_;
};

// No memory becomes executable any more, whatever its file: code is what was loaded at start.
void allow_memory(Filter& filter) {
  filter.when(SCMP_SYS(mmap), {masked(2, PROT_EXEC, 0)});
  filter.when(SCMP_SYS(mprotect), {masked(2, PROT_EXEC, 0)});
}

void allow_server(Filter& filter) {
  filter.all(SCMP_ACT_ALLOW, kOfTheServer);
  // Threads, no processes.
  filter.when(SCMP_SYS(clone), {masked(0, CLONE_THREAD, CLONE_THREAD)});
  filter.add(SCMP_ACT_ALLOW, SCMP_SYS(clone3), {});  // see answer_clone3()
  // Which addresses and routes this machine has (getifaddrs, getaddrinfo).
  filter.when(SCMP_SYS(socket), {is(0, AF_NETLINK), is(2, NETLINK_ROUTE)});
  for (unsigned family : {AF_INET, AF_INET6, AF_UNIX})
    for (unsigned type : {SOCK_STREAM, SOCK_DGRAM})  // no raw sockets
      filter.when(SCMP_SYS(socket), {is(0, family), masked(1, 0xf, type)});
  for (unsigned option : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_VMA})
    filter.when(SCMP_SYS(prctl), {is(0, option)});
  for (unsigned request : {0x5421u, 0x541bu, 0x5401u, 0x80087601u})  // FIONBIO FIONREAD TCGETS
    filter.when(SCMP_SYS(ioctl), {is(1, request)});                  // FS_IOC_GETVERSION
  // Limits of this process may be read, not set.
  filter.when(SCMP_SYS(prlimit64), {is(0, 0), is(2, 0)});
}

// clone3(2) keeps its flags in memory, where a filter cannot look: ENOSYS makes the C library take
// clone(2). In a filter of its own, which logs nothing: of two filters the stricter answer counts.
Result<> answer_clone3() {
  Filter filter(SCMP_ACT_ALLOW);
  filter.set(SCMP_FLTATR_CTL_NNP, 0);
  filter.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), {});
  return filter.load();
}

void allow_helper(Filter& filter) {
  filter.all(SCMP_ACT_ALLOW, kOfTheHelper);
  for (unsigned family : {AF_INET, AF_INET6})
    filter.when(SCMP_SYS(socket), {is(0, family), masked(1, 0xf, SOCK_STREAM)});
  filter.when(SCMP_SYS(ioctl), {is(1, 0x5401u)});
}

}  // namespace

// As libseccomp loads a filter: where seccomp(2) is refused by a filter of somebody else, ours
// cannot be set either.
bool has_seccomp() {
  std::uint32_t action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

Result<> restrict_by_seccomp(Calls calls) {
  bool server = calls == Calls::server;
  if (server) TRY_VOID(answer_clone3());
  Filter filter(server ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
  filter.set(SCMP_FLTATR_CTL_NNP, 0);       // it is set already
  filter.set(SCMP_FLTATR_CTL_LOG, 1);       // what is refused stands in the kernel's log
  filter.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a search tree instead of a long list
  filter.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  filter.all(SCMP_ACT_ALLOW, kOfEveryProcess);
  allow_memory(filter);
  filter.all(SCMP_ACT_KILL_PROCESS, kFatal);
  server ? allow_server(filter) : allow_helper(filter);
  return filter.load();
}

}  // namespace posta::guard

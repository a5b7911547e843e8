#include "guard/landlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "guard/descriptor.h"

namespace posta::guard {

namespace {

// The kernel's interface (include/uapi/linux/landlock.h), written down here because the headers of
// the build machine may be older than the kernel that posta runs on.
constexpr long kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446;
constexpr std::uint32_t kGetVersion = 1;
constexpr int kRulePathBeneath = 1, kRuleNetPort = 2;

struct RulesetAttr {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // from ABI 4
  std::uint64_t scoped;              // from ABI 6
};
struct [[gnu::packed]] PathBeneathAttr {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
struct NetPortAttr {
  std::uint64_t allowed_access;
  std::uint64_t port;
};

constexpr std::uint64_t one(int bit) {
  return std::uint64_t{1} << bit;
}
// Bits of LANDLOCK_ACCESS_FS_*, in their order.
constexpr std::uint64_t kWriteFile = one(1), kReadFile = one(2), kReadDir = one(3),
                        kRemoveDir = one(4), kRemoveFile = one(5), kMakeDir = one(7),
                        kMakeReg = one(8), kMakeSock = one(9), kRefer = one(13),
                        kTruncate = one(14), kIoctlDev = one(15);
constexpr std::uint64_t kAllOfAbi1 = one(13) - 1;  // execute to make_sym
constexpr std::uint64_t kBindTcp = one(0), kConnectTcp = one(1);
constexpr std::uint64_t kScopeAbstractSocket = one(0), kScopeSignal = one(1);

constexpr std::uint64_t kOfFiles = kWriteFile | kReadFile | kTruncate | kIoctlDev;
constexpr std::uint64_t kRead = kReadFile | kReadDir;
constexpr std::uint64_t kReadAndWrite = kRead | kWriteFile | kTruncate | kRemoveDir | kRemoveFile |
                                        kMakeDir | kMakeReg | kMakeSock | kRefer;

std::uint64_t handled_files(int abi) {
  std::uint64_t out = kAllOfAbi1;
  if (abi >= 2) out |= kRefer;
  if (abi >= 3) out |= kTruncate;
  if (abi >= 5) out |= kIoctlDev;
  return out;
}

Result<> allow_path(int ruleset, const std::string& path, std::uint64_t access) {
  Descriptor at(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!at.valid() && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) return {};
  struct stat status{};
  if (!at.valid() || fstat(at.get(), &status) != 0) return system_failure("look at " + path);
  if (!S_ISDIR(status.st_mode)) access &= kOfFiles;  // the kernel refuses the others on a file
  PathBeneathAttr attr{access, at.get()};
  if (syscall(kAddRule, ruleset, kRulePathBeneath, &attr, 0) != 0)
    return system_failure("allow " + path + " in the sandbox");
  return {};
}

}  // namespace

int landlock_abi() {
  long version = syscall(kCreateRuleset, nullptr, 0, kGetVersion);
  return version < 0 ? 0 : static_cast<int>(version);
}

Result<> restrict_by_landlock(const LandlockRules& rules, int abi) {
  abi = std::min(abi, kLandlockAbiMax);
  if (abi < 1) return fail(Error::Kind::unavailable, "this kernel has no Landlock");
  RulesetAttr attr{};
  attr.handled_access_fs = handled_files(abi);
  std::size_t size = sizeof attr.handled_access_fs;
  if (abi >= 4) {
    attr.handled_access_net = (rules.binds ? 0 : kBindTcp) | (rules.every_port ? 0 : kConnectTcp);
    size += sizeof attr.handled_access_net;
  }
  if (abi >= 6) {
    attr.scoped = kScopeAbstractSocket | kScopeSignal;
    size += sizeof attr.scoped;
  }
  Descriptor ruleset(static_cast<int>(syscall(kCreateRuleset, &attr, size, 0)));
  if (!ruleset.valid()) return system_failure("make Landlock rules");
  for (const auto& path : rules.read)
    TRY_VOID(allow_path(ruleset.get(), path, kRead & attr.handled_access_fs));
  for (const auto& path : rules.read_and_write)
    TRY_VOID(allow_path(ruleset.get(), path, kReadAndWrite & attr.handled_access_fs));
  if (attr.handled_access_net & kConnectTcp) {
    for (std::uint16_t port : rules.connect_ports) {
      NetPortAttr port_attr{kConnectTcp, port};
      if (syscall(kAddRule, ruleset.get(), kRuleNetPort, &port_attr, 0) != 0)
        return system_failure(fmt::format("allow port {} in the sandbox", port));
    }
  }
  if (syscall(kRestrictSelf, ruleset.get(), 0) != 0) return system_failure("enter Landlock");
  return {};
}

}  // namespace posta::guard

#include "guard/privileges.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "guard/descriptor.h"

namespace posta::guard {

namespace {

constexpr std::uint32_t bit(int capability) {
  return std::uint32_t{1} << (capability % 32);
}

struct CapabilitySets {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};

  bool read() { return syscall(SYS_capget, &header, data) == 0; }
  bool write() { return syscall(SYS_capset, &header, data) == 0; }
};

Identity of(const passwd& entry) {
  return {entry.pw_name, entry.pw_uid, entry.pw_gid};
}

}  // namespace

Identity current_identity() {
  uid_t uid = geteuid();
  if (const passwd* entry = getpwuid(uid)) return of(*entry);
  return {std::to_string(uid), uid, getegid()};
}

Result<Identity> find_user(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  if (!entry) return fail(Error::Kind::not_found, "there is no user " + name);
  return of(*entry);
}

Result<> become(const Identity& who) {
  if (geteuid() == who.uid && getuid() == who.uid && who.uid != 0) return {};
  std::string doing = "become user " + who.name;
  if (setgroups(0, nullptr) != 0) return system_failure(doing);
  if (setresgid(who.gid, who.gid, who.gid) != 0) return system_failure(doing);
  if (setresuid(who.uid, who.uid, who.uid) != 0) return system_failure(doing);
  // It must be for good.
  if (who.uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
    return fail(Error::Kind::denied, "became user " + who.name + ", and could become root again");
  return {};
}

bool has_capability(int capability) {
  CapabilitySets sets;
  return sets.read() && sets.data[capability / 32].effective & bit(capability);
}

void cut_bounding_set(const std::vector<int>& kept) {
  for (int c = 0; c < 64; ++c)
    if (std::ranges::find(kept, c) == kept.end()) prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
}

Result<> keep_capabilities(const std::vector<int>& kept) {
  CapabilitySets sets;
  if (!sets.read()) return system_failure("read the capabilities of this process");
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  std::uint32_t mask[2] = {0, 0};
  for (int c : kept) mask[c / 32] |= bit(c);
  for (int i = 0; i < 2; ++i) {
    sets.data[i].permitted &= mask[i];
    sets.data[i].effective = sets.data[i].permitted;
    sets.data[i].inheritable = 0;
  }
  if (!sets.write()) return system_failure("give up capabilities");
  return {};
}

Result<> close_doors() {
  rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return system_failure("forbid core files");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_failure("set no_new_privs");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return system_failure("forbid tracing");
  umask(077);
  return {};
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

bool end_with_parent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  return getppid() == parent;  // it may have died before the call
}

Result<> make_folder_of(const std::string& path, const Identity& owner) {
  bool made = mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return system_failure("make " + path);
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return system_failure("look at " + path);
  if (!S_ISDIR(status.st_mode)) return fail(Error::Kind::config, path + " is not a folder");
  if (status.st_uid == owner.uid) return {};
  if (made && lchown(path.c_str(), owner.uid, owner.gid) == 0) return {};
  return fail(Error::Kind::denied,
              fmt::format("{0} does not belong to {1}, as whom the server runs; run: chown -R {1}: "
                          "{0}",
                          path, owner.name));
}

Result<> give_tree_to(const std::string& path, const Identity& owner) {
  std::error_code error;
  if (lchown(path.c_str(), owner.uid, owner.gid) != 0) return system_failure("chown " + path);
  std::filesystem::recursive_directory_iterator each(path, error), end;
  for (; !error && each != end; each.increment(error)) {
    if (lchown(each->path().c_str(), owner.uid, owner.gid) != 0)
      return system_failure("chown " + each->path().string());
  }
  if (error) return fail(Error::Kind::unavailable, "cannot list " + path + ": " + error.message());
  return {};
}

namespace {

std::vector<gid_t> groups_of(const Identity& who) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  // A second try with the number that the first one asks for.
  for (int tries = 0; tries < 2; ++tries) {
    groups.resize(static_cast<std::size_t>(count));
    if (getgrouplist(who.name.c_str(), who.gid, groups.data(), &count) >= 0) break;
  }
  groups.resize(std::min(groups.size(), static_cast<std::size_t>(count)));
  return groups;
}

}  // namespace

std::string closed_on_the_way(const std::string& path, const Identity& who) {
  if (who.is_root()) return "";
  const std::vector<gid_t> groups = groups_of(who);
  std::filesystem::path walked;
  const std::filesystem::path whole(path);
  for (const auto& part : whole) {
    walked /= part;
    struct stat status{};
    if (stat(walked.c_str(), &status) != 0) return "";
    const bool in_group = std::ranges::find(groups, status.st_gid) != groups.end();
    const bool last = walked == whole;
    mode_t needed = status.st_uid == who.uid ? (last ? S_IRUSR : S_IXUSR)
                    : in_group               ? (last ? S_IRGRP : S_IXGRP)
                                             : (last ? S_IROTH : S_IXOTH);
    if (!(status.st_mode & needed)) return walked.string();
  }
  return "";
}

std::string closed_folder_above(const std::string& path, const Identity& who) {
  if (who.is_root()) return "";
  std::filesystem::path folder;
  for (const auto& part : std::filesystem::path(path).parent_path()) {
    folder /= part;
    struct stat status{};
    if (stat(folder.c_str(), &status) != 0) continue;  // it will be made
    mode_t needed = status.st_uid == who.uid   ? S_IXUSR
                    : status.st_gid == who.gid ? S_IXGRP
                                               : S_IXOTH;
    if (!(status.st_mode & needed)) return folder.string();
  }
  return "";
}

}  // namespace posta::guard

// privileges.h: who a process is, and giving up what it does not need.
//
// Before the process's first thread: ids, capabilities and no_new_privs belong to threads, and only
// those that start later inherit them.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace posta::guard {

// capabilities(7): numbers of the few that are named here.
inline constexpr int kCapDacReadSearch = 2, kCapSetgid = 6, kCapSetuid = 7, kCapSetpcap = 8,
                     kCapNetBindService = 10;

struct Identity {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  bool is_root() const { return uid == 0; }
};

// Who runs this process.
Identity current_identity();
// Error{not_found}: no such user.
Result<Identity> find_user(const std::string& name);

// Becomes `who`, for good, in all of real, effective and saved ids, with no supplementary groups.
// Nothing to do if it is who runs the process already; then no privilege is needed.
Result<> become(const Identity& who);

// No exec and no change of ids can give more than `kept` from here on. Does nothing without
// CAP_SETPCAP (without it and under no_new_privs nothing can be gained anyway); so call it before
// become().
void cut_bounding_set(const std::vector<int>& kept);
// Keeps of the capabilities that are there only `kept`; none can come back.
Result<> keep_capabilities(const std::vector<int>& kept);
bool has_capability(int capability);

// What no process of a mail server should do: gain privileges by exec, be traced or dumped by its
// own user, leave core files with mail in them, make files for others.
Result<> close_doors();
// As many descriptors as the system lets this process have: each connection is one.
void raise_descriptor_limit();

// The kernel ends this process when its parent has died. After become(): a change of ids forgets
// it. False: the parent is dead already.
bool end_with_parent(pid_t parent);

// Makes `path` (one level, 0700) if it is not there, and gives it to `owner` if this process may.
// Error{denied} if it is there and belongs to somebody else.
Result<> make_folder_of(const std::string& path, const Identity& owner);

// Gives everything below `path` to `owner`; symbolic links are not followed. For root.
Result<> give_tree_to(const std::string& path, const Identity& owner);

// Whether `who` can enter every folder above `path`, judged by modes and owners alone. Empty: yes;
// else the folder that is closed to them.
std::string closed_folder_above(const std::string& path, const Identity& who);

// Whether `who`, with the groups that the system's files give them, can read the file `path`,
// judged by modes and owners alone. Empty: yes, or it is not there; else what is closed to them:
// the file, or a folder above it.
std::string closed_on_the_way(const std::string& path, const Identity& who);

}  // namespace posta::guard

#include "app/part.h"

#include <sys/stat.h>
#include <unistd.h>

#include "app/files.h"

namespace posta::app {

namespace fs = std::filesystem;

namespace {

// A folder, no link to one, with a mark that nobody else can have put there for us.
bool is_ours(const fs::path& part) {
  struct stat folder{}, mark{};
  return lstat(part.c_str(), &folder) == 0 && S_ISDIR(folder.st_mode) &&
         lstat((part / kPartMark).c_str(), &mark) == 0 && S_ISREG(mark.st_mode) &&
         mark.st_uid == geteuid();
}

}  // namespace

Result<> begin_part(const fs::path& part) {
  std::error_code error;
  if (is_ours(part)) fs::remove_all(part, error);
  if (!error) fs::create_directories(part.parent_path(), error);
  if (error)
    return fail(Error::Kind::unavailable, "cannot make " + part.string() + ": " + error.message());
  if (mkdir(part.c_str(), 0700) != 0) {
    if (errno != EEXIST) return cannot("make", part.string());
    return fail(Error::Kind::conflict,
                part.string() +
                    " is there already and has no mark of posta's, so it is not touched; look at "
                    "it, move it away or remove it, and run this again");
  }
  return write_file_whole((part / kPartMark).string(), "");
}

Result<> end_part(const fs::path& part) {
  if (unlink((part / kPartMark).c_str()) != 0) return cannot("remove", (part / kPartMark).string());
  return sync_folder(part.string());
}

}  // namespace posta::app

// physics.cc: what the disk gives: 4 KiB appends to one file, each group of them followed by one
// fdatasync.
//
//   physics --directory DIR --group N [--seconds 2]
//
// Prints one line of JSON: {"group", "records_per_second", "syncs_per_second"}. The file is new and
// grows, as a log does.

#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kRecordOctets = 4096;
constexpr int kGroupMax = 1024;
constexpr double kSecondsMax = 60;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

void measure(const std::string& directory, int group, double seconds) {
  std::string path = directory + "/physics." + std::to_string(getpid());
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) die(path.c_str());
  unlink(path.c_str());
  std::string record(kRecordOctets, '\0');
  std::mt19937_64 random(1);
  for (char& c : record) c = static_cast<char>(random());
  std::size_t syncs = 0;
  auto start = Clock::now();
  double passed = 0;
  for (; passed < seconds; ++syncs) {
    for (int i = 0; i < group; ++i)
      if (write(file, record.data(), record.size()) != ssize_t(record.size())) die("write");
    if (fdatasync(file) != 0) die("fdatasync");
    passed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  close(file);
  std::printf("{\"group\": %d, \"records_per_second\": %.1f, \"syncs_per_second\": %.1f}\n", group,
              double(syncs) * group / passed, double(syncs) / passed);
}

}  // namespace

int main(int argc, char** argv) {
  static constexpr option kOptions[] = {{"directory", required_argument, nullptr, 'd'},
                                        {"group", required_argument, nullptr, 'g'},
                                        {"seconds", required_argument, nullptr, 's'},
                                        {}};
  std::string directory = ".";
  int group = 1;
  double seconds = 2;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (c == 'd')
      directory = optarg;
    else if (c == 'g')
      group = std::atoi(optarg);
    else if (c == 's')
      seconds = std::atof(optarg);
    else
      return 64;
  }
  if (group < 1 || group > kGroupMax || seconds <= 0 || seconds > kSecondsMax) {
    std::fprintf(stderr, "physics: --group is 1 to %d, --seconds up to %.0f\n", kGroupMax,
                 kSecondsMax);
    return 64;
  }
  measure(directory, group, seconds);
}

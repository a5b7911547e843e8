// drop_box.h: the drop directory: `posta submit` puts letters there, the server takes them
// (docs/formats/drop.md).
//
//   drop.letter.taken     queue_id file           info
//   drop.letter.refused   file why                warning   moved to drop/bad, with the reason
//   drop.letter.later     file why                info      tried again
//   drop.trouble          error                   error
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/control.h"
#include "app/house.h"
#include "ops/drop.h"
#include "runtime/stop.h"

namespace posta::app {

struct DropLimits {
  std::chrono::milliseconds look_every{1000};
  std::chrono::seconds again_after{60};     // what must wait is tried again then
  std::chrono::hours life{5 * 24};          // what has waited longer is refused
  std::chrono::hours left_over_after{24};   // a .new that nobody finished
  std::chrono::hours receipt_life{7 * 24};  // of Q/taken
  std::size_t letters_at_a_time = 1000;     // the others at the next look
};

class DropBox {
 public:
  DropBox(House& house, DropLimits limits);

  // Looks and takes until `stop`. One task of the first loop.
  runtime::Task<> run(runtime::Stop& stop);

 private:
  struct Found;
  runtime::Task<> look(runtime::Stop& stop);
  runtime::Task<> take(const Found& found);
  runtime::Task<> settle(const Found& found, ops::Handed handed);
  void trouble(const Error& error);

  House& house_;
  DropLimits limits_;
  ops::DropDoor door_;
  std::string folder_;
  std::map<std::string, Instant> waiting_;  // file: when it is tried again
  Instant receipts_at_{};                   // when receipts are looked at again
  std::string last_trouble_;
};

// posta submit
Answer submit(const std::string& server, const std::vector<std::string>& args);

}  // namespace posta::app

// news.h: a Change with what the views of this process need besides. Published under kTopic.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mailbox/mailbox.h"
#include "mailbox/page.h"
#include "mailbox/records.h"

namespace posta::mailbox {

inline constexpr const char* kTopic = "mailbox";

// What was done to one page's value. Rows that were added are no log and are not told.
struct PageWrite {
  enum class What : std::uint8_t { appended, rewritten, erased };
  std::uint32_t page = 0;
  What what = What::appended;
  std::uint32_t octets = 0;  // appended
};

struct News : Change {
  std::shared_ptr<const About> about;  // after the change; null if the mailbox or account is gone
  Numbers numbers;
  std::vector<PageWrite> pages;  // by page number
  // The tree: mailboxes that have another name now.
  struct Retitled {
    MailboxId mailbox;
    std::shared_ptr<const About> about;
    Numbers numbers;
  };
  std::vector<Retitled> retitled;

  std::size_t states() const { return added.size() + flagged.size() + expunged.size(); }
};

}  // namespace posta::mailbox

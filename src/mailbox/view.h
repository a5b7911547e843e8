// view.h: a mailbox as of one version: shared, immutable pages (house D5).
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "mailbox/mailbox.h"
#include "mailbox/news.h"
#include "mailbox/page.h"
#include "mailbox/records.h"

namespace posta::mailbox {

class PageView final : public View {
 public:
  // `pages` by number, as folded from one snapshot together with `numbers`.
  PageView(MailboxId id, std::shared_ptr<const About> about, const Numbers& numbers,
           std::vector<std::shared_ptr<const Page>> pages);

  const MailboxRecord& record() const override { return record_; }
  std::uint32_t count() const override { return count_; }
  std::optional<std::uint32_t> sequence_of(Uid uid) const override;
  std::uint32_t count_below(Uid uid) const;  // messages with a lower uid
  std::uint32_t first_unseen() const;        // sequence number; 0: none
  Octets octets() const override { return record_.octets; }
  MessageState at(std::uint32_t n) const override;
  void visit(std::uint32_t first, std::uint32_t last,
             const std::function<void(std::uint32_t n, const MessageState&)>& each) const override;

  const Numbers& numbers() const { return numbers_; }
  const std::shared_ptr<const About>& about() const { return about_; }
  const std::vector<std::shared_ptr<const Page>>& pages() const { return pages_; }
  std::size_t memory() const { return memory_; }  // octets

  // This view and what happened since. News that it contains already (by modseq) must not be in
  // `news`. Copies the pages that are touched and the vector of pointers, nothing else.
  // Messages that the view does not know are passed over when they are flagged or expunged.
  std::shared_ptr<const PageView> with(std::span<const std::shared_ptr<const News>> news) const;

 private:
  class Editor;
  void index();

  MailboxRecord record_;
  std::shared_ptr<const About> about_;
  Numbers numbers_;
  std::vector<std::shared_ptr<const Page>> pages_;
  std::vector<std::uint32_t> before_;  // messages in the pages before each page
  std::uint32_t count_ = 0;
  std::size_t memory_ = 0;
};

}  // namespace posta::mailbox

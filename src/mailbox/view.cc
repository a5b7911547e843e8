#include "mailbox/view.h"

#include <algorithm>

#include "base/check.h"

namespace posta::mailbox {

PageView::PageView(MailboxId id, std::shared_ptr<const About> about, const Numbers& numbers,
                   std::vector<std::shared_ptr<const Page>> pages)
    : record_(record_of(id, *about, numbers)),
      about_(std::move(about)),
      numbers_(numbers),
      pages_(std::move(pages)) {
  index();
}

void PageView::index() {
  before_.resize(pages_.size());
  count_ = 0;
  memory_ = sizeof(PageView) + pages_.capacity() * sizeof(pages_[0]) + before_.capacity() * 4;
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    before_[i] = count_;
    count_ += pages_[i]->rows();
    memory_ += pages_[i]->memory();
  }
}

std::optional<std::uint32_t> PageView::sequence_of(Uid uid) const {
  auto page =
      std::lower_bound(pages_.begin(), pages_.end(), page_of(uid),
                       [](const auto& p, std::uint32_t number) { return p->number() < number; });
  if (page == pages_.end() || (*page)->number() != page_of(uid)) return std::nullopt;
  auto [row, there] = (*page)->find(low_of(uid));
  if (!there) return std::nullopt;
  return before_[static_cast<std::size_t>(page - pages_.begin())] + row + 1;
}

std::uint32_t PageView::count_below(Uid uid) const {
  auto page =
      std::lower_bound(pages_.begin(), pages_.end(), page_of(uid),
                       [](const auto& p, std::uint32_t number) { return p->number() < number; });
  if (page == pages_.end()) return count_;
  std::uint32_t before = before_[static_cast<std::size_t>(page - pages_.begin())];
  if ((*page)->number() != page_of(uid)) return before;
  return before + (*page)->find(low_of(uid)).first;
}

std::uint32_t PageView::first_unseen() const {
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    if (pages_[i]->unseen() == 0) continue;
    for (std::uint32_t row = 0; row < pages_[i]->rows(); ++row)
      if (!pages_[i]->flags(row).has(Flags::seen)) return before_[i] + row + 1;
  }
  return 0;
}

MessageState PageView::at(std::uint32_t n) const {
  CHECK(n >= 1 && n <= count_);
  // The last page that begins before n; pages without rows share their beginning with the next.
  auto place = std::upper_bound(before_.begin(), before_.end(), n - 1) - before_.begin() - 1;
  auto page = static_cast<std::size_t>(place);
  return pages_[page]->at(n - 1 - before_[page]);
}

void PageView::visit(std::uint32_t first, std::uint32_t last,
                     const std::function<void(std::uint32_t n, const MessageState&)>& each) const {
  CHECK(first >= 1 && last <= count_);
  if (first > last) return;
  auto place = std::upper_bound(before_.begin(), before_.end(), first - 1) - before_.begin() - 1;
  for (auto page = static_cast<std::size_t>(place); page < pages_.size(); ++page) {
    if (before_[page] >= last) return;
    std::uint32_t row = first > before_[page] ? first - 1 - before_[page] : 0;
    for (; row < pages_[page]->rows() && before_[page] + row < last; ++row)
      each(before_[page] + row + 1, pages_[page]->at(row));
  }
}

// Changes pages of a view that is being made: one page is open at a time.
class PageView::Editor {
 public:
  explicit Editor(std::vector<std::shared_ptr<const Page>>& pages) : pages_(pages) {}
  ~Editor() { close(); }

  void apply(const News& news) {
    auto flagged = news.flagged.begin();
    auto expunged = news.expunged.begin();
    for (const auto& write : news.pages) {
      bool known = has(write.page);
      if (known) open(write.page);
      for (; flagged != news.flagged.end() && page_of(flagged->uid) == write.page; ++flagged)
        if (known && open_->present().has(low_of(flagged->uid)))
          open_->set_flags(low_of(flagged->uid), flagged->flags, flagged->mod_seq);
      for (; expunged != news.expunged.end() && page_of(*expunged) == write.page; ++expunged)
        if (known) open_->remove(low_of(*expunged));
      if (known) log(write);
    }
    // Every page that a change touches is written, in order.
    CHECK(flagged == news.flagged.end() && expunged == news.expunged.end());
    for (const auto& state : news.added) {
      open(page_of(state.uid));
      open_->add(state);
    }
  }

 private:
  bool has(std::uint32_t number) {
    if (open_ && open_->number() == number) return true;
    auto place = place_of(number);
    return place != pages_.end() && (*place)->number() == number;
  }

  void open(std::uint32_t number) {
    if (open_ && open_->number() == number) return;
    close();
    auto place = place_of(number);
    if (place != pages_.end() && (*place)->number() == number)
      open_.emplace(**place);
    else
      open_.emplace(number);
  }

  void close() {
    if (!open_) return;
    auto place = place_of(open_->number());
    if (place != pages_.end() && (*place)->number() == open_->number())
      *place = open_->build();
    else
      pages_.insert(place, open_->build());
    open_.reset();
  }

  // Of the open page.
  void log(const PageWrite& write) {
    PageLog& log = open_->log();
    switch (write.what) {
      case PageWrite::What::appended: log = {log.records + 1, log.octets + write.octets}; break;
      case PageWrite::What::rewritten: log = {}; break;
      case PageWrite::What::erased:
        close();
        pages_.erase(place_of(write.page));
        break;
    }
  }

  std::vector<std::shared_ptr<const Page>>::iterator place_of(std::uint32_t number) {
    return std::lower_bound(pages_.begin(), pages_.end(), number,
                            [](const auto& p, std::uint32_t n) { return p->number() < n; });
  }

  std::vector<std::shared_ptr<const Page>>& pages_;
  std::optional<PageBuilder> open_;
};

std::shared_ptr<const PageView> PageView::with(
    std::span<const std::shared_ptr<const News>> news) const {
  auto next = std::make_shared<PageView>(*this);
  {
    Editor editor(next->pages_);
    for (const auto& one : news) editor.apply(*one);
  }
  if (!news.empty()) {
    next->about_ = news.back()->about;
    next->numbers_ = news.back()->numbers;
    next->record_ = record_of(record_.id, *next->about_, next->numbers_);
  }
  next->index();
  return next;
}

}  // namespace posta::mailbox

#include "mailbox/at_turn.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/text.h"

namespace posta::mailbox {

void AtTurn::put(MailboxHead mailbox) {
  const MailboxHead* before = head_->mailboxes.find(mailbox.id);
  turn.put(keys::numbers(account_, mailbox.id), encode(mailbox.numbers));
  if (!before || before->about != mailbox.about)
    turn.put(keys::about(account_, mailbox.id), encode(*mailbox.about));
  head_->mailboxes.put(std::move(mailbox));
}

std::shared_ptr<News> AtTurn::news_of(MailboxId mailbox, ModSeq mod_seq) const {
  auto news = std::make_shared<News>();
  const MailboxHead* now = head_->mailboxes.find(mailbox);
  CHECK(now != nullptr);
  news->account = account_;
  news->mailbox = mailbox;
  news->mod_seq = mod_seq;
  news->about = now->about;
  news->numbers = now->numbers;
  return news;
}

void AtTurn::publish(std::shared_ptr<const News> news) {
  turn.publish(kTopic, std::move(news));
}

void AtTurn::publish_tree(std::shared_ptr<News> news) {
  news->account = account_;
  news->mod_seq = next_mod_seq();
  publish(std::move(news));
}

int AtTurn::accept() {
  turn.put(keys::account(account_), encode(head_->numbers));
  turn.set_head(std::move(head_));
  return store::kAccept;
}

namespace {

// From this many rows on a page that nobody has written to yet begins with a base.
constexpr std::size_t kBaseRowsMin = 16;

// `rows` are of one page, and all of them are new.
void write_rows(AtTurn& at, MailboxId mailbox, std::span<const MessageState> rows) {
  std::uint32_t page = page_of(rows.front().uid);
  std::string key = keys::state(at.account(), mailbox, page);
  bool first = low_of(rows.front().uid) == 0 || rows.front().uid == Uid(1);
  if (first && rows.size() >= kBaseRowsMin) {
    PageBuilder builder(page);
    for (const auto& state : rows) builder.add(state);
    at.turn.put(std::move(key), builder.encode_base());
    return;
  }
  std::string records;
  records.reserve(rows.size() * 24);
  for (const auto& state : rows) append_row_record(records, state);
  at.turn.append(std::move(key), std::move(records));
}

}  // namespace

bool add_rows(AtTurn& at, MailboxHead target, std::span<MessageState> rows) {
  if (rows.empty()) return true;
  Numbers& numbers = target.numbers;
  if (rows.size() >= std::numeric_limits<std::uint32_t>::max() - numbers.uid_next.value)
    return false;
  ModSeq mod_seq = at.next_mod_seq();
  Octets octets = 0;
  for (auto& state : rows) {
    state.uid = numbers.uid_next;
    state.mod_seq = mod_seq;
    numbers.uid_next = numbers.uid_next.next();
    count_arrival(numbers, state);
    octets += state.size;
  }
  numbers.mod_seq = mod_seq;
  at.numbers().messages += rows.size();
  at.numbers().octets += octets;
  for (std::size_t from = 0; from < rows.size();) {
    std::size_t to = from + 1;
    while (to < rows.size() && page_of(rows[to].uid) == page_of(rows[from].uid)) ++to;
    write_rows(at, target.id, rows.subspan(from, to - from));
    from = to;
  }
  MailboxId id = target.id;
  at.put(std::move(target));
  auto news = at.news_of(id, mod_seq);
  news->added.assign(rows.begin(), rows.end());
  at.publish(std::move(news));
  return true;
}

std::optional<unsigned> keyword_number(std::string_view name, bool add, std::size_t keywords_max,
                                       std::shared_ptr<const About>& about) {
  auto known = [&](const std::string& k) { return equals_ignore_case(k, name); };
  auto place = std::ranges::find_if(about->keywords, known);
  auto number = static_cast<unsigned>(place - about->keywords.begin());
  if (place != about->keywords.end()) return number;
  if (!add || number >= std::min<std::size_t>(keywords_max, kKeywordsMax)) return std::nullopt;
  auto more = std::make_shared<About>(*about);
  more->keywords.emplace_back(name);
  about = std::move(more);
  return number;
}

void KeywordMap::make(std::span<const std::string> names, std::uint64_t used,
                      std::size_t keywords_max, std::shared_ptr<const About>& about) {
  for (unsigned from = 0; from < to_.size(); ++from) {
    if ((used >> from & 1) == 0) continue;
    std::optional<unsigned> to;
    if (from < names.size()) to = keyword_number(names[from], true, keywords_max, about);
    to_[from] = to ? std::uint64_t{1} << *to : 0;
    same_ = same_ && to == from;
  }
}

std::uint64_t KeywordMap::map(std::uint64_t keywords) const {
  if (same_) return keywords;
  std::uint64_t mapped = 0;
  for (; keywords != 0; keywords &= keywords - 1)
    mapped |= to_[static_cast<unsigned>(std::countr_zero(keywords))];
  return mapped;
}

}  // namespace posta::mailbox

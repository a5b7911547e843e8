#include "mailbox/check.h"

#include <map>
#include <set>

#include "mailbox/copies.h"
#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

constexpr std::size_t kPiece = 64;

// Gathers what is wrong; stops at a hundred.
struct Findings {
  std::vector<std::string> said;
  template <class... A>
  void add(fmt::format_string<A...> words, A&&... args) {
    if (said.size() < 100) said.push_back(fmt::format(words, std::forward<A>(args)...));
  }
  template <class N>
  void equal(const char* what, N recorded, N counted) {
    if (recorded != counted) add("{}: the record says {}, counted {}", what, recorded, counted);
  }
};

// One account while it is being checked.
class AccountCheck {
 public:
  AccountCheck(std::shared_ptr<const store::Snapshot> snapshot, AccountId account)
      : snapshot_(std::move(snapshot)), account_(account) {}

  Task<Result<std::vector<std::string>>> run();

 private:
  Task<Result<>> mailbox(const MailboxHead& mailbox);
  Task<Result<>> gone(const MailboxHead& mailbox, std::vector<UidRange>& ranges);
  Task<Result<>> leaving();
  Task<Result<>> expunged();
  Task<Result<>> copies();
  Task<Result<>> subscriptions();
  Task<Result<>> emails();
  Task<Result<>> threads();
  Task<Result<>> orphans();
  void place(EmailId email, std::uint32_t size, std::string where);
  void retain(const Page& rows);

  std::shared_ptr<const store::Snapshot> snapshot_;
  AccountId account_;
  std::shared_ptr<const AccountHead> head_;
  Findings findings_;
  // The e-mails that have a row or are retained: their size, and how many such places.
  struct Placed {
    std::uint32_t size = 0;
    std::uint64_t places = 0;
  };
  std::map<EmailId, Placed> placed_;
  std::set<MailboxId> leaving_;
  std::set<std::string> names_;
  Octets octets_ = 0;
  std::uint64_t messages_ = 0;
  Octets retained_octets_ = 0;
  std::uint64_t retained_messages_ = 0;
};

void AccountCheck::place(EmailId email, std::uint32_t size, std::string where) {
  if (!email || email >= head_->numbers.next_email)
    findings_.add("{}: e-mail {} was never given", where, email.value);
  auto [placed, fresh] = placed_.try_emplace(email, Placed{size, 0});
  placed->second.places += 1;
  if (placed->second.size != size)
    findings_.add("{}: e-mail {} has another size elsewhere", where, email.value);
}

void AccountCheck::retain(const Page& rows) {
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    MessageState state = rows.at(row);
    retained_octets_ += state.size;
    retained_messages_ += 1;
    place(state.email, state.size, "expunged");
  }
}

Task<Result<>> AccountCheck::gone(const MailboxHead& mailbox, std::vector<UidRange>& ranges) {
  std::uint32_t records = 0;
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::gone)) return corrupt("a key of expunged uids is malformed");
    ++records;
    if (keys::mod_seq_of(key) > mailbox.numbers.state_seq)
      findings_.add("mailbox {}: uids gone after its last change", mailbox.id.value);
    if (keys::mod_seq_of(key) <= mailbox.numbers.gone_horizon)
      findings_.add("mailbox {}: uids gone before its horizon", mailbox.id.value);
    TRY(auto more, decode_gone(octets));
    ranges.insert(ranges.end(), more.begin(), more.end());
    return {};
  };
  auto range = keys::all_gone(account_, mailbox.id);
  CO_TRY_VOID(co_await scan_all(snapshot_, std::move(range), kPiece, take));
  // There may be more: version 1 did not count them.
  if (records < mailbox.numbers.gone_records)
    findings_.add("mailbox {}: {} records of gone uids, there are {}", mailbox.id.value,
                  mailbox.numbers.gone_records, records);
  co_return Result<>{};
}

Task<Result<>> AccountCheck::mailbox(const MailboxHead& mailbox) {
  auto read = co_await read_view(snapshot_, account_, mailbox.id);
  CO_TRY(auto view, std::move(read));
  if (!names_.insert(mailbox.about->name).second)
    findings_.add("two mailboxes have the name {}", mailbox.about->name);
  std::string name = fmt::format("mailbox {} ({})", mailbox.id.value, mailbox.about->name);
  const Numbers& numbers = mailbox.numbers;
  if (mailbox.id >= head_->numbers.next_mailbox) findings_.add("{}: id was never given", name);
  if (!mailbox.about->uid_validity ||
      mailbox.about->uid_validity > head_->numbers.last_uid_validity)
    findings_.add("{}: uidvalidity was never given", name);
  if (numbers.mod_seq > head_->numbers.mod_seq || numbers.state_seq > numbers.mod_seq)
    findings_.add("{}: modseq is ahead of what was given", name);

  Numbers counted = numbers;
  counted.messages = counted.unseen = counted.deleted = counted.recent = 0;
  counted.octets = 0;
  std::set<Uid> uids;
  auto take = [&](std::uint32_t, const MessageState& state) {
    counted.messages += 1;
    counted.unseen += state.flags.has(Flags::seen) ? 0 : 1;
    counted.deleted += state.flags.has(Flags::deleted) ? 1 : 0;
    counted.octets += state.size;
    counted.recent += state.uid >= numbers.recent_from ? 1 : 0;
    uids.insert(state.uid);
    if (!state.uid || state.uid >= numbers.uid_next)
      findings_.add("{}: uid {} was never given", name, state.uid.value);
    if (!state.mod_seq || state.mod_seq > numbers.mod_seq)
      findings_.add("{}: uid {} has a modseq ahead of the mailbox", name, state.uid.value);
    if (mailbox.about->keywords.size() < 64 &&
        state.flags.keywords >> mailbox.about->keywords.size() != 0)
      findings_.add("{}: uid {} has a keyword without a name", name, state.uid.value);
    place(state.email, state.size, fmt::format("{}, uid {}", name, state.uid.value));
  };
  view->visit(1, view->count(), take);
  findings_.equal((name + ", messages").c_str(), numbers.messages, counted.messages);
  findings_.equal((name + ", unseen").c_str(), numbers.unseen, counted.unseen);
  findings_.equal((name + ", deleted").c_str(), numbers.deleted, counted.deleted);
  findings_.equal((name + ", octets").c_str(), numbers.octets, counted.octets);
  findings_.equal((name + ", recent").c_str(), numbers.recent, counted.recent);
  if (numbers.first_unseen != 0)
    findings_.equal((name + ", first unseen").c_str(), numbers.first_unseen, view->first_unseen());
  if (numbers.recent_from > numbers.uid_next)
    findings_.add("{}: recent from a uid that was never given", name);
  octets_ += counted.octets;
  messages_ += counted.messages;

  // Every uid that was given is there or gone, and not both.
  std::vector<UidRange> ranges;
  CO_TRY_VOID(co_await gone(mailbox, ranges));
  std::uint64_t gone_count = 0;
  for (const auto& range : ranges) {
    gone_count += range.count;
    auto there = uids.lower_bound(range.first);
    if (there != uids.end() && there->value < std::uint64_t{range.first.value} + range.count)
      findings_.add("{}: uid {} is there and gone", name, there->value);
  }
  if (!numbers.gone_horizon)
    findings_.equal((name + ", uids given").c_str(), std::uint64_t{numbers.uid_next.value - 1},
                    gone_count + counted.messages);
  co_return Result<>{};
}

// What is left of mailboxes whose removal a crash cut short counts as retained.
Task<Result<>> AccountCheck::leaving() {
  auto read = co_await leaving_mailboxes(snapshot_, account_);
  CO_TRY(auto mailboxes, std::move(read));
  for (MailboxId mailbox : mailboxes) {
    leaving_.insert(mailbox);
    auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
      if (!keys::is(key, keys::Kind::state)) return corrupt("a page's key is malformed");
      TRY(auto page, fold_page(keys::page_of(key), octets));
      retain(*page);
      return {};
    };
    auto range = keys::all_states(account_, mailbox);
    CO_TRY_VOID(co_await scan_all(snapshot_, std::move(range), kPiece, take));
  }
  co_return Result<>{};
}

Task<Result<>> AccountCheck::copies() {
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::copies)) return corrupt("a key of copies is malformed");
    TRY(auto copies, Copies::decode(octets));
    for (unsigned low = 0; low < kPageRows; ++low) {
      std::uint64_t more = copies.more_at(static_cast<std::uint8_t>(low));
      if (more == 0) continue;
      EmailId email(keys::copies_page_of(key) << kPageShift | low);
      auto placed = placed_.find(email);
      if (placed == placed_.end() || placed->second.places <= more)
        findings_.add("e-mail {} has fewer places than its record of copies says", email.value);
      else
        placed->second.places -= more;
    }
    return {};
  };
  auto range = keys::all(account_, keys::Kind::copies);
  CO_TRY_VOID(co_await scan_all(snapshot_, std::move(range), kPiece, take));
  for (const auto& [email, placed] : placed_)
    if (placed.places != 1)
      findings_.add("e-mail {} is in more places than its record of copies says", email.value);
  co_return Result<>{};
}

Task<Result<>> AccountCheck::subscriptions() {
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::subscription))
      return corrupt("a subscription's key is malformed");
    TRY_VOID(decode_subscription(octets));
    if (!canonical_name(keys::name_of(key), Limits{}))
      findings_.add("a subscription to what is no name");
    return {};
  };
  auto range = keys::all(account_, keys::Kind::subscription);
  co_return co_await scan_all(snapshot_, std::move(range), kPiece, take);
}

Task<Result<>> AccountCheck::expunged() {
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::expunged))
      return corrupt("the key of expunged messages is malformed");
    TRY(auto rows, decode_expunged(keys::expunged_page_of(key), octets));
    retain(*rows.rows);
    return {};
  };
  auto range = keys::all(account_, keys::Kind::expunged);
  co_return co_await scan_all(snapshot_, std::move(range), kPiece, take);
}

Task<Result<>> AccountCheck::emails() {
  std::vector<std::string> links;
  std::uint64_t found = 0;
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::email)) return corrupt("an e-mail's key is malformed");
    EmailId id = keys::email_of(key);
    TRY(auto record, decode_email(octets, id));
    ++found;
    auto placed = placed_.find(id);
    if (placed == placed_.end())
      findings_.add("e-mail {} is in no mailbox and not retained", id.value);
    else if (placed->second.size != record.email.size())
      findings_.add("e-mail {} has {} octets, its row says {}", id.value, record.email.size(),
                    placed->second.size);
    if (!record.email.thread || record.email.thread >= head_->numbers.next_thread)
      findings_.add("e-mail {} is in a thread that was never given", id.value);
    links.push_back(store::body_link_key(record.email.body.id, keys::body_owner(account_, id)));
    return {};
  };
  auto range = keys::all(account_, keys::Kind::email);
  CO_TRY_VOID(co_await scan_all(snapshot_, std::move(range), kPiece, take));
  findings_.equal("e-mails", std::uint64_t{placed_.size()}, found);
  for (std::size_t from = 0; from < links.size(); from += 1024) {
    auto to = std::min(links.size(), from + 1024);
    std::vector<std::string> some(links.begin() + static_cast<std::ptrdiff_t>(from),
                                  links.begin() + static_cast<std::ptrdiff_t>(to));
    auto got = co_await snapshot_->multi_get(std::move(some));
    CO_TRY(auto values, std::move(got));
    for (const auto& value : values)
      if (!value) findings_.add("the body of an e-mail is not kept alive by a link");
  }
  co_return Result<>{};
}

Task<Result<>> AccountCheck::threads() {
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::thread)) return corrupt("a thread's key is malformed");
    TRY(auto thread, decode_thread(octets));
    if (!thread || thread >= head_->numbers.next_thread)
      findings_.add("a message id is in a thread that was never given");
    return {};
  };
  auto range = keys::all(account_, keys::Kind::thread);
  co_return co_await scan_all(snapshot_, std::move(range), kPiece, take);
}

// Pages of mailboxes that are not there.
Task<Result<>> AccountCheck::orphans() {
  auto take = [&](std::string_view key, std::string_view) -> Result<> {
    if (!keys::is(key, keys::Kind::state)) return corrupt("a page's key is malformed");
    MailboxId mailbox = keys::mailbox_of(key);
    if (!head_->mailboxes.find(mailbox) && !leaving_.contains(mailbox))
      findings_.add("a page of mailbox {}, which is not there", keys::mailbox_of(key).value);
    return {};
  };
  auto range = keys::all(account_, keys::Kind::state);
  co_return co_await scan_all(snapshot_, std::move(range), kPiece, take);
}

Task<Result<std::vector<std::string>>> AccountCheck::run() {
  auto read = co_await read_head(snapshot_, account_);
  CO_TRY(head_, std::move(read));
  std::vector<MailboxHead> mailboxes;
  head_->mailboxes.each([&](const MailboxHead& m) { mailboxes.push_back(m); });
  for (const auto& one : mailboxes) CO_TRY_VOID(co_await mailbox(one));
  CO_TRY_VOID(co_await leaving());
  CO_TRY_VOID(co_await expunged());
  CO_TRY_VOID(co_await copies());
  CO_TRY_VOID(co_await emails());
  CO_TRY_VOID(co_await subscriptions());
  CO_TRY_VOID(co_await threads());
  CO_TRY_VOID(co_await orphans());
  const AccountNumbers& numbers = head_->numbers;
  findings_.equal("octets in use", numbers.octets, octets_);
  findings_.equal("messages in use", numbers.messages, messages_);
  findings_.equal("octets retained", numbers.retained_octets, retained_octets_);
  findings_.equal("messages retained", numbers.retained_messages, retained_messages_);
  co_return std::move(findings_.said);
}

}  // namespace

Task<Result<std::vector<std::string>>> check_account(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account) {
  AccountCheck check(std::move(snapshot), account);
  co_return co_await check.run();
}

}  // namespace posta::mailbox

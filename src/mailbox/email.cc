// email.cc: e-mails: what the copies of a message share.
#include <algorithm>

#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

// Ids that lie this close together are read as a range; a look-up costs as much as so many steps.
constexpr std::uint64_t kGapMax = 6;
constexpr std::size_t kRangeMin = 4;  // ids: fewer are looked up

// From..to of the places in order of ids: one range.
struct Run {
  std::size_t from = 0;
  std::size_t to = 0;
};

std::vector<Run> runs_of(const std::vector<EmailId>& ids, const std::vector<std::uint32_t>& order) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || ids[order[i]].value - ids[order[i - 1]].value > kGapMax) runs.push_back({i, i});
    runs.back().to = i + 1;
  }
  return runs;
}

}  // namespace

Task<Result<std::optional<Email>>> Mailboxes::email(AccountId account, EmailId id) {
  auto got = co_await impl_->store.snapshot()->get(keys::email(account, id));
  CO_TRY(auto value, std::move(got));
  if (!value) co_return std::optional<Email>();
  CO_TRY(auto record, decode_email(*value, id));
  co_return std::optional<Email>(std::move(record.email));
}

Task<Result<std::vector<std::optional<Email>>>> Mailboxes::emails(AccountId account,
                                                                  std::vector<EmailId> ids) {
  std::vector<std::optional<Email>> found(ids.size());
  std::vector<std::uint32_t> order(ids.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  auto below = [&](std::uint32_t a, std::uint32_t b) { return ids[a] < ids[b]; };
  if (!std::ranges::is_sorted(order, below)) std::ranges::sort(order, below);

  auto snapshot = impl_->store.snapshot();
  std::vector<std::uint32_t> alone;  // places that are looked up
  for (const Run& run : runs_of(ids, order)) {
    if (run.to - run.from < kRangeMin) {
      alone.insert(alone.end(), order.begin() + static_cast<std::ptrdiff_t>(run.from),
                   order.begin() + static_cast<std::ptrdiff_t>(run.to));
      continue;
    }
    EmailId first = ids[order[run.from]];
    EmailId last = ids[order[run.to - 1]];
    auto range = keys::emails(account, first, last);
    auto scanned = co_await snapshot->scan(std::move(range), last.value - first.value + 1);
    CO_TRY(auto pairs, std::move(scanned));
    std::size_t at = run.from;
    for (auto& [key, value] : pairs) {
      if (!keys::is(key, keys::Kind::email)) co_return corrupt("an e-mail's key is malformed");
      EmailId id = keys::email_of(key);
      while (at < run.to && ids[order[at]] < id) ++at;
      if (at == run.to || ids[order[at]] != id) continue;
      CO_TRY(auto email, take_email(std::move(value), id));
      for (; at + 1 < run.to && ids[order[at + 1]] == id; ++at) found[order[at]] = email;
      found[order[at++]] = std::move(email);
    }
  }
  if (alone.empty()) co_return found;
  std::vector<std::string> wanted;
  wanted.reserve(alone.size());
  for (auto place : alone) wanted.push_back(keys::email(account, ids[place]));
  auto got = co_await snapshot->multi_get(std::move(wanted));
  CO_TRY(auto values, std::move(got));
  for (std::size_t i = 0; i < alone.size(); ++i) {
    if (!values[i]) continue;
    CO_TRY(auto email, take_email(std::move(*values[i]), ids[alone[i]]));
    found[alone[i]] = std::move(email);
  }
  co_return found;
}

Task<Result<std::string>> Mailboxes::read(Email email, std::uint64_t offset, std::uint64_t length) {
  std::uint64_t size = email.size();
  if (offset >= size) co_return std::string();
  length = std::min(length, size - offset);
  std::string octets;
  std::uint64_t prefix = email.prefix.size();
  if (offset < prefix) {
    octets = email.prefix.substr(static_cast<std::size_t>(offset),
                                 static_cast<std::size_t>(std::min(length, prefix - offset)));
    length -= octets.size();
    offset = prefix;
  }
  if (length == 0) co_return octets;
  auto got = co_await impl_->store.read_body(email.body, offset - prefix, length);
  CO_TRY(auto body, std::move(got));
  if (octets.empty()) co_return body;
  octets += body;
  co_return octets;
}

}  // namespace posta::mailbox

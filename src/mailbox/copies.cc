#include "mailbox/copies.h"

#include <algorithm>

#include "base/check.h"
#include "mailbox/records.h"

namespace posta::mailbox {

namespace {
enum Kind : std::uint8_t { kBase = 1, kCopied = 2 };
}

std::vector<std::pair<std::uint64_t, std::string>> copied_records(std::vector<EmailId> emails) {
  if (!std::ranges::is_sorted(emails)) std::ranges::sort(emails);
  std::vector<std::pair<std::uint64_t, std::string>> records;
  auto from = emails.begin();
  while (from != emails.end()) {
    std::uint64_t page = copies_page_of(*from);
    auto to =
        std::find_if(from, emails.end(), [&](EmailId e) { return copies_page_of(e) != page; });
    std::string octets;
    // The first of each e-mail makes one set, what is named again the next.
    std::vector<EmailId> again;
    for (std::vector<EmailId> these(from, to); !these.empty(); these = std::exchange(again, {})) {
      LowSet set;
      for (EmailId email : these) {
        auto low = static_cast<std::uint8_t>(email.value);
        if (set.has(low))
          again.push_back(email);
        else
          set.add(low);
      }
      Writer out(kCopied);
      put_low_set(out, set);
      octets += out.str();
    }
    records.emplace_back(page, std::move(octets));
    from = to;
  }
  return records;
}

Result<Copies> Copies::decode(std::string_view octets) {
  Copies copies;
  Reader in(octets);
  for (bool first = true; in.ok() && !in.at_end(); first = false) {
    std::uint8_t kind = in.octet();
    LowSet set;
    bool known = kind == kCopied || (kind == kBase && first);
    if (!known || !get_low_set(in, set) || set.empty())
      return corrupt("a record of copies is malformed");
    set.each([&](std::uint8_t l) {
      std::uint64_t count = kind == kCopied ? 1 : in.number();
      if (count == 0 || count > ~copies.more_[l]) in.fail();
      copies.more_[l] += count;
    });
  }
  if (!in.done()) return corrupt("a record of copies is malformed");
  return copies;
}

void Copies::take_one(EmailId email) {
  CHECK(more(email) > 0);
  --more_[low(email)];
}

bool Copies::none() const {
  return std::ranges::all_of(more_, [](std::uint64_t m) { return m == 0; });
}

std::string Copies::encode() const {
  LowSet set;
  for (unsigned l = 0; l < kPageRows; ++l)
    if (more_[l] != 0) set.add(static_cast<std::uint8_t>(l));
  Writer out(kBase);
  put_low_set(out, set);
  set.each([&](std::uint8_t l) { out.number(more_[l]); });
  return out.take();
}

}  // namespace posta::mailbox

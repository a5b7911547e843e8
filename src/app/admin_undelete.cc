// admin_undelete.cc: posta undelete: expunged mail is listed and brought back.

#include "app/admin_common.h"
#include "app/units.h"
#include "base/text.h"
#include "wire/message/digest.h"

namespace posta::app {

using boost::json::array;
using boost::json::object;
using runtime::Task;

namespace {

constexpr std::size_t kExpungedRead = 100'000;  // of an account, at most, in one command

// What is shown of an expunged message.
struct Gone {
  mailbox::Expunged expunged;
  std::string mailbox;
  std::string from;
  std::string subject;
};

Task<Result<std::vector<Gone>>> gone_of(House& house, AccountId account,
                                        const AdminOptions& options) {
  runtime::Executor& executor = co_await runtime::this_executor();
  WallTime since{};
  if (options.since) {
    CO_TRY(auto back, parse_time(*options.since));
    since = executor.wall() - back;
  }
  CO_TRY(auto boxes, co_await house.mailboxes().list(account));
  CO_TRY(auto found, co_await house.mailboxes().expunged(account, since, kExpungedRead));
  std::vector<Gone> out;
  for (auto& one : found) {
    Gone gone{one, "", "", ""};
    for (const auto& box : boxes)
      if (box.id == one.mailbox) gone.mailbox = box.name;
    if (options.mailbox && *options.mailbox != gone.mailbox) continue;
    if (auto email = co_await house.mailboxes().email(account, one.state.email); email && *email) {
      if (auto digest = wire::message::decode((*email)->digest)) {
        gone.subject = digest->subject;
        gone.from = digest->from;
      }
    }
    if (options.subject && gone.subject.find(*options.subject) == std::string::npos) continue;
    out.push_back(std::move(gone));
    if (out.size() >= options.limit) break;
  }
  co_return out;
}

}  // namespace

Task<Answer> undelete_command(House& house, const AdminOptions& options) {
  runtime::Executor& executor = co_await runtime::this_executor();
  auto account = co_await account_named(house, options.name);
  if (!account) co_return wrong(account.error());
  auto gone = co_await gone_of(house, *account, options);
  if (!gone) co_return wrong(gone.error());
  if (gone->empty())
    co_return wrong(
        "nothing expunged is kept there any more that is meant by this; it is kept for " +
        print_time(house.config().retention));
  array json;
  std::string words;
  std::vector<mailbox::Expunged> which;
  for (auto& one : *gone) {
    json.push_back(object{{"mailbox", one.mailbox},
                          {"expunged", time_text(one.expunged.expunged)},
                          {"uid", one.expunged.state.uid.value},
                          {"size", one.expunged.state.size},
                          {"from", one.from},
                          {"subject", one.subject}});
    words += fmt::format("{}  {:<12} {:>9} octets  {}  {}\n", time_text(one.expunged.expunged),
                         one.mailbox.empty() ? "(gone)" : one.mailbox, one.expunged.state.size,
                         printable(one.from), printable(one.subject));
    which.push_back(one.expunged);
  }
  if (options.dry_run)
    co_return said(options.json, json,
                   words + fmt::format("{}; without --list they are brought back\n",
                                       counted(which.size(), "message")));
  auto back = co_await house.mailboxes().undelete(*account, std::move(which), executor.wall());
  if (!back) co_return wrong(back.error());
  co_return said(options.json, object{{"brought_back", *back}, {"messages", json}},
                 words + fmt::format("{} {} brought back\n", counted(*back, "message"),
                                     *back == 1 ? "is" : "are"));
}

}  // namespace posta::app

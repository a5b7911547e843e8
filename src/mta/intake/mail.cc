// mail.cc: may this sender write a letter now? (RFC 5321 §4.1.1.2)

#include "mta/intake/events.h"
#include "mta/intake/transaction.h"

namespace posta::mta {

namespace {

std::optional<Reply> refuse(const MailArguments& mail, const IntakeConfig& config,
                            const store::Store& store) {
  // RFC 1870 §6.1: a declared size above the limit is refused at once.
  if (mail.size && *mail.size > config.limits.message_octets_max)
    return Reply(552, {5, 3, 4}, "Message too big");
  // RFC 6531 §3.4: an address beyond ASCII needs the parameter.
  if (mail.from && !mail.from->is_ascii() && !mail.smtputf8)
    return Reply(553, {5, 6, 7}, "This address needs SMTPUTF8");
  if (store.short_of_disk()) return Reply(452, {4, 3, 1}, "Insufficient system storage");
  return std::nullopt;
}

}  // namespace

Transaction::Transaction(Intake& intake, Letter letter)
    : intake_(intake), letter_(std::move(letter)) {}

Transaction::~Transaction() = default;

Task<Intake::Mailed> Intake::mail(Origin origin, MailArguments arguments) {
  runtime::Executor& executor = co_await runtime::this_executor();
  Mailed mailed;
  std::unique_ptr<Allowance::Claim> claim;
  auto refused = refuse(arguments, config(), deps_.store);
  if (arguments.from) {
    auto whole = co_await qualified(*std::move(arguments.from));
    if (!whole && !refused) refused = Reply(451, {4, 3, 0}, "Cannot look up this address now");
    if (whole) arguments.from = *std::move(whole);
  }
  if (!refused && origin.via == Origin::Via::submission)
    refused = co_await judge_sender(origin, arguments.from, claim);
  if (refused) {
    events::sender_refused(deps_.events, origin, arguments.from, *refused);
    mailed.reply = std::move(*refused);
    co_return mailed;
  }
  Letter letter;
  letter.id = deps_.queue.new_id(executor);
  letter.origin = std::move(origin);
  letter.origin.received = executor.wall();
  letter.envelope.from = std::move(arguments.from);
  letter.envelope.smtputf8 = arguments.smtputf8;
  letter.envelope.eight_bit = arguments.eight_bit;
  letter.envelope.size_declared = arguments.size;
  mailed.reply = Reply(250, {2, 1, 0}, "Sender ok");
  mailed.transaction.reset(new Transaction(*this, std::move(letter)));
  mailed.transaction->claim_ = std::move(claim);
  co_return mailed;
}

}  // namespace posta::mta

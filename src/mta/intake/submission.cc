// submission.cc: what is asked of our own users (RFC 6409).
//
// The null sender is for everybody who is authenticated: a client that answers a request for a
// receipt must use it (RFC 8098 §3), and RFC 6409 §6.1 lets the MSA check senders, it does not ask
// for one. Nobody poses as somebody else with it: the From field is judged all the same.
#include "mta/seal/submission.h"
#include "base/text.h"
#include "mta/intake/transaction.h"

namespace posta::mta {

namespace {

Reply cannot_look_up() {
  return {451, {4, 3, 0}, "Cannot look up this address now"};
}

}  // namespace

// Its own address, what leads to it (aliases, subaddresses, a catch-all), or what was granted.
Task<Result<bool>> Intake::may_send_as(AccountId account, Address sender) {
  CO_TRY(auto destinations, co_await deps_.router.resolve(sender));
  for (const Destination& destination : destinations) {
    const auto* local = std::get_if<LocalRoute>(&destination.route);
    if (local && local->account.id == account) co_return true;
  }
  co_return co_await deps_.directory.is_granted(account, std::move(sender));
}

Task<std::optional<Reply>> Intake::judge_sender(const Origin& origin, const ReversePath& from,
                                                std::unique_ptr<Allowance::Claim>& claim) {
  // RFC 6409 §4.3: "The MSA MUST, by default, issue an error response to the MAIL command if the
  // session has not been authenticated"
  if (!origin.authenticated) co_return Reply(530, {5, 7, 0}, "Authentication required");
  // It may have been switched off since its owner proved who they are.
  auto account = co_await deps_.directory.account(origin.authenticated);
  if (!account) co_return cannot_look_up();
  if (!*account || !(*account)->enabled)
    co_return Reply(550, {5, 7, 1}, "This account is disabled");
  if (from) {
    auto may = co_await may_send_as(origin.authenticated, *from);
    if (!may) co_return cannot_look_up();
    if (!*may) {
      co_return Reply(553, {5, 7, 1},
                      "<" + from->str() + "> is not an address that you may send from");
    }
  }
  auto begun = co_await allowance_.begin_letter(origin.authenticated, config().submission.allowance,
                                                origin.session);
  if (!begun) co_return cannot_look_up();
  claim = std::move(begun->claim);
  co_return std::move(begun->refused);
}

Task<std::optional<Reply>> Intake::judge_header(const Letter& letter,
                                                const SubmittedHeader& header) {
  // RFC 6531 §3.2: a header beyond ASCII is what SMTPUTF8 is for.
  if (header.eight_bit && !letter.envelope.smtputf8)
    co_return Reply(554, {5, 6, 9}, "A header with octets beyond ASCII needs SMTPUTF8");
  // RFC 6409 §4.2
  if (!header.unqualified.empty()) {
    co_return Reply(554, {5, 6, 0},
                    "The domain of <" + printable(header.unqualified) + "> is not fully qualified");
  }
  // RFC 5322 §3.6: a message has a From field. Without one it would be refused on the way, later.
  if (header.from.empty()) co_return Reply(554, {5, 6, 0}, "The message has no From field");
  if (header.from_fields > 1)
    co_return Reply(554, {5, 6, 0}, "The message has more than one From field");
  if (!header.unclear.empty())
    co_return Reply(554, {5, 6, 0},
                    "The field " + printable(header.unclear) + " has words that are in no address");
  if (auto no = co_await judge_authors(letter, header.from, "From")) co_return no;
  co_return co_await judge_authors(letter, header.others, "Sender or Resent-From");
}

// Nobody writes as somebody else (RFC 6409 §6.3).
Task<std::optional<Reply>> Intake::judge_authors(const Letter& letter,
                                                 const std::vector<wire::message::Address>& authors,
                                                 std::string_view field) {
  for (const auto& author : authors) {
    std::string text = wire::message::address_of(author);
    auto address = Address::parse(text);
    if (!address) co_return Reply(554, {5, 6, 0}, std::string(field) + " has no address in it");
    auto may = co_await may_send_as(letter.origin.authenticated, *std::move(address));
    if (!may) co_return cannot_look_up();
    if (!*may) {
      co_return Reply(550, {5, 7, 1},
                      fmt::format("{} <{}> is not an address that you may send from", field, text));
    }
  }
  co_return std::nullopt;
}

}  // namespace posta::mta

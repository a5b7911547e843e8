#include "app/welcome.h"

#include "wire/message/build.h"
#include "wire/message/digest.h"

namespace posta::app {

namespace {

constexpr std::string_view kText =
    R"(Welcome.

This mailbox is yours. Read it with any mail program, by IMAP or POP3, and send with the same name
and password: your user name is your whole address, the password is the one that was shown when the
account was made.

Everything before the + of an address is you: mail to NAME+anything comes here too.
)";

}  // namespace

// A letter like any other: it is admitted by the queue, and delivered by its one commit.
runtime::Task<Result<>> send_welcome(House& house, std::string address) {
  runtime::Executor& executor = co_await runtime::this_executor();
  CO_TRY(Address to, Address::parse(address));
  const Domain& host = house.config().hostname;
  Letter letter;
  letter.id = house.queue().new_id(executor);
  letter.origin.via = Origin::Via::internal;
  letter.origin.received = executor.wall();
  letter.envelope.recipients.push_back({to, to.str()});

  wire::message::PlainMessage message;
  message.from = {"posta", "postmaster@" + to.domain.str()};
  message.to = {{"", to.str()}};
  message.subject = "Welcome to " + to.domain.display();
  message.date.seconds =
      std::chrono::floor<std::chrono::seconds>(letter.origin.received).time_since_epoch().count();
  message.message_id = to_string(letter.id) + "@" + host.str();
  message.text = kText;
  std::string octets = wire::message::build(message);

  mta::Message sealed;
  sealed.digest =
      std::make_shared<const std::string>(wire::message::encode(wire::message::digest_of(octets)));
  sealed.body = house.store().new_body();
  CO_TRY_VOID(co_await sealed.body->write(std::move(octets)));
  CO_TRY_VOID(co_await sealed.body->finish());
  auto admitted = co_await house.queue().admit(std::move(letter), std::move(sealed));
  if (!admitted) co_return Failure(std::move(admitted).error());
  co_return Result<>();
}

}  // namespace posta::app

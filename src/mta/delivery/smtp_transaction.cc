#include "mta/delivery/smtp_transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/check.h"
#include "base/text.h"
#include "wire/smtp/data_encoder.h"

namespace posta::mta {

namespace smtp = wire::smtp;

namespace {

constexpr int kTooMany[] = {452, 552};  // RFC 5321 §4.5.3.1.10

class Transaction {
 public:
  Transaction(SmtpSession& session, const store::Store& store, const Letter& letter,
              const StoredMessage& message, std::vector<const Address*> recipients,
              const SmtpClientLimits& limits)
      : session_(session),
        store_(store),
        letter_(letter),
        message_(message),
        recipients_(std::move(recipients)),
        limits_(limits),
        refused_(recipients_.size()),
        fresh_(session.letters == 0) {
    end_.each.resize(recipients_.size());
    end_.put_off.resize(recipients_.size());
  }

  Task<TransactionEnd> run();

 private:
  // A command that was sent and whose reply is to come.
  struct Sent {
    enum class What { mail, rcpt, data } what;
    std::size_t recipient = 0;
    Duration timeout{};
  };

  Task<Result<bool>> fits();
  Task<bool> envelope();
  Task<bool> read_replies();
  void take(const Sent& sent, Reply reply);
  void take_rcpt(std::size_t recipient, Reply reply);
  Task<> content();
  Task<Result<std::string>> piece(std::uint64_t at);
  Task<bool> send_octets();
  Task<> final_reply();
  Task<> nothing();
  void send_mail();

  bool waits_for_more() const {
    return session_.offered().pipelining && sent_.size() < limits_.pipelined_max;
  }
  std::size_t open() const { return accepted_.size(); }
  Task<> reset();
  bool talks();
  void settle_undecided(const Outcome& outcome);
  void settle_accepted(const Outcome& outcome);
  Outcome said(Reply reply) const;
  void believe();
  void break_off(Outcome why);
  void break_off(const Error& error, std::string_view doing);

  SmtpSession& session_;
  const store::Store& store_;
  const Letter& letter_;
  const StoredMessage& message_;
  const std::vector<const Address*> recipients_;
  const SmtpClientLimits& limits_;

  TransactionEnd end_;
  std::deque<Sent> sent_;
  std::vector<std::size_t> accepted_;  // recipients to whom the host said yes
  // 4yz and 5yz to recipients, until it is sure that they were said of these (believe).
  std::vector<std::optional<Outcome>> refused_;
  const bool fresh_;       // the session's first transaction
  bool in_step_ = true;    // no reply so far answers something else
  bool answered_ = false;  // the host has said anything at all
  bool mail_ok_ = false;
  bool ready_ = false;  // 354
};

Outcome Transaction::said(Reply reply) const {
  return host_outcome(session_, std::move(reply), limits_);
}

void Transaction::settle_undecided(const Outcome& outcome) {
  for (auto& one : end_.each)
    if (!one) one = outcome;
}

void Transaction::settle_accepted(const Outcome& outcome) {
  for (std::size_t i : accepted_) end_.each[i] = outcome;
  accepted_.clear();
}

// Host and we mean the same: what it has refused is refused.
void Transaction::believe() {
  for (std::size_t i = 0; i < refused_.size(); ++i) {
    if (!refused_[i]) continue;
    auto& where = refused_[i]->kind == Outcome::Kind::failed ? end_.each : end_.put_off;
    where[i] = std::exchange(refused_[i], std::nullopt);
  }
}

void Transaction::break_off(Outcome why) {
  if (!end_.broken) end_.broken = std::move(why);
}

void Transaction::break_off(const Error& error, std::string_view doing) {
  end_.stopped = end_.stopped || error.is(Error::Kind::cancelled);
  end_.untouched = !answered_ && error.is(Error::Kind::closed);
  in_step_ = in_step_ && !error.is(Error::Kind::syntax) && !error.is(Error::Kind::limit);
  break_off(our_outcome(broken_reply(error, session_.host_text(), doing)));
}

// What the letter needs and the host does not offer fails here, before a word is said. False:
// nobody is left.
Task<Result<bool>> Transaction::fits() {
  const smtp::Capabilities& offered = session_.offered();
  const std::string host = session_.host_text();
  // RFC 1870 §6: "a client … should not" send what is beyond the announced size.
  if (offered.size && offered.size_max > 0 && message_.body.size > offered.size_max) {
    settle_undecided(
        our_outcome({552,
                     {5, 3, 4},
                     fmt::format("The message is larger than the {} octets that {} takes",
                                 offered.size_max, host)}));
    co_return false;
  }
  const Envelope& envelope = letter_.envelope;
  Content content;
  bool look = !offered.eight_bit_mime || (envelope.smtputf8 && !offered.smtputf8);
  if (look) {
    CO_TRY(content, co_await examine(store_, message_.body, limits_.piece_octets));
  }
  // RFC 6531 §3.2: what is international does not go to a host without the extension. What only
  // might have been, and is ASCII, does.
  const Outcome not_utf8 =
      our_outcome({550, {5, 6, 7}, host + " does not take international addresses or headers"});
  if (!offered.smtputf8) {
    bool sender = !envelope.from || envelope.from->is_ascii();
    if (!sender || (envelope.smtputf8 && !content.header_ascii)) settle_undecided(not_utf8);
    for (std::size_t i = 0; i < recipients_.size(); ++i)
      if (!end_.each[i] && !recipients_[i]->is_ascii()) end_.each[i] = not_utf8;
  }
  // RFC 6152 §3: octets beyond ASCII "must not, under any circumstances" be sent. Converting them
  // would break signatures; the sender is told instead.
  if (!offered.eight_bit_mime && !content.ascii)
    settle_undecided(
        our_outcome({554, {5, 6, 3}, host + " takes only ASCII, and the message is not"}));
  co_return std::ranges::any_of(end_.each, [](const auto& outcome) { return !outcome; });
}

void Transaction::send_mail() {
  const smtp::Capabilities& offered = session_.offered();
  const Envelope& envelope = letter_.envelope;
  smtp::Mail mail;
  mail.from = envelope.from;
  if (offered.size) mail.size = message_.body.size;
  if (offered.eight_bit_mime && envelope.eight_bit) mail.body = smtp::Mail::Body::eight_bit_mime;
  bool international = envelope.smtputf8 || (envelope.from && !envelope.from->is_ascii());
  for (const Address* to : recipients_) international = international || !to->is_ascii();
  mail.smtputf8 = offered.smtputf8 && international;
  // RFC 6531 §3.6: a message that is international is declared 8BITMIME too.
  if (mail.smtputf8 && offered.eight_bit_mime) mail.body = smtp::Mail::Body::eight_bit_mime;
  session_.put(mail);
  sent_.push_back({Sent::What::mail, 0, limits_.mail_time});
}

// MAIL, RCPT and DATA. False: the session is broken.
Task<bool> Transaction::envelope() {
  send_mail();
  if (!waits_for_more() && !co_await read_replies()) co_return false;
  if (sent_.empty() && !mail_ok_) co_return true;
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    if (end_.each[i]) continue;
    if (end_.full && sent_.empty()) break;
    session_.put(smtp::Rcpt{*recipients_[i], {}, !recipients_[i]->is_ascii()});
    sent_.push_back({Sent::What::rcpt, i, limits_.rcpt_time});
    if (!waits_for_more() && !co_await read_replies()) co_return false;
  }
  // With nobody to send to, and that known, DATA is not said; in a pipeline it is known too late.
  if (!sent_.empty() || open() > 0) {
    session_.put(smtp::Data{});
    session_.set_hears(false);  // what follows may be taken for the message
    sent_.push_back({Sent::What::data, 0, limits_.data_start_time});
  }
  co_return co_await read_replies();
}

Task<bool> Transaction::read_replies() {
  while (!sent_.empty()) {
    Sent sent = sent_.front();
    sent_.pop_front();
    auto reply = co_await session_.read_reply(sent.timeout);
    static constexpr const char* kDoing[] = {"answering MAIL", "answering RCPT", "answering DATA"};
    const char* doing = kDoing[static_cast<int>(sent.what)];
    if (!reply) {
      break_off(reply.error(), doing);
      co_return false;
    }
    answered_ = true;
    if (sent.what == Sent::What::data) session_.set_hears(reply->transient() || reply->permanent());
    bool understood = reply->transient() || reply->permanent() ||
                      (sent.what == Sent::What::data ? reply->intermediate() : reply->positive());
    if (reply->code == kClosing) {
      break_off(said(*std::move(reply)));
      co_return false;
    }
    if (!understood) {  // whatever comes next cannot be told from an answer to something else
      break_off(Error{Error::Kind::syntax, "it said " + reply->str()}, doing);
      co_return false;
    }
    take(sent, *std::move(reply));
  }
  co_return true;
}

void Transaction::take(const Sent& sent, Reply reply) {
  switch (sent.what) {
    case Sent::What::mail:
      mail_ok_ = reply.positive();
      if (!mail_ok_)
        for (std::size_t i = 0; i < recipients_.size(); ++i)
          if (!end_.each[i]) refused_[i] = said(reply);
      return;
    case Sent::What::rcpt: take_rcpt(sent.recipient, std::move(reply)); return;
    case Sent::What::data:
      ready_ = reply.intermediate();
      if (ready_) {
        believe();  // no other command is answered with 3yz
        return;
      }
      for (std::size_t i : accepted_) refused_[i] = said(reply);
      accepted_.clear();
      return;
  }
}

void Transaction::take_rcpt(std::size_t recipient, Reply reply) {
  if (!mail_ok_) return;  // the answer to MAIL has decided
  if (reply.positive()) {
    accepted_.push_back(recipient);
  } else if (open() > 0 && std::ranges::find(kTooMany, reply.code) != std::end(kTooMany)) {
    end_.full = true;
  } else {
    refused_[recipient] = said(std::move(reply));
  }
}

// RFC 2920 §3.1: 354 although no recipient is left: an empty message, which the host refuses.
Task<> Transaction::nothing() {
  session_.stream().put(".\r\n");
  session_.set_hears(true);
  auto reply = co_await session_.read_reply(limits_.data_end_time);
  if (!reply)
    break_off(reply.error(), "answering an empty message");
  else if (reply->code == kClosing)
    break_off(said(*std::move(reply)));
}

Task<Result<std::string>> Transaction::piece(std::uint64_t at) {
  if (message_.octets) co_return message_.octets->substr(at, limits_.piece_octets);
  co_return co_await store_.read_body(message_.body, at, limits_.piece_octets);
}

// The octets of the message. False: the session is broken, or the host has refused in their midst.
Task<bool> Transaction::send_octets() {
  net::Stream& stream = session_.stream();
  stream.set_timeout(limits_.data_block_time);
  smtp::DataEncoder encoder;
  for (std::uint64_t at = 0; at < message_.body.size;) {
    auto octets = co_await piece(at);
    if (!octets || octets->empty()) {
      // Without the final dot the host forgets what it has (RFC 5321 §4.1.1.4).
      settle_accepted(
          our_outcome({451, {4, 3, 0}, octets ? "the message is cut" : octets.error().what}));
      break_off(our_outcome({451, {4, 3, 0}, "the message could not be read"}));
      co_return false;
    }
    at += octets->size();
    std::string_view input = *octets;
    for (std::string_view part; !(part = encoder.take(input)).empty();) stream.put(part);
    if (at >= message_.body.size) break;
    if (auto sent = co_await stream.flush(); !sent) {
      // A host that refuses in the midst says why, and hangs up.
      auto reply = co_await session_.read_reply(limits_.quit_time);
      if (reply && reply->permanent()) settle_accepted(said(*std::move(reply)));
      break_off(sent.error(), "taking the message");
      co_return false;
    }
  }
  stream.put(encoder.finish());
  co_return true;
}

// Once the dot may have arrived, the host may have the letter, whatever becomes of the session.
Task<> Transaction::final_reply() {
  session_.set_critical(true);
  session_.set_hears(true);
  auto reply = co_await session_.read_reply(limits_.data_end_time);
  session_.set_critical(false);
  if (!reply) {
    break_off(reply.error(), "answering the message");
    settle_accepted(*end_.broken);
    co_return;
  }
  if (reply->code == kClosing) break_off(said(*reply));
  if (reply->code / 100 == 3) {
    break_off(Error{Error::Kind::syntax, "it said " + reply->str()}, "answering the message");
    settle_accepted(*end_.broken);
    co_return;
  }
  settle_accepted(said(*std::move(reply)));
}

Task<> Transaction::content() {
  if (co_await send_octets()) co_await final_reply();
}

// True: there is an answer too many.
bool Transaction::talks() {
  (void)session_.stream().look();  // what comes later is seen before the next MAIL
  if (session_.stream().input().empty()) return false;
  break_off(Error{Error::Kind::syntax, "it said more than it was asked"}, "answering");
  return true;
}

// Nothing was sent: RSET before the next MAIL (RFC 5321 §4.1.1.5). Its answer shows whether those
// before it were in their places.
Task<> Transaction::reset() {
  if (talks()) co_return;
  auto reply = co_await session_.ask(smtp::Rset{}, limits_.mail_time);
  if (!reply) {
    break_off(reply.error(), "answering RSET");
  } else if (reply->code == kClosing) {
    break_off(said(*std::move(reply)));
  } else if (!reply->positive()) {
    in_step_ = !reply->intermediate();
    break_off(our_outcome({451,
                           {4, 5, 0},
                           fmt::format("{} answered RSET with {}", session_.host_text(),
                                       kept_reply(*std::move(reply), limits_).str())}));
  } else {
    (void)talks();
  }
}

Task<TransactionEnd> Transaction::run() {
  auto somebody = co_await fits();
  if (!somebody) settle_undecided(our_outcome({451, {4, 3, 0}, somebody.error().what}));
  if (!somebody || !*somebody) co_return std::move(end_);
  // What is said unasked would be taken for the answer to MAIL, and each answer for the next one's.
  if (!fresh_) {
    end_.broken = session_.unasked(limits_);
    end_.untouched = end_.broken.has_value();
    if (end_.untouched) co_return std::move(end_);
  }
  ++session_.letters;
  if (co_await envelope()) {
    if (ready_ && open() > 0)
      co_await content();
    else if (ready_)
      co_await nothing();
    else
      co_await reset();
  }
  // On a session that had letters before, a host may have been late with a word about those. There
  // it takes a good end for its refusals to be believed; the next session will tell.
  if (in_step_ && (fresh_ || !end_.broken)) believe();
  co_return std::move(end_);
}

}  // namespace

Task<Result<Content>> examine(const store::Store& store, store::BodyRef body, Octets piece) {
  Content content;
  bool in_header = true;
  std::string_view kEnd = "\r\n\r\n";
  std::string last;  // the end of the piece before, where the empty line may begin
  for (std::uint64_t at = 0; at < body.size && content.ascii;) {
    CO_TRY(std::string octets, co_await store.read_body(body, at, piece));
    if (octets.empty()) break;
    at += octets.size();
    std::string_view header = octets;
    if (in_header) {
      std::string joined = last + octets;
      auto end = joined.find(kEnd);
      in_header = end == std::string::npos;
      if (!in_header) header = header.substr(0, end > last.size() ? end - last.size() : 0);
      content.header_ascii = content.header_ascii && all_ascii(header);
      last = joined.substr(joined.size() - std::min(joined.size(), kEnd.size() - 1));
    }
    content.ascii = all_ascii(octets);
  }
  co_return content;
}

Task<TransactionEnd> transact(SmtpSession& session, const store::Store& store, const Letter& letter,
                              const StoredMessage& message, std::vector<const Address*> recipients,
                              const SmtpClientLimits& limits) {
  CHECK(!recipients.empty());
  Transaction transaction(session, store, letter, message, std::move(recipients), limits);
  co_return co_await transaction.run();
}

}  // namespace posta::mta

#include "mta/delivery/smtp_carrier.h"

#include <algorithm>

#include "mta/delivery/events.h"

namespace posta::mta {

using Then = NoSession::Then;

SmtpCarrier::SmtpCarrier(Deps deps, SmtpCarrierConfig config)
    : deps_(std::move(deps)), config_(std::move(config)), finder_(deps_.resolver, config_.hosts) {}

// What is known of a job while it is tried.
struct SmtpCarrier::Attempt {
  RemoteJob job;
  RemoteResult result = {};
  std::vector<bool> decided = {};
  // By 4yz: what the first host said, and all who said so.
  struct PutOff {
    std::optional<Outcome> outcome;
    std::vector<MailHost> by;
  };
  std::vector<PutOff> put_off = {};
  std::optional<Outcome> last = {};  // why the host before did not take all
  bool spoken = false;               // some host was ready for MAIL
  bool second_choice = false;        // the host now tried stands in for one that has put off
  bool never = true;                 // every host said that it takes no mail at all

  bool complete() const { return std::ranges::find(decided, false) == decided.end(); }
  void decide(std::size_t i, Outcome outcome) {
    result.each[i] = std::move(outcome);
    decided[i] = true;
  }
  void decide_rest(const Outcome& outcome) {
    for (std::size_t i = 0; i < decided.size(); ++i)
      if (!decided[i]) decide(i, put_off[i].outcome.value_or(outcome));
  }
  void put_off_by(const MailHost& host, std::size_t i, Outcome outcome) {
    if (!put_off[i].outcome) put_off[i].outcome = std::move(outcome);
    put_off[i].by.push_back(host);
  }
  bool anybody_put_off() const {
    return std::ranges::any_of(put_off, [](const PutOff& one) { return one.outcome.has_value(); });
  }
  // Recipients to ask the host for. Whom it has put off it would put off at its other address too.
  std::vector<std::size_t> open_at(const MailHost& host, std::size_t most = 1) const {
    auto same = [&host](const MailHost& other) {
      return other.name == host.name || other.endpoint == host.endpoint;
    };
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < decided.size() && out.size() < most; ++i)
      if (!decided[i] && std::ranges::none_of(put_off[i].by, same)) out.push_back(i);
    return out;
  }
};

// Transactions, until all is decided or the session is of no more use.
Task<SmtpCarrier::Left> SmtpCarrier::transactions(Attempt& attempt,
                                                  std::unique_ptr<SmtpSession> session,
                                                  SmtpPool& pool, runtime::Stop& stop) {
  const RemoteJob& job = attempt.job;
  const SmtpClientLimits& limits = config_.limits;
  const MailHost host = session->host();
  runtime::Stop::Callback on_stop(&stop, [&session, &limits] {
    if (session) session->stop(limits.stop_time);
  });
  auto announced = session->offered().limits.value_or(wire::smtp::SessionLimits{});
  std::size_t recipients_max =
      std::min<std::size_t>(limits.recipients_max, announced.rcpt_max.value_or(~0u));
  std::size_t letters_max =
      std::min<std::size_t>(limits.session_letters_max, announced.mail_max.value_or(~0u));
  Left left = Left::full;
  std::size_t answered = 0;  // recipients
  while (session->letters < letters_max) {
    const std::vector<std::size_t> chosen = attempt.open_at(host, recipients_max);
    if (chosen.empty()) break;
    std::vector<const Address*> recipients;
    for (std::size_t i : chosen) recipients.push_back(&job.recipients[i]);
    auto end = co_await transact(*session, deps_.store, job.letter, job.message,
                                 std::move(recipients), limits);
    const std::size_t before = answered;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (end.each[i])
        attempt.decide(chosen[i], std::move(*end.each[i]));
      else if (end.put_off[i])
        attempt.put_off_by(host, chosen[i], std::move(*end.put_off[i]));
      else
        continue;
      ++answered;
    }
    attempt.result.stopped = attempt.result.stopped || end.stopped;
    if (end.broken) {
      attempt.last = std::move(end.broken);
      events::session_broken(deps_.events, job.letter, *session, attempt.last->reply);
      pool.dismiss(std::move(session));
      if (!end.untouched) co_return Left::host;
      co_return answered > 0 ? Left::full : Left::stale;
    }
    if (answered == before) {  // the host takes nobody more, and says no word of why
      attempt.last =
          our_outcome({451, {4, 5, 3}, session->host_text() + " takes no more recipients"});
      left = Left::host;
      break;
    }
  }
  if (attempt.open_at(host).empty()) left = Left::host;
  if (stop.requested()) attempt.result.stopped = !attempt.complete();
  // The next letter begins with the better host again.
  if (session->letters < letters_max && !attempt.second_choice)
    pool.put(job.route.destination(), std::move(session));
  else
    pool.dismiss(std::move(session));
  co_return left;
}

// A session that is open already. True: the attempt goes on with a new one.
Task<bool> SmtpCarrier::use_open_session(Attempt& attempt, SmtpPool& pool, runtime::Stop& stop) {
  while (auto session = pool.take(attempt.job.route.destination())) {
    Left left = co_await transactions(attempt, std::move(session), pool, stop);
    if (attempt.complete() || attempt.result.stopped) co_return false;
    if (left != Left::stale) attempt.spoken = true;
    if (attempt.anybody_put_off()) break;  // it is back in the pool; other hosts are to be asked
  }
  co_return true;
}

Task<Opened> SmtpCarrier::open(const MailHost& host, const RemoteRoute& route, SmtpPool& pool,
                               runtime::Stop& stop) {
  SmtpSpeaker speaker{config_.hosts.host, deps_.tls, config_.tls, &config_.limits};
  auto opened = co_await open_session(deps_.network, speaker, host, route.relay, false, pool, stop);
  if (opened || opened.error().then != Then::without_tls) co_return opened;
  // RFC 7435 §3: opportunistic security does not keep mail from going where it went before.
  events::tls_failed(deps_.events, host, opened.error().reply);
  co_return co_await open_session(deps_.network, speaker, host, route.relay, true, pool, stop);
}

Task<bool> SmtpCarrier::try_host(Attempt& attempt, const MailHost& host, SmtpPool& pool,
                                 runtime::Stop& stop) {
  const RemoteJob& job = attempt.job;
  attempt.second_choice = attempt.anybody_put_off();
  for (;;) {
    auto opened = co_await open(host, job.route, pool, stop);
    if (!opened) {
      const NoSession& no = opened.error();
      if (no.then == Then::stopped) {
        attempt.result.stopped = true;
        co_return true;
      }
      events::host_failed(deps_.events, job.letter, host, no.reply);
      if (no.then == Then::comes_back) {
        // RFC 5321 §5.1: here the list ends. Whoever stands before us in it may do better later.
        if (!attempt.last && !attempt.spoken) attempt.decide_rest(our_outcome(no.reply));
        co_return true;
      }
      attempt.never = attempt.never && no.then == Then::never;
      attempt.last = our_outcome(no.reply);
      co_return false;
    }
    attempt.never = false;
    attempt.spoken = true;
    events::session_opened(deps_.events, **opened);
    Left left = co_await transactions(attempt, *std::move(opened), pool, stop);
    if (attempt.complete() || attempt.result.stopped) co_return true;
    if (left != Left::full) co_return false;
    // The same host once more; each session takes somebody.
  }
}

Task<> SmtpCarrier::try_hosts(Attempt& attempt, SmtpPool& pool, runtime::Stop& stop) {
  auto found = co_await finder_.find(attempt.job.route, &stop);
  if (found.hosts.empty()) {
    if (found.none.kind == Outcome::Kind::deferred && !attempt.spoken)
      attempt.result.unreachable = found.none.reply;
    attempt.result.stopped = stop.requested();
    attempt.decide_rest(found.none);
    co_return;
  }
  std::size_t tried = 0;
  for (const MailHost& host : found.hosts) {
    if (attempt.open_at(host).empty()) continue;
    if (tried++ == config_.limits.hosts_tried_max) co_return;
    if (co_await try_host(attempt, host, pool, stop)) co_return;
  }
}

Task<RemoteResult> SmtpCarrier::deliver(RemoteJob job, SmtpPool& pool, runtime::Stop& stop) {
  Attempt attempt{.job = std::move(job)};
  attempt.result.each.resize(attempt.job.recipients.size());
  attempt.decided.resize(attempt.job.recipients.size());
  attempt.put_off.resize(attempt.job.recipients.size());
  if (co_await use_open_session(attempt, pool, stop)) co_await try_hosts(attempt, pool, stop);
  if (attempt.complete()) co_return std::move(attempt.result);
  if (!attempt.last)
    attempt.last = our_outcome({451, {4, 3, 2}, "posta ended before the letter was sent"});
  Outcome rest = *std::move(attempt.last);
  const bool reached = attempt.spoken || attempt.result.stopped;
  if (attempt.never && !reached) {
    // RFC 7504 §4: a host that never takes mail; trying again would not help.
    rest.kind = Outcome::Kind::failed;
    rest.reply.status = {5, 3, 2};
  } else {
    // A greeting of 5xx is said to us, not of this letter: it is for now (RFC 5321 §4.2.1).
    rest.kind = Outcome::Kind::deferred;
    if (rest.reply.permanent()) rest.reply = {451, {4, 3, 2}, rest.reply.str()};
    if (!reached) attempt.result.unreachable = rest.reply;
  }
  attempt.decide_rest(rest);
  co_return std::move(attempt.result);
}

}  // namespace posta::mta

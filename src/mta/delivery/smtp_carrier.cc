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
  std::optional<Outcome> last = {};  // why the host before did not take all
  bool spoken = false;               // some host was ready for MAIL
  bool never = true;                 // every host said that it takes no mail at all

  bool complete() const { return std::ranges::find(decided, false) == decided.end(); }
  void decide(std::size_t i, Outcome outcome) {
    result.each[i] = std::move(outcome);
    decided[i] = true;
  }
  void decide_rest(const Outcome& outcome) {
    for (std::size_t i = 0; i < decided.size(); ++i)
      if (!decided[i]) decide(i, outcome);
  }
};

// Transactions, until all is decided or the session is of no more use.
Task<SmtpCarrier::Left> SmtpCarrier::transactions(Attempt& attempt,
                                                  std::unique_ptr<SmtpSession> session,
                                                  SmtpPool& pool, runtime::Stop& stop) {
  const RemoteJob& job = attempt.job;
  const SmtpClientLimits& limits = config_.limits;
  const std::string destination = job.route.destination();
  runtime::Stop::Callback on_stop(&stop, [&session, &limits] {
    if (session) session->stop(limits.stop_time);
  });
  auto announced = session->offered().limits.value_or(wire::smtp::SessionLimits{});
  std::size_t recipients_max =
      std::min<std::size_t>(limits.recipients_max, announced.rcpt_max.value_or(~0u));
  std::size_t letters_max =
      std::min<std::size_t>(limits.session_letters_max, announced.mail_max.value_or(~0u));
  Left left = Left::full;
  std::size_t decided = 0;
  while (!attempt.complete() && session->letters < letters_max) {
    std::vector<std::size_t> chosen;
    std::vector<const Address*> recipients;
    for (std::size_t i = 0; i < attempt.decided.size() && chosen.size() < recipients_max; ++i) {
      if (attempt.decided[i]) continue;
      chosen.push_back(i);
      recipients.push_back(&job.recipients[i]);
    }
    auto end = co_await transact(*session, deps_.store, job.letter, job.message,
                                 std::move(recipients), limits);
    const std::size_t before = decided;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (!end.each[i]) continue;
      attempt.decide(chosen[i], std::move(*end.each[i]));
      ++decided;
    }
    attempt.result.stopped = attempt.result.stopped || end.stopped;
    if (end.broken) {
      attempt.last = std::move(end.broken);
      events::session_broken(deps_.events, job.letter, *session, attempt.last->reply);
      pool.dismiss(std::move(session));
      if (!end.untouched) co_return Left::session;
      co_return decided > 0 ? Left::full : Left::stale;
    }
    if (decided == before) {  // the host takes nobody more, and says no word of why
      attempt.last =
          our_outcome({451, {4, 5, 3}, session->host_text() + " takes no more recipients"});
      left = Left::session;
      break;
    }
  }
  if (stop.requested()) attempt.result.stopped = !attempt.complete();
  if (session->letters < letters_max)
    pool.put(destination, std::move(session));
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

Task<> SmtpCarrier::try_hosts(Attempt& attempt, SmtpPool& pool, runtime::Stop& stop) {
  RemoteJob& job = attempt.job;
  auto found = co_await finder_.find(job.route, &stop);
  if (found.hosts.empty()) {
    if (found.none.kind == Outcome::Kind::deferred) attempt.result.unreachable = found.none.reply;
    attempt.result.stopped = stop.requested();
    attempt.decide_rest(found.none);
    co_return;
  }
  if (found.hosts.size() > config_.limits.hosts_tried_max)
    found.hosts.resize(config_.limits.hosts_tried_max);
  for (std::size_t i = 0; i < found.hosts.size(); ++i) {
    const MailHost& host = found.hosts[i];
    auto opened = co_await open(host, job.route, pool, stop);
    if (!opened) {
      const NoSession& no = opened.error();
      if (no.then == Then::stopped) {
        attempt.result.stopped = true;
        co_return;
      }
      events::host_failed(deps_.events, job.letter, host, no.reply);
      if (no.then == Then::comes_back) {
        attempt.decide_rest(our_outcome(no.reply));
        co_return;
      }
      attempt.never = attempt.never && no.then == Then::never;
      attempt.last = our_outcome(no.reply);
      continue;
    }
    attempt.never = false;
    attempt.spoken = true;
    events::session_opened(deps_.events, **opened);
    Left left = co_await transactions(attempt, *std::move(opened), pool, stop);
    if (attempt.complete() || attempt.result.stopped) co_return;
    if (left == Left::full) --i;  // the same host once more; each session takes somebody
  }
}

Task<RemoteResult> SmtpCarrier::deliver(RemoteJob job, SmtpPool& pool, runtime::Stop& stop) {
  Attempt attempt{.job = std::move(job)};
  attempt.result.each.resize(attempt.job.recipients.size());
  attempt.decided.resize(attempt.job.recipients.size());
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

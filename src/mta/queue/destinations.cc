#include "mta/queue/destinations.h"

#include <algorithm>

#include "mta/queue/schedule.h"

namespace posta::mta {

// `woken`: a place was kept for the letter that asks.
Queue::Destinations::Answer Queue::Destinations::judge(const Destination& destination, bool woken,
                                                       Instant now) const {
  if (destination.failures > 0) {
    if (now < destination.dead_until)
      return {Answer::Kind::dead, destination.why, destination.dead_until};
    return {destination.probing ? Answer::Kind::wait : Answer::Kind::go};
  }
  const std::size_t taken = destination.sessions + (woken ? 0 : destination.woken.size());
  return {taken >= destination.limit ? Answer::Kind::wait : Answer::Kind::go};
}

Queue::Destinations::Answer Queue::Destinations::enter(const std::string& name, QueueId letter,
                                                       Instant now) {
  std::lock_guard lock(mutex_);
  if (!all_.contains(name)) tidy(now);
  auto [place, added] = all_.try_emplace(name);
  Destination& destination = place->second;
  if (added) destination.limit = limits_.destination_sessions_first;
  Answer answer = judge(destination, arrived(name, destination, letter), now);
  if (answer.kind == Answer::Kind::wait) destination.waiting.insert(letter.value);
  if (answer.kind != Answer::Kind::go) return answer;
  if (destination.failures > 0) destination.probing = true;
  destination.waiting.erase(letter.value);
  ++destination.sessions;
  return answer;
}

bool Queue::Destinations::wait(const std::string& name, QueueId letter, Instant now) {
  std::lock_guard lock(mutex_);
  auto place = all_.find(name);
  if (place == all_.end()) return false;
  Destination& destination = place->second;
  if (destination.woken.contains(letter.value)) return false;
  if (judge(destination, false, now).kind != Answer::Kind::wait) return false;
  destination.waiting.insert(letter.value);
  return true;
}

std::vector<QueueId> Queue::Destinations::leave(const std::string& name, const Left& left,
                                                Instant now) {
  constexpr int kAverageOf = 8;  // letters
  std::lock_guard lock(mutex_);
  std::vector<QueueId> out;
  Destination& destination = all_.at(name);
  --destination.sessions;
  destination.probing = false;
  if (left.unreachable) {
    // Of several letters that fail together one counts.
    if (destination.failures == 0 || now >= destination.dead_until) {
      ++destination.failures;
      destination.dead_until =
          now + std::min<Duration>(retry_pause(limits_, destination.failures, left.random),
                                   limits_.destination_dead_max);
    }
    destination.why = *left.unreachable;
    destination.limit = limits_.destination_sessions_first;
    // They need not wait to learn it.
    for (std::uint64_t id : std::exchange(destination.waiting, {})) out.emplace_back(id);
  } else {
    destination.failures = 0;
    destination.limit = std::min(destination.limit + 1, limits_.destination_sessions_max);
    if (destination.took == Duration::zero()) destination.took = left.took;
    destination.took += (left.took - destination.took) / kAverageOf;
    destination.left_at = now;
    wake(name, destination, out);
    recover(name, destination, out);
  }
  // One comes in for one that has left; if nobody need be held back, all do.
  auto& held = destination.held_back;
  do {
    if (held.empty()) break;
    held.front()->ring();
    held.pop_front();
  } while (!crowded(destination, now));
  return out;
}

bool Queue::Destinations::crowded(const Destination& destination, Instant now) const {
  return destination.failures == 0 &&
         destination.waiting.size() > limits_.destination_waiting_max &&
         destination.took <= limits_.quick_time && now - destination.left_at <= limits_.quick_time;
}

bool Queue::Destinations::hold_back(const std::string& name, runtime::Bell& turn, Instant now) {
  std::lock_guard lock(mutex_);
  auto place = all_.find(name);
  if (place == all_.end() || !crowded(place->second, now)) return false;
  place->second.held_back.push_back(&turn);
  return true;
}

void Queue::Destinations::let_go(const std::string& name, runtime::Bell& turn) {
  std::lock_guard lock(mutex_);
  auto place = all_.find(name);
  if (place != all_.end()) std::erase(place->second.held_back, &turn);
}

std::vector<QueueId> Queue::Destinations::leave_untried(const std::string& name) {
  std::lock_guard lock(mutex_);
  std::vector<QueueId> out;
  Destination& destination = all_.at(name);
  --destination.sessions;
  destination.probing = false;
  wake(name, destination, out);
  return out;
}

// As many as there is room for; of a dead destination one, the next to probe it.
void Queue::Destinations::wake(const std::string& name, Destination& destination,
                               std::vector<QueueId>& out) {
  std::size_t room = destination.failures > 0 ? 1 : destination.limit;
  while (!destination.waiting.empty() && destination.sessions + destination.woken.size() < room) {
    std::uint64_t id = *destination.waiting.begin();
    destination.waiting.erase(destination.waiting.begin());
    destination.woken.insert(id);
    woken_[id].push_back(name);
    out.emplace_back(id);
  }
}

void Queue::Destinations::put_off(const std::string& name, QueueId letter,
                                  const std::vector<std::uint32_t>& numbers) {
  std::lock_guard lock(mutex_);
  auto place = all_.find(name);
  if (place == all_.end()) return;
  if (put_off_.size() >= limits_.put_off_max && !put_off_.contains(letter.value)) return;
  place->second.put_off.insert(letter.value);
  put_off_[letter.value][name].insert(numbers.begin(), numbers.end());
}

// Some of those that were put off, the oldest first; the next letter that leaves wakes more.
void Queue::Destinations::recover(const std::string& name, Destination& destination,
                                  std::vector<QueueId>& out) {
  for (std::size_t i = 0; i < limits_.woken_together && !destination.put_off.empty(); ++i) {
    const std::uint64_t id = *destination.put_off.begin();
    destination.put_off.erase(destination.put_off.begin());
    auto place = put_off_.find(id);
    recovered_[id].merge(place->second.at(name));
    place->second.erase(name);
    if (place->second.empty()) put_off_.erase(place);
    out.emplace_back(id);
  }
}

std::set<std::uint32_t> Queue::Destinations::recovered(QueueId letter) {
  std::lock_guard lock(mutex_);
  auto found = recovered_.extract(letter.value);
  return found ? std::move(found.mapped()) : std::set<std::uint32_t>();
}

void Queue::Destinations::stay_recovered(QueueId letter, std::uint32_t number) {
  std::lock_guard lock(mutex_);
  recovered_[letter.value].insert(number);
}

void Queue::Destinations::forget(QueueId letter) {
  std::lock_guard lock(mutex_);
  recovered_.erase(letter.value);
  auto found = put_off_.extract(letter.value);
  if (!found) return;
  for (const auto& [name, numbers] : found.mapped()) all_.at(name).put_off.erase(letter.value);
}

// True: the letter was woken.
bool Queue::Destinations::arrived(const std::string& name, Destination& destination,
                                  QueueId letter) {
  if (destination.woken.erase(letter.value) == 0) return false;
  auto place = woken_.find(letter.value);
  std::erase(place->second, name);
  if (place->second.empty()) woken_.erase(place);
  return true;
}

std::vector<QueueId> Queue::Destinations::ended(QueueId letter) {
  std::lock_guard lock(mutex_);
  std::vector<QueueId> out;
  auto place = woken_.find(letter.value);
  if (place == woken_.end()) return out;
  std::vector<std::string> names = std::move(place->second);
  woken_.erase(place);
  for (const std::string& name : names) {
    Destination& destination = all_.at(name);
    destination.woken.erase(letter.value);
    wake(name, destination, out);
  }
  return out;
}

void Queue::Destinations::revive() {
  std::lock_guard lock(mutex_);
  for (auto& [name, destination] : all_) destination.dead_until = Instant::min();
}

std::size_t Queue::Destinations::size() const {
  std::lock_guard lock(mutex_);
  return all_.size();
}

void Queue::Destinations::tidy(Instant now) {
  if (all_.size() <= limits_.destinations_max) return;
  std::erase_if(all_, [now](const auto& entry) {
    const Destination& one = entry.second;
    return one.idle() && (one.failures == 0 || one.dead_until <= now);
  });
}

}  // namespace posta::mta

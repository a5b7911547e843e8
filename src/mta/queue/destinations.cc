#include "mta/queue/destinations.h"

#include <algorithm>

#include "mta/queue/schedule.h"

namespace posta::mta {

Queue::Destinations::Answer Queue::Destinations::enter(const std::string& name, QueueId letter,
                                                       Instant now) {
  std::lock_guard lock(mutex_);
  if (!all_.contains(name)) tidy(now);
  auto [place, added] = all_.try_emplace(name);
  Destination& destination = place->second;
  if (added) destination.limit = limits_.destination_sessions_first;
  arrived(name, destination, letter);
  if (destination.failures > 0) {
    if (now < destination.dead_until)
      return {Answer::Kind::dead, destination.why, destination.dead_until};
    if (destination.probing) {
      destination.waiting.insert(letter.value);
      return {Answer::Kind::wait};
    }
    destination.probing = true;
  } else if (destination.sessions >= destination.limit) {
    destination.waiting.insert(letter.value);
    return {Answer::Kind::wait};
  }
  destination.waiting.erase(letter.value);
  ++destination.sessions;
  return {Answer::Kind::go};
}

std::vector<QueueId> Queue::Destinations::leave(const std::string& name,
                                                const std::optional<Reply>& unreachable,
                                                Instant now, std::uint64_t random) {
  std::lock_guard lock(mutex_);
  std::vector<QueueId> out;
  Destination& destination = all_.at(name);
  --destination.sessions;
  destination.probing = false;
  if (unreachable) {
    // Of several letters that fail together one counts.
    if (destination.failures == 0 || now >= destination.dead_until) {
      ++destination.failures;
      destination.dead_until = now + retry_pause(limits_, destination.failures, random);
    }
    destination.why = *unreachable;
    destination.limit = limits_.destination_sessions_first;
    // They need not wait to learn it.
    for (std::uint64_t id : std::exchange(destination.waiting, {})) out.emplace_back(id);
  } else {
    destination.failures = 0;
    destination.limit = std::min(destination.limit + 1, limits_.destination_sessions_max);
    wake(name, destination, out);
  }
  return out;
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

void Queue::Destinations::arrived(const std::string& name, Destination& destination,
                                  QueueId letter) {
  if (destination.woken.erase(letter.value) == 0) return;
  auto place = woken_.find(letter.value);
  std::erase(place->second, name);
  if (place->second.empty()) woken_.erase(place);
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

// VerdictCache: answers that are dear to find, remembered for as long as each is good. A question
// that is being asked is not asked a second time; whoever has it, too, waits.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "meta/guarded.h"
#include "meta/result.h"

namespace pedia::apiserver {

// Thread-safe. Holds at most `max_entries`; those used least recently go first. Failures are not
// remembered.
template <typename Value>
class VerdictCache {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Verdict {
    Value value;
    std::chrono::milliseconds good_for{0};  // From when it was asked for; 0: for once.
  };
  // Answers the keys with these numbers, in order. May block; does not throw.
  using Ask = std::function<std::vector<Result<Verdict>>(std::span<const size_t> numbers)>;

  explicit VerdictCache(size_t max_entries) : max_entries_(max_entries) {}

  // What is remembered of `key`. Never blocks for long.
  std::optional<Value> Find(std::string_view key, Time now) {
    return state_.With([&](State& state) { return state.Find(key, now); });
  }

  // The values of `keys`, in order; what is not known is asked for in one call of `ask`.
  std::vector<Result<Value>> Get(std::span<const std::string> keys, Time now, const Ask& ask) {
    std::vector<std::optional<Result<Value>>> known(keys.size());
    std::vector<std::pair<size_t, std::shared_ptr<Flight>>> awaited;
    std::vector<size_t> asked;
    state_.With([&](State& state) {
      for (size_t i = 0; i < keys.size(); ++i) {
        std::optional<Value> value = state.Find(keys[i], now);
        ++(value ? state.hits : state.misses);
        if (value) {
          known[i] = std::move(*value);
          continue;
        }
        std::shared_ptr<Flight>& flight = state.flights[keys[i]];
        if (!flight) {
          flight = std::make_shared<Flight>();
          asked.push_back(i);
        }
        awaited.emplace_back(i, flight);
      }
    });
    if (!asked.empty()) AskAndRemember(keys, now, ask, asked);
    for (const auto& [i, flight] : awaited) known[i] = flight->Wait();
    std::vector<Result<Value>> values;
    values.reserve(keys.size());
    for (std::optional<Result<Value>>& value : known) values.push_back(*std::move(value));
    return values;
  }

  // Of all that Get was asked for; what waited for another's question is a miss.
  std::pair<uint64_t, uint64_t> HitsAndMisses() const {
    return state_.With([](const State& state) { return std::pair(state.hits, state.misses); });
  }

 private:
  struct Entry {
    std::string key;
    Value value;
    Time good_until;
  };

  class Flight {
   public:
    void Land(Result<Value> value) {
      const std::scoped_lock lock(mutex_);
      value_ = std::move(value);
      landed_.notify_all();
    }
    Result<Value> Wait() {
      std::unique_lock lock(mutex_);
      landed_.wait(lock, [this] { return value_.has_value(); });
      return *value_;
    }

   private:
    std::mutex mutex_;
    std::condition_variable landed_;
    std::optional<Result<Value>> value_;
  };

  struct State {
    std::optional<Value> Find(std::string_view key, Time now) {
      const auto found = by_key.find(key);
      if (found == by_key.end() || found->second->good_until <= now) return std::nullopt;
      entries.splice(entries.begin(), entries, found->second);
      return found->second->value;
    }
    void Remember(const std::string& key, const Value& value, Time good_until, size_t max_entries) {
      if (const auto found = by_key.find(key); found != by_key.end()) {
        const auto entry = found->second;
        by_key.erase(found);  // First: its key is the entry's.
        entries.erase(entry);
      }
      entries.push_front({key, value, good_until});
      by_key.emplace(entries.front().key, entries.begin());
      if (entries.size() <= max_entries) return;
      by_key.erase(entries.back().key);
      entries.pop_back();
    }

    std::list<Entry> entries;  // Used last first.
    std::unordered_map<std::string_view, typename std::list<Entry>::iterator> by_key;
    std::unordered_map<std::string, std::shared_ptr<Flight>> flights;
    uint64_t hits = 0, misses = 0;
  };

  void AskAndRemember(std::span<const std::string> keys, Time now, const Ask& ask,
                      const std::vector<size_t>& asked) {
    std::vector<Result<Verdict>> verdicts = ask(asked);
    verdicts.resize(asked.size(), Status(ServiceUnavailable("no answer")));  // They all wait.
    for (size_t i = 0; i < asked.size(); ++i) {
      const std::string& key = keys[asked[i]];
      const Result<Verdict>& verdict = verdicts[i];
      const std::shared_ptr<Flight> flight = state_.With([&](State& state) {
        if (verdict.ok() && verdict->good_for.count() > 0)
          state.Remember(key, verdict->value, now + verdict->good_for, max_entries_);
        return std::move(state.flights.extract(key).mapped());
      });
      flight->Land(verdict.ok() ? Result<Value>(verdict->value) : Result<Value>(verdict.status()));
    }
  }

  const size_t max_entries_;
  Guarded<State> state_;
};

}  // namespace pedia::apiserver

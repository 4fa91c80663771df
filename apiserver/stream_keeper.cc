#include "apiserver/stream_keeper.h"

#include <utility>

#include "meta/log.h"

namespace pedia::apiserver {

StreamKeeper::StreamKeeper(const HttpServerOptions& options)
    : total_(static_cast<int64_t>(options.total_buffer_bytes)),
      slow_bytes_per_second_(options.slow_bytes_per_second),
      patience_(options.slow_patience),
      crowded_patience_(options.crowded_patience) {}

void StreamKeeper::Watch(std::weak_ptr<KeptStream> stream) {
  kept_.With([&](std::vector<Kept>& kept) { kept.push_back({std::move(stream)}); });
}

void StreamKeeper::Measure(const KeptStream::Progress& progress, Clock::time_point now,
                           Kept* kept) const {
  const double seconds = std::chrono::duration<double>(now - kept->seen).count();
  const auto taken = static_cast<double>(progress.sent - kept->sent);
  const bool first = kept->seen == Clock::time_point();
  if (progress.unsent == 0 || first ||
      taken >= static_cast<double>(slow_bytes_per_second_) * seconds) {
    kept->slow_since = {};
  } else if (kept->slow_since == Clock::time_point()) {
    kept->slow_since = kept->seen;
  }
  kept->sent = progress.sent;
  kept->seen = now;
}

// Of those that are too slow, the one that has been slow for the longest goes; when memory is short
// or others wait, one in a tick may be enough.
void StreamKeeper::Check(Clock::time_point now, bool crowded) {
  struct Candidate {
    std::shared_ptr<KeptStream> stream;
    Clock::duration slow{};
  };
  std::vector<Candidate> impatient;  // Beyond all patience.
  Candidate slowest;
  // Those that found it full wait, so that it is not quite full any more.
  const bool full = held_.load() >= total_ - total_ / 8;
  std::vector<std::shared_ptr<KeptStream>> alive;  // Released without the lock.
  kept_.With([&](std::vector<Kept>& kept) {
    std::erase_if(kept, [](const Kept& one) { return one.stream.expired() || one.closed; });
    for (Kept& one : kept) {
      auto stream = one.stream.lock();
      if (!stream) continue;
      const KeptStream::Progress progress = stream->progress();
      Measure(progress, now, &one);
      alive.push_back(stream);
      if (one.slow_since == Clock::time_point()) continue;
      const Clock::duration slow = now - one.slow_since;
      if (progress.waiting && slow >= patience_) {
        impatient.push_back({stream, slow});
        one.closed = true;
      } else if ((full || (crowded && progress.waiting)) && slow >= crowded_patience_ &&
                 slow > slowest.slow) {
        slowest = {stream, slow};
      }
    }
  });
  for (const Candidate& one : impatient) CutOff(*one.stream, one.slow, "it kept a query waiting");
  if (slowest.stream && impatient.empty())
    CutOff(*slowest.stream, slowest.slow,
           full ? "memory for answers is short" : "it kept a query waiting that others wait for");
  for (const Candidate& one : impatient) one.stream->CloseConnection();
  if (slowest.stream && impatient.empty()) slowest.stream->CloseConnection();
}

void StreamKeeper::CutOff(const KeptStream& stream, Clock::duration slow, const char* why) {
  const KeptStream::Progress progress = stream.progress();
  LogWarning("client " + stream.client() + " was cut off, too slow for " +
             std::to_string(std::chrono::duration_cast<std::chrono::seconds>(slow).count()) +
             " s: " + why + "; " + std::to_string(progress.sent) + " bytes of the answer were sent, " +
             std::to_string(progress.unsent) + " more were ready");
}

}  // namespace pedia::apiserver

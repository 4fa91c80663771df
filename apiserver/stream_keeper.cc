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
  new_.With([&](auto& streams) { streams.push_back(std::move(stream)); });
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

std::vector<StreamKeeper::Cut> StreamKeeper::Choose(Clock::time_point now, bool full,
                                                    bool crowded) {
  std::vector<Cut> cuts;
  Kept* slowest = nullptr;
  for (Kept& one : kept_) {
    auto stream = one.stream.lock();
    if (!stream) continue;
    const KeptStream::Progress progress = stream->progress();
    Measure(progress, now, &one);
    if (one.slow_since == Clock::time_point()) continue;
    const Clock::duration slow = now - one.slow_since;
    if (progress.waiting && slow >= patience_) {
      one.closed = true;
      cuts.push_back({std::move(stream), slow, "it kept a query waiting"});
    } else if ((full || (crowded && progress.waiting)) && slow >= crowded_patience_ &&
               (slowest == nullptr || one.slow_since < slowest->slow_since)) {
      slowest = &one;
    }
  }
  if (slowest == nullptr || !cuts.empty()) return cuts;
  slowest->closed = true;
  cuts.push_back(
      {slowest->stream.lock(), now - slowest->slow_since,
       full ? "memory for answers is short" : "it kept a query waiting that others wait for"});
  return cuts;
}

// When memory is short or others wait, only the slowest goes: it may be enough.
void StreamKeeper::Check(Clock::time_point now, bool crowded) {
  // Those that found it full wait, so that it is not quite full any more.
  const bool full = held_.load() >= total_ - total_ / 8;
  std::vector<std::weak_ptr<KeptStream>> streams;
  new_.With([&](auto& added) { streams.swap(added); });
  std::erase_if(kept_, [](const Kept& one) { return one.stream.expired() || one.closed; });
  for (std::weak_ptr<KeptStream>& stream : streams) kept_.push_back({std::move(stream)});
  const std::vector<Cut> cuts = Choose(now, full, crowded);
  for (const Cut& cut : cuts) {
    if (!cut.stream) continue;
    LogCut(cut);
    cut.stream->CloseConnection();
  }
}

void StreamKeeper::LogCut(const Cut& cut) {
  const KeptStream::Progress progress = cut.stream->progress();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(cut.slow).count();
  LogWarning("client " + cut.stream->client() + " was cut off, too slow for " +
             std::to_string(seconds) + " s: " + cut.why + "; " + std::to_string(progress.sent) +
             " bytes of the answer were sent, " + std::to_string(progress.unsent) +
             " more were ready");
}

}  // namespace pedia::apiserver

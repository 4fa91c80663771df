// Console: log lines on standard error, and below them, on a terminal, one progress bar per
// cluster.
#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "meta/log.h"
#include "synchro/synchro_manager.h"

namespace pedia::cmd {

// How far one cluster is, and what keeps it from going further ("" = nothing).
struct ClusterStatus {
  synchro::ClusterProgress progress;
  std::string problem;
};

// "cluster-1  [=====>    ]  1200 of about 2400 objects". `width`: columns of the terminal. With
// `by_kind`, a line per resource that is not done follows. Pure.
std::vector<std::string> FormatProgress(const ClusterStatus& cluster, int width, bool by_kind);

// One log line: "2 of 3 clusters synced, 1200 of about 5000 objects; c3: connection refused". Pure.
std::string SummarizeProgress(const std::vector<ClusterStatus>& clusters);

// Whether every cluster has all of its first lists, or a problem that keeps it from starting. Pure.
bool IsFirstSyncDone(const std::vector<ClusterStatus>& clusters);

// Thread-safe.
class Console {
 public:
  Console();
  bool is_terminal() const { return is_terminal_; }
  // Prints a line "2026-11-23T04:00:00Z INFO message" above the bars.
  void Log(LogLevel level, std::string_view message);
  // Replaces the bars; an empty list removes them. Does nothing without a terminal.
  void ShowBars(const std::vector<std::string>& lines);
  int width() const;

 private:
  void EraseBars();

  std::mutex mutex_;
  bool is_terminal_;
  std::vector<std::string> bars_;
};

}  // namespace pedia::cmd

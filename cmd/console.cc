#include "cmd/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "meta/time.h"

namespace pedia::cmd {
namespace {

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarning:
      return "WARN";
    case LogLevel::kError:
      break;
  }
  return "ERROR";
}

struct Sums {
  int64_t listed = 0;
  int64_t expected = 0;
  size_t done = 0;
  size_t resources = 0;
};

Sums Sum(const synchro::ClusterProgress& progress) {
  Sums sums;
  for (const synchro::ResourceProgress& resource : progress.resources) {
    sums.listed += resource.listed;
    sums.expected += std::max(resource.expected, resource.listed);
    sums.done += resource.initial_list_done ? 1 : 0;
    ++sums.resources;
  }
  return sums;
}

std::string Bar(double share, int width) {
  const int filled = static_cast<int>(share * width);
  std::string bar = "[";
  for (int i = 0; i < width; ++i) bar += i < filled ? '=' : i == filled ? '>' : ' ';
  return bar + "]";
}

bool IsDone(const synchro::ClusterProgress& progress) {
  return progress.discovered &&
         std::all_of(progress.resources.begin(), progress.resources.end(),
                     [](const auto& resource) { return resource.initial_list_done; });
}

void Write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::vector<std::string> FormatProgress(const ClusterStatus& cluster, int width, bool by_kind) {
  const synchro::ClusterProgress& progress = cluster.progress;
  std::string name = progress.cluster.substr(0, 24);
  name.resize(25, ' ');
  if (!progress.discovered)
    return {name + (cluster.problem.empty() ? "asking what it serves" : cluster.problem)};
  const Sums sums = Sum(progress);
  if (IsDone(progress)) return {name + "synced, " + std::to_string(sums.listed) + " objects"};
  const double kinds = sums.resources == 0
                           ? 0
                           : static_cast<double>(sums.done) / static_cast<double>(sums.resources);
  const double objects =
      sums.expected == 0 ? kinds
                         : static_cast<double>(sums.listed) / static_cast<double>(sums.expected);
  std::vector<std::string> lines = {
      name + Bar(std::min(objects, 1.0), std::clamp(width - 75, 10, 40)) + " " +
      std::to_string(sums.listed) + " of about " + std::to_string(sums.expected) + " objects, " +
      std::to_string(sums.done) + " of " + std::to_string(sums.resources) + " kinds"};
  if (!by_kind) return lines;
  for (const synchro::ResourceProgress& resource : progress.resources) {
    if (resource.initial_list_done) continue;
    lines.push_back("    " + resource.gvr.GroupResource() + " " + std::to_string(resource.listed) +
                    " of about " + std::to_string(std::max(resource.expected, resource.listed)));
  }
  return lines;
}

std::string SummarizeProgress(const std::vector<ClusterStatus>& clusters) {
  Sums total;
  size_t done = 0;
  std::string waiting;
  for (const ClusterStatus& cluster : clusters) {
    const Sums sums = Sum(cluster.progress);
    total.listed += sums.listed;
    total.expected += sums.expected;
    if (IsDone(cluster.progress)) {
      ++done;
    } else if (!cluster.progress.discovered) {
      waiting += "; " + cluster.progress.cluster + ": " +
                 (cluster.problem.empty() ? "no answer yet" : cluster.problem);
    }
  }
  return std::to_string(done) + " of " + std::to_string(clusters.size()) + " clusters synced, " +
         std::to_string(total.listed) + " of about " + std::to_string(total.expected) + " objects" +
         waiting;
}

bool IsFirstSyncDone(const std::vector<ClusterStatus>& clusters) {
  return std::all_of(clusters.begin(), clusters.end(), [](const ClusterStatus& cluster) {
    return IsDone(cluster.progress) || (!cluster.progress.discovered && !cluster.problem.empty());
  });
}

Console::Console() : is_terminal_(isatty(STDERR_FILENO) == 1) {}

int Console::width() const {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void Console::EraseBars() {
  if (bars_.empty()) return;
  // Up to the first bar, then clear to the end of the screen.
  Write("\x1b[" + std::to_string(bars_.size()) + "F\x1b[J");
}

void Console::Log(LogLevel level, std::string_view message) {
  std::string line = FormatRfc3339(UnixNow()) + " " + LevelName(level) + " ";
  // A message may quote what a member sent: it must not start a line of its own or move the cursor.
  for (const char c : message) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  std::scoped_lock lock(mutex_);
  EraseBars();
  std::string text = line + "\n";
  for (const std::string& bar : bars_) text += bar + "\n";
  Write(text);
}

void Console::ShowBars(const std::vector<std::string>& lines) {
  if (!is_terminal_) return;
  const auto columns = static_cast<size_t>(width());
  std::scoped_lock lock(mutex_);
  EraseBars();
  bars_.clear();
  std::string text;
  for (const std::string& line : lines) {
    bars_.push_back(line.substr(0, columns - 1));
    text += bars_.back() + "\n";
  }
  if (!text.empty()) Write(text);
}

}  // namespace pedia::cmd

#include "storage/store_history.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <vector>

namespace pedia::storage {
namespace {

constexpr int64_t kKeptEpochs = 1'000;

int64_t NowMicroseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

int64_t RandomEpoch() {
  std::random_device device;
  return std::uniform_int_distribution<int64_t>(1, INT64_MAX)(device);
}

}  // namespace

Result<bool> LeadsFrom(const StoreState& known, const StoreState& state,
                       SqlConnection& connection) {
  if (state.revision < known.revision) return false;
  if (known.revision == 0) return true;
  if (state.epoch == known.epoch) return true;
  // The epoch itself, unless it was before all epochs, and the one that came next.
  SqlStatement epochs = connection.Prepare(
      "SELECT epoch,after_revision FROM epochs WHERE after_revision>=? ORDER BY after_revision "
      "LIMIT 2");
  epochs.BindInt(known.epoch_after);
  bool found = known.epoch == 0;
  while (epochs.Step()) {
    if (found) return epochs.Int(1) >= known.revision;
    found = epochs.Int(0) == known.epoch;
    if (!found) return false;
  }
  if (!epochs.ok()) return epochs.status();
  return false;
}

// Times, so that two histories never count to the same number.
void BeginEpoch(StoreState& state) {
  state.epoch = RandomEpoch();
  state.epoch_after = state.revision;
  state.pruned = std::max(state.pruned + 1, NowMicroseconds());
  ++state.dictionary;
}

Status SaveEpoch(const StoreState& state, SqlConnection& connection) {
  SqlStatement cut = connection.Prepare(
      "SELECT after_revision FROM epochs ORDER BY after_revision DESC LIMIT 1 OFFSET ?");
  if (cut.BindInt(kKeptEpochs).Step()) {
    const int64_t last = cut.Int(0);
    cut.Reset();
    SqlStatement prune = connection.Prepare("DELETE FROM epochs WHERE after_revision<=?");
    if (Status status = prune.BindInt(last).Run(); !status.ok()) return status;
  }
  if (!cut.ok()) return cut.status();
  return connection.Insert(kEpochsTable, std::vector<SqlParameter>{state.epoch_after, state.epoch});
}

}  // namespace pedia::storage

#include "cmd/storage_command.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <tuple>
#include <utility>

#include "meta/log.h"
#include "storage/audit.h"
#include "storage/store_state.h"

namespace pedia::cmd {
namespace {

using storage::Database;

// The version of the schema that is there, if there is one. What the attempt to read it complains of
// is of no interest.
std::optional<int64_t> SchemaVersionOf(Database& database) {
  auto connection = database.Connect(Database::Role::kWriter);
  if (!connection.ok()) return std::nullopt;
  storage::SqlStatement version = (*connection)->Prepare("SELECT schema_version FROM meta");
  return version.Step() ? std::optional(version.Int(0)) : std::nullopt;
}

Status OfAnotherVersion() {
  return Status(StatusReason::kConflict,
                "the store was written by another version of pedia; pedia storage migrate brings "
                "it up to date");
}

// A reader must not create the file that it was to look into, nor look for columns that an older
// schema does not have.
Result<std::unique_ptr<Database>> MakeExistingDatabase(const StorageConfig& config) {
  const bool sqlite = config.kind == StorageConfig::Kind::kSqlite;
  if (sqlite && !std::filesystem::exists(config.sqlite_path)) {
    return Status(StatusReason::kNotFound, "there is no database " + config.sqlite_path +
                                               " (pedia storage migrate makes one)");
  }
  auto database = MakeDatabase(config);
  if (!database.ok()) return database.status();
  const auto version = SchemaVersionOf(**database);
  if (version && *version != storage::kSchemaVersion) return OfAnotherVersion();
  return database;
}

Result<storage::StoreState> ReadState(Database& database) {
  auto connection = database.Connect(Database::Role::kPrimaryReader);
  if (!connection.ok()) return connection.status();
  Result<storage::StoreState> state = (*connection)->BeginRead();
  (*connection)->Rollback();
  return state;
}

std::string Count(int64_t number, const char* singular, const char* plural) {
  return std::to_string(number) + " " + (number == 1 ? singular : plural);
}

}  // namespace

Result<int> MigrateStorage(const StorageConfig& config, Console& console, std::ostream& out) {
  auto database = MakeDatabase(config);
  if (!database.ok()) return database.status();
  const std::string name = (*database)->name();
  const bool made =
      config.kind == StorageConfig::Kind::kSqlite && !std::filesystem::exists(config.sqlite_path);
  std::optional<int64_t> before;
  if (!made) {
    SetLogSink({});
    before = SchemaVersionOf(**database);
    SetLogSink([&](LogLevel level, std::string_view line) { console.Log(level, line); });
  }
  // Opening the store also computes anew what an older pedia wrote.
  auto store = storage::OpenStore(*std::move(database), config.store);
  if (!store.ok()) return store.status();
  const std::string to = std::to_string(storage::kSchemaVersion);
  if (!before) {
    out << "made the schema, version " << to << ", in " << name << '\n';
  } else if (*before != storage::kSchemaVersion) {
    out << "brought the schema from version " << *before << " to " << to << " in " << name << '\n';
  } else {
    out << "nothing to do: the schema in " << name << " has version " << to << " already\n";
  }
  return 0;
}

Result<int> CheckStorage(const StorageConfig& config, Console& console, std::ostream& out) {
  auto database = MakeExistingDatabase(config);
  if (!database.ok()) return database.status();
  storage::AuditOptions options;
  options.progress = [&](const storage::AuditProgress& progress) {
    console.ShowBars({FormatShare(progress.part, progress.share, console.width())});
    return true;
  };
  const auto report = storage::AuditStore(**database, options);
  console.ShowBars({});
  if (!report.ok()) return report.status();
  out << "checked " << Count(report->objects, "object", "objects") << ", "
      << Count(report->entries, "entry", "entries") << " and "
      << Count(report->scopes, "scope", "scopes") << " in " << (*database)->name() << ": ";
  if (report->differences == 0) {
    out << "all of them are what the objects say\n";
    return 0;
  }
  out << Count(report->differences, "difference", "differences") << '\n';
  for (const std::string& difference : report->first) out << "  " << difference << '\n';
  const auto more = report->differences - static_cast<int64_t>(report->first.size());
  if (more > 0) out << "  and " << more << " more\n";
  return 1;
}

Result<int> ShowStorageSize(const StorageConfig& config, std::ostream& out) {
  auto database = MakeExistingDatabase(config);
  if (!database.ok()) return database.status();
  auto usages = storage::ReadUsage(**database);
  if (!usages.ok()) return usages.status();
  std::sort(usages->begin(), usages->end(), [](const auto& a, const auto& b) {
    return std::tie(b.body_bytes, a.gvr, a.cluster) < std::tie(a.body_bytes, b.gvr, b.cluster);
  });
  std::vector<std::vector<std::string>> rows = {
      {"KIND", "RESOURCE", "CLUSTER", "OBJECTS", "BODIES", "PER OBJECT"}};
  int64_t objects = 0;
  int64_t bytes = 0;
  for (const storage::ResourceUsage& usage : *usages) {
    rows.push_back({usage.kind, usage.gvr.ToString(), usage.cluster, std::to_string(usage.objects),
                    FormatBytes(usage.body_bytes), FormatBytes(usage.body_bytes / usage.objects)});
    objects += usage.objects;
    bytes += usage.body_bytes;
  }
  rows.push_back({"all", "", "", std::to_string(objects), FormatBytes(bytes),
                  FormatBytes(objects == 0 ? 0 : bytes / objects)});
  out << FormatColumns(rows, {3, 4, 5});
  out << (*database)->name() << ": " << FormatBytes((*database)->SizeBytes())
      << " on disk, with indexes\n";
  return 0;
}

Result<int> PruneStorage(const StorageConfig& config, bool remove, std::ostream& out) {
  auto database = MakeExistingDatabase(config);
  if (!database.ok()) return database.status();
  const auto state = ReadState(**database);
  if (!state.ok()) return state.status();
  if (!state->IsCurrent()) return OfAnotherVersion();
  auto store = storage::OpenStore(*std::move(database), config.store);
  if (!store.ok()) return store.status();
  // Objects first: a cluster that is added meanwhile has its record before its objects.
  const auto counts = (*store)->CountObjects();
  if (!counts.ok()) return counts.status();
  const auto records = (*store)->LoadClusterRecords();
  if (!records.ok()) return records.status();
  std::set<std::string> known;
  for (const storage::ClusterRecord& record : *records) known.insert(record.cluster);
  std::map<std::string, int64_t> orphans;
  for (const storage::ResourceCount& count : *counts) {
    if (!known.contains(count.cluster)) orphans[count.cluster] += count.objects;
  }
  for (const auto& [cluster, objects] : orphans) {
    if (remove) {
      if (Status status = (*store)->DeleteCluster(cluster); !status.ok()) return status;
    }
    out << (remove ? "removed " : "") << Count(objects, "object", "objects") << " of the cluster '"
        << cluster << "', which pedia does not sync any more\n";
  }
  if (orphans.empty()) out << "nothing to do: every object is of a cluster that pedia knows\n";
  if (!orphans.empty() && !remove) out << "run it again with --yes to remove them\n";
  return 0;
}

std::string FormatBytes(int64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto number = static_cast<double>(bytes);
  size_t unit = 0;
  while (number >= 999.5 && unit + 1 < kUnits.size()) {
    number /= 1000;
    ++unit;
  }
  char text[32];
  // Rounded to two digits that count, but never less than whole units.
  const int decimals = unit > 0 && number < 9.95 ? 1 : 0;
  std::snprintf(text, sizeof text, "%.*f %s", decimals, number, kUnits[unit]);
  return text;
}

std::string FormatColumns(const std::vector<std::vector<std::string>>& rows,
                          const std::vector<size_t>& numbers) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - row[i].size(), ' ');
      const bool right = std::find(numbers.begin(), numbers.end(), i) != numbers.end();
      line += (i > 0 ? "   " : "") + (right ? blanks + row[i] : row[i] + blanks);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string FormatShare(std::string_view label, double share, int width) {
  const int inside = std::clamp(width - static_cast<int>(label.size()) - 10, 10, 60);
  const int full = static_cast<int>(std::lround(share * inside));
  std::string bar(static_cast<size_t>(std::max(full, 0)), '=');
  if (full < inside) bar += '>';
  bar.resize(static_cast<size_t>(inside), ' ');
  char percent[8];
  std::snprintf(percent, sizeof percent, "%4d%%", static_cast<int>(share * 100));
  return std::string(label) + "  [" + bar + "]" + percent;
}

}  // namespace pedia::cmd

// FakeStore: a Store over objects in memory, for handlers: it knows scopes, names and limits, and
// fails on command.
#pragma once
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace pedia::apiserver {

class FakeStore : public storage::Store {
 public:
  using Key = std::tuple<std::string, std::string, std::string>;  // Cluster, namespace, name.

  void Add(const GroupVersionResource& gvr, Key key, std::string body) {
    objects_[gvr][std::move(key)] = std::move(body);
  }
  // The next List fails after so many rows.
  void FailAfter(size_t rows, Status status) {
    fail_after_ = rows;
    failure_ = std::move(status);
  }
  // The options that the last List was called with.
  const query::ListOptions& options() const { return options_; }

  Result<storage::ApplyResult> Apply(std::span<const storage::Change>) override {
    return InternalError("read-only");
  }
  Status DeleteCluster(std::string_view) override { return {}; }
  Status DeleteResource(std::string_view, const GroupVersionResource&) override { return {}; }
  Status SaveClusterRecord(const storage::ClusterRecord&) override { return {}; }
  Result<std::vector<storage::ClusterRecord>> LoadClusterRecords() override {
    return std::vector<storage::ClusterRecord>();
  }
  Status LoadVersions(std::string_view, const GroupVersionResource&,
                      const std::function<bool(const storage::StoredVersion&)>&) override {
    return {};
  }
  Result<std::vector<storage::ResourceCount>> CountObjects() override {
    return std::vector<storage::ResourceCount>();
  }

  Result<std::string> Get(std::string_view cluster, const GroupVersionResource& gvr,
                          std::string_view name_space, std::string_view name) override {
    const auto& objects = objects_[gvr];
    const auto found = objects.find(Key(cluster, name_space, name));
    if (found == objects.end()) return NotFound(gvr.group, gvr.resource, name);
    return found->second;
  }

  Result<storage::ListResult> List(const query::ListScope& scope, const query::ListOptions& options,
                                   const std::function<void(int64_t)>& head,
                                   storage::RowSink& sink) override {
    options_ = options;
    storage::ListResult result;
    result.revision = 42;
    if (!failure_.ok() && fail_after_ == 0) return failure_;
    head(result.revision);
    std::vector<std::pair<std::string, const std::string*>> rows = Select(scope, options);
    const size_t count =
        options.limit > 0 ? std::min(rows.size(), static_cast<size_t>(options.limit)) : rows.size();
    for (size_t i = 0; i < count; ++i) {
      if (!failure_.ok() && i == fail_after_) return failure_;
      if (!sink.Row(*rows[i].second)) {
        result.cancelled = true;
        return result;
      }
    }
    if (count < rows.size()) result.next_key = rows[count - 1].first;
    if (options.with_remaining_count)
      result.remaining_count = static_cast<int64_t>(rows.size() - count);
    return result;
  }

  Result<int64_t> Revision() override { return int64_t{42}; }
  int64_t SizeBytes() override { return 4096; }

 private:
  std::vector<std::pair<std::string, const std::string*>> Select(
      const query::ListScope& scope, const query::ListOptions& options) {
    std::vector<std::pair<std::string, const std::string*>> rows;
    for (const auto& [key, body] : objects_[scope.gvr]) {
      const auto& [cluster, name_space, name] = key;
      const std::string text = cluster + "!" + name_space + "!" + name;
      if (!scope.cluster.empty() && cluster != scope.cluster) continue;
      if (!scope.name_space.empty() && name_space != scope.name_space) continue;
      if (!options.names.Matches(name) || text <= options.start.token_key) continue;
      rows.emplace_back(text, &body);
    }
    return rows;
  }

  std::map<GroupVersionResource, std::map<Key, std::string>> objects_;
  query::ListOptions options_;
  size_t fail_after_ = 0;
  Status failure_;
};

}  // namespace pedia::apiserver

// FakeStore: a Store over objects in memory, for handlers: it knows scopes, patterns, names, limits
// and events, and fails on command.
#pragma once
#include <algorithm>
#include <atomic>
#include <functional>
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
  // The kind of a resource's rows.
  void SetKind(const GroupVersionResource& gvr, std::string kind) {
    types_.insert_or_assign(gvr, storage::RowType{gvr, std::move(kind)});
  }
  // Events of the objects with this key, of whatever resource.
  void SetEvents(const Key& key, std::vector<std::string> events) {
    events_[key] = std::move(events);
  }
  // What the next lists say before and after their rows, beside what follows from the rows.
  void SetHead(const storage::ListHead& head) { head_ = head; }
  void SetFacets(std::vector<storage::FacetCounts> facets) { facets_ = std::move(facets); }
  // Run in the middle of the next lists, before their first row.
  void SetBeforeRows(std::function<void(storage::RowSink&)> f) { before_rows_ = std::move(f); }
  // The next List fails after so many rows.
  void FailAfter(size_t rows, Status status) {
    fail_after_ = rows;
    failure_ = std::move(status);
  }
  void AddDocument(const std::string& name, std::string bytes) {
    documents_[name] = std::move(bytes);
  }
  int documents_loaded() const { return documents_loaded_; }
  // What the last List was called with.
  const query::ListOptions& options() const { return options_; }
  const query::ListScope& scope() const { return scope_; }
  int lists() const { return lists_; }  // How often List was called.
  // Whether the last Get was asked for events.
  bool got_with_events() const { return got_with_events_; }

  Result<storage::ApplyResult> Apply(std::span<const storage::Change>) override {
    return InternalError("read-only");
  }
  Status ClaimCluster(std::string_view, std::string_view) override { return {}; }
  Status DeleteCluster(std::string_view) override { return {}; }
  Status DeleteResource(std::string_view, const GroupVersionResource&) override { return {}; }
  Status SaveClusterRecord(const storage::ClusterRecord&,
                           std::span<const storage::NamedDocument>) override {
    return {};
  }
  Result<std::string> LoadDocument(std::string_view name) override {
    ++documents_loaded_;
    const auto found = documents_.find(name);
    if (found == documents_.end()) return NotFound("", "documents", name);
    return found->second;
  }
  Result<std::vector<storage::ClusterRecord>> LoadClusterRecords() override {
    return std::vector<storage::ClusterRecord>();
  }
  Result<storage::StoredCluster> LoadCluster(std::string_view) override {
    return storage::StoredCluster();
  }
  Status LoadVersions(std::string_view, const GroupVersionResource&,
                      const std::function<bool(const storage::StoredVersion&)>&) override {
    return {};
  }
  Result<std::vector<storage::ResourceCount>> CountObjects() override {
    return std::vector<storage::ResourceCount>();
  }

  Result<storage::StoredObject> Get(std::string_view cluster, const GroupVersionResource& gvr,
                                    std::string_view name_space, std::string_view name,
                                    const query::AccessFilter* events) override {
    got_with_events_ = events != nullptr;
    const Key key(cluster, name_space, name);
    const auto& objects = objects_[gvr];
    const auto found = objects.find(key);
    if (found == objects.end()) return NotFound(gvr.group, gvr.resource, name);
    return storage::StoredObject{found->second, EventsOf(key, events != nullptr)};
  }

  Result<storage::ListResult> List(const query::ListScope& scope, const query::ListOptions& options,
                                   const std::function<void(const storage::ListHead&)>& head,
                                   storage::RowSink& sink) override {
    scope_ = scope;
    options_ = options;
    ++lists_;
    storage::ListResult result;
    result.revision = 42;
    if (!failure_.ok() && fail_after_ == 0) return failure_;
    head(head_);
    if (before_rows_) before_rows_(sink);
    // Gone when the list ends, as those of a real store.
    std::map<GroupVersionResource, storage::RowType> types = types_;
    const std::vector<Row> rows = Select(scope, options, &types);
    size_t count =
        options.limit > 0 ? std::min(rows.size(), static_cast<size_t>(options.limit)) : rows.size();
    if (options.counts_only) count = 0;
    for (size_t i = 0; i < count; ++i) {
      if (!failure_.ok() && i == fail_after_) return failure_;
      const std::vector<std::string> events = EventsOf(rows[i].key, options.inject_events);
      if (!sink.Row({*rows[i].body, *rows[i].type, events})) {
        result.cancelled = true;
        return result;
      }
    }
    result.cancelled = sink.Cancelled();
    if (count > 0 && count < rows.size()) result.next_key = rows[count - 1].text;
    if (options.with_remaining_count)
      result.remaining_count = static_cast<int64_t>(rows.size() - count);
    if (!options.facets.empty()) {
      result.facets = facets_;
      result.total = static_cast<int64_t>(rows.size());
    }
    return result;
  }

  Result<int64_t> Revision() override { return int64_t{42}; }
  int64_t SizeBytes() override { return 4096; }

 private:
  struct Row {
    std::string text;  // What a page continues from.
    Key key;
    const std::string* body;
    const storage::RowType* type;
  };

  static bool IsInScope(const query::ListScope& scope, const GroupVersionResource& gvr) {
    if (scope.collection.empty()) return gvr == scope.gvr;
    return std::any_of(scope.patterns.begin(), scope.patterns.end(),
                       [&](const query::ResourcePattern& pattern) {
                         return pattern.any_group ||
                                (pattern.group == gvr.group &&
                                 (pattern.version.empty() || pattern.version == gvr.version) &&
                                 (pattern.resource.empty() || pattern.resource == gvr.resource));
                       });
  }

  std::vector<std::string> EventsOf(const Key& key, bool wanted) const {
    const auto found = events_.find(key);
    return wanted && found != events_.end() ? found->second : std::vector<std::string>();
  }

  std::vector<Row> Select(const query::ListScope& scope, const query::ListOptions& options,
                          std::map<GroupVersionResource, storage::RowType>* types) {
    std::vector<Row> rows;
    for (const auto& [gvr, objects] : objects_) {
      if (!IsInScope(scope, gvr)) continue;
      const storage::RowType& type =
          types->try_emplace(gvr, storage::RowType{gvr, ""}).first->second;
      for (const auto& [key, body] : objects) {
        const auto& [cluster, name_space, name] = key;
        const std::string text = cluster + "!" + name_space + "!" + name + "!" + gvr.ToString();
        if (!scope.cluster.empty() && cluster != scope.cluster) continue;
        if (!options.clusters.Matches(cluster)) continue;
        if (!scope.name_space.empty() && name_space != scope.name_space) continue;
        if (!options.names.Matches(name) || text <= options.start.token_key) continue;
        rows.push_back({text, key, &body, &type});
      }
    }
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.text < b.text; });
    return rows;
  }

  std::map<GroupVersionResource, std::map<Key, std::string>> objects_;
  std::map<GroupVersionResource, storage::RowType> types_;
  std::map<Key, std::vector<std::string>> events_;
  std::map<std::string, std::string, std::less<>> documents_;
  std::atomic<int> documents_loaded_ = 0;
  storage::ListHead head_{.revision = 42, .scan = false, .scanned = 0, .scan_done = true};
  std::vector<storage::FacetCounts> facets_;
  std::function<void(storage::RowSink&)> before_rows_;
  query::ListOptions options_;
  query::ListScope scope_;
  int lists_ = 0;
  bool got_with_events_ = false;
  size_t fail_after_ = 0;
  Status failure_;
};

}  // namespace pedia::apiserver

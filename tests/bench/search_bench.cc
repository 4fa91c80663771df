// What a search costs: each indexed condition with limit=50 beside fifty gets by key in the same
// run, in CPU time; facets; the scan that answers what no index does. Usage: search_bench
// [pods=100000] [folder]
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "storage/sql_store.h"
#include "tests/bench/pods.h"

namespace pedia::bench {
namespace {

using query::ListOptions;
using query::OrderColumn;
using query::SelectorOperator;
using storage::Store;

constexpr double kMostRatio = 3;
constexpr double kLeastScan = 300;  // MB of JSON a second.
constexpr double kSecondsPerFigure = 0.2;

// CPU seconds per run.
double Measure(const std::function<void()>& work) {
  work();
  const double before = CpuSeconds();
  int runs = 0;
  double used = 0;
  do {
    work();
    ++runs;
    used = CpuSeconds() - before;
  } while (used < kSecondsPerFigure);
  return used / runs;
}

double FiftyGets(Store& store, int pods) {
  std::mt19937 random(1);
  return Measure([&] {
    for (int k = 0; k < 50; ++k) {
      const int i = static_cast<int>(random() % static_cast<unsigned>(pods));
      if (!store.Get(ClusterOf(i, pods), kPods, NamespaceOf(i, pods), NameOf(i, pods), nullptr)
               .ok())
        std::abort();
    }
  });
}

query::FieldPath Path(std::vector<std::string> names) {
  query::FieldPath path;
  for (std::string& name : names) {
    const bool any = name == "[]";
    path.steps.push_back(
        {any ? query::FieldStep::Kind::kAnyElement : query::FieldStep::Kind::kMember,
         any ? "" : std::move(name), 0});
  }
  return path;
}

struct Condition {
  std::string text;
  ListOptions options;
};

// The conditions of a run, by what they say.
class Conditions {
 public:
  Conditions() {
    Labels();
    Fields();
    Columns();
    Orders();
    Combinations();
  }
  const std::vector<Condition>& all() const { return all_; }

 private:
  ListOptions& Add(std::string text) {
    all_.push_back({std::move(text), {}});
    all_.back().options.limit = 50;
    return all_.back().options;
  }

  static std::string Written(SelectorOperator op, const std::vector<std::string>& values) {
    constexpr const char* kNames[] = {"=", "!=", " in ", " notin ", "", "!", ">", "<"};
    std::string text = kNames[static_cast<int>(op)];
    for (const std::string& value : values) text += (&value == &values[0] ? "" : ",") + value;
    return text;
  }

  void Label(const std::string& key, SelectorOperator op, std::vector<std::string> values = {}) {
    const std::string text = "label " + key + Written(op, values);
    Add(text).label_selector = {{key, op, std::move(values)}};
  }

  void Field(std::vector<std::string> names, SelectorOperator op,
             std::vector<std::string> values = {}) {
    const std::string text = "field " + names.back() + Written(op, values);
    Add(text).field_selector = {{Path(std::move(names)), op, std::move(values)}};
  }

  // Of each kind: many, one, none.
  void Labels() {
    using enum SelectorOperator;
    Label("env", kEquals, {"prod"});
    Label("app", kEquals, {"app-7"});
    Label("tier", kEquals, {"odd"});
    Label("app", kEquals, {"none"});
    Label("env", kIn, {"dev", "prod"});
    Label("app", kIn, {"app-1", "app-2", "app-3"});
    Label("tier", kIn, {"none", "odd"});
    Label("env", kNotEquals, {"prod"});
    Label("app", kNotEquals, {"app-7"});
    Label("tier", kNotEquals, {"backend"});
    Label("env", kNotIn, {"prod", "test"});
    Label("tier", kNotIn, {"backend", "none"});
    Label("env", kNotIn, {"dev", "prod"});
    Label("app", kExists);
    Label("odd", kExists);
    Label("none", kExists);
    Label("none", kDoesNotExist);
    Label("pod-template-hash", kDoesNotExist);
    Label("env", kDoesNotExist);
  }

  void Fields() {
    using enum SelectorOperator;
    const std::vector<std::string> phase = {"status", "phase"};
    const std::vector<std::string> node = {"spec", "nodeName"};
    Field(phase, kEquals, {"Running"});
    Field(phase, kEquals, {"Failed"});
    Field(phase, kEquals, {"Unknown"});
    Field(phase, kNotEquals, {"Failed"});
    Field(phase, kNotEquals, {"Running"});
    Field(phase, kIn, {"Running", "Unknown"});
    Field(phase, kNotIn, {"Failed", "Running"});
    Field(phase, kExists);
    Field(phase, kDoesNotExist);
    Field(node, kEquals, {"node-7"});
    Field(node, kEquals, {"node-odd"});
    Field(node, kNotEquals, {"node-7"});
    Field(node, kIn, {"node-1", "node-2", "node-odd"});
    Field({"metadata", "labels", "app"}, kEquals, {"app-7"});
  }

  void Columns() {
    const auto in = [](std::vector<std::string> values) {
      return query::NameSet{true, std::move(values), {}};
    };
    Add("everything");
    Add("name pod-000007").names = in({"pod-000007"});
    Add("name odd").names = in({"odd"});
    Add("name none").names = in({"none"});
    Add("name not pod-000007").names = {false, {}, {"pod-000007"}};
    Add("namespace team-0007").namespaces = in({"team-0007"});
    Add("namespace none").namespaces = in({"none"});
    Add("namespace not team-0000").namespaces = {false, {}, {"team-0000"}};
    Add("cluster-3").clusters = in({"cluster-3"});
    Add("cluster none").clusters = in({"none"});
    Add("cluster not 0, 1, 2").clusters = {false, {}, {"cluster-0", "cluster-1", "cluster-2"}};
    Add("since: all").since = 1'700'000'000;
    Add("since: one").since = 1'769'904'000;  // 2026-02-01
    Add("since: none").since = 1'900'000'000;
    Add("before: all").before = 1'900'000'000;
    Add("before: few").before = 1'767'230'000;  // 2026-01-01T01:13:20Z
    Add("before: none").before = 1'700'000'000;
    for (const char* uid : {"owner-7", "owner-odd", "owner-none"})
      Add(std::string("owner uid ") + uid).owner = query::OwnerCondition{uid, "", "", "", {}, 0};
  }

  void Orders() {
    Add("order by created_at").order_by = {{OrderColumn::kCreatedAt, false, {}}};
    Add("order by created_at desc").order_by = {{OrderColumn::kCreatedAt, true, {}}};
    Add("order by name").order_by = {{OrderColumn::kName, false, {}}};
    Add("order by name desc").order_by = {{OrderColumn::kName, true, {}}};
    Add("order by cluster desc").order_by = {{OrderColumn::kCluster, true, {}}};
    Add("order by nodeName").order_by = {{OrderColumn::kField, false, Path({"spec", "nodeName"})}};
    Add("order by nodeName desc").order_by = {
        {OrderColumn::kField, true, Path({"spec", "nodeName"})}};
    Add("order by label app").order_by = {
        {OrderColumn::kField, false, Path({"metadata", "labels", "app"})}};
    ListOptions& selected = Add("env=prod by created_at desc");
    selected.label_selector = {{"env", SelectorOperator::kEquals, {"prod"}}};
    selected.order_by = {{OrderColumn::kCreatedAt, true, {}}};
    ListOptions& odd = Add("tier=odd by created_at desc");
    odd.label_selector = {{"tier", SelectorOperator::kEquals, {"odd"}}};
    odd.order_by = {{OrderColumn::kCreatedAt, true, {}}};
    ListOptions& none = Add("app=none by name");
    none.label_selector = {{"app", SelectorOperator::kEquals, {"none"}}};
    none.order_by = {{OrderColumn::kName, false, {}}};
  }

  void Combinations() {
    ListOptions& both = Add("env=prod, phase=Running");
    both.label_selector = {{"env", SelectorOperator::kEquals, {"prod"}}};
    both.field_selector = {{Path({"status", "phase"}), SelectorOperator::kEquals, {"Running"}}};
    ListOptions& few = Add("app=app-7, node-7");
    few.label_selector = {{"app", SelectorOperator::kEquals, {"app-7"}}};
    few.field_selector = {{Path({"spec", "nodeName"}), SelectorOperator::kEquals, {"node-7"}}};
    ListOptions& odd = Add("env=prod, phase=Failed");
    odd.label_selector = {{"env", SelectorOperator::kEquals, {"prod"}}};
    odd.field_selector = {{Path({"status", "phase"}), SelectorOperator::kEquals, {"Failed"}}};
    ListOptions& space = Add("env=prod in team-0007 of cluster-3");
    space.label_selector = {{"env", SelectorOperator::kEquals, {"prod"}}};
    space.namespaces = {true, {"team-0007"}, {}};
    space.clusters = {true, {"cluster-3"}, {}};
  }

  std::vector<Condition> all_;
};

// Returns the worst ratio.
double BenchConditions(Store& store, int pods) {
  const double gets = FiftyGets(store, pods);
  std::printf("fifty gets by key: %.0f us of CPU\n\n%-36s %6s %10s %7s\n", gets * 1e6, "limit=50",
              "rows", "CPU us", "ratio");
  double worst = 0;
  const Conditions conditions;
  for (const Condition& condition : conditions.all()) {
    const Counted counted = ListPods(store, condition.options);
    const double seconds = Measure([&] { ListPods(store, condition.options); });
    worst = std::max(worst, seconds / gets);
    std::printf("%-36s %6zu %10.0f %7.2f%s%s\n", condition.text.c_str(), counted.rows,
                seconds * 1e6, seconds / gets, seconds / gets > kMostRatio ? "  <- too slow" : "",
                counted.head.scan ? "  (a scan)" : "");
    std::fflush(stdout);
  }
  const double again = FiftyGets(store, pods);
  std::printf("\nworst ratio %.2f (at most %.0f); fifty gets at the end: %.0f us\n", worst,
              kMostRatio, again * 1e6);
  return worst;
}

void BenchFacets(Store& store) {
  ListOptions options;
  options.counts_only = true;
  const auto report = [&](const char* text) {
    std::printf("facets %-40s %8.2f ms of CPU\n", text,
                Measure([&] { ListPods(store, options); }) * 1e3);
  };
  options.facets = {{"cluster", OrderColumn::kCluster, {}}};
  report("cluster");
  options.facets = {{"status.phase", OrderColumn::kField, Path({"status", "phase"})}};
  report("status.phase");
  options.facets = {
      {"metadata.labels['app']", OrderColumn::kField, Path({"metadata", "labels", "app"})}};
  report("metadata.labels['app']");
  options.facets.push_back({"cluster", OrderColumn::kCluster, {}});
  options.facets.push_back({"namespace", OrderColumn::kNamespace, {}});
  options.label_selector = {{"app", SelectorOperator::kEquals, {"app-7"}}};
  report("three, with app=app-7");
}

// Returns MB of JSON per second of CPU.
double BenchScan(Store& store) {
  const double megabytes = static_cast<double>(ListPods(store, {}).bytes) / 1e6;
  ListOptions options;
  options.limit = 50;
  options.field_selector = {
      {Path({"spec", "containers", "[]", "image"}), SelectorOperator::kEquals, {"none"}}};
  const Counted counted = ListPods(store, options);
  const double rate = megabytes / Measure([&] { ListPods(store, options); });
  std::printf(
      "\nscan for spec.containers[].image: %ld objects, %.0f MB, %.0f MB/s (at least %.0f)\n",
      static_cast<long>(counted.head.scanned), megabytes, rate, kLeastScan);
  return rate;
}

int Main(int argc, char** argv) {
  const int pods = argc > 1 ? std::atoi(argv[1]) : 100'000;
  std::string folder =
      (argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path()) /
      "search-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  bool good = false;
  {
    Result<std::unique_ptr<Store>> store = storage::OpenSqliteStore({.path = folder + "/pedia.db"});
    if (!store.ok()) return 1;
    for (int begin = 0; begin < pods; begin += 1'000) {
      if (!(*store)->Apply(Batch(begin, std::min(begin + 1'000, pods), pods)).ok()) return 1;
    }
    const double worst = BenchConditions(**store, pods);
    BenchFacets(**store);
    good = BenchScan(**store) >= kLeastScan && worst <= kMostRatio;
  }
  std::filesystem::remove_all(folder);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace pedia::bench

int main(int argc, char** argv) { return pedia::bench::Main(argc, argv); }

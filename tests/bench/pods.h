// The pods of the storage benchmarks, and how their cost is measured.
#pragma once
#include <sys/resource.h>

#include <string>
#include <vector>

#include "storage/store.h"

namespace pedia::bench {

inline const GroupVersionResource kPods{"", "v1", "pods"};
inline constexpr int kClusters = 10;

// "cluster-3": the cluster of pod i of `pods`.
std::string ClusterOf(int i, int pods);
// "pod-000007" and "team-0003".
std::string NameOf(int i, int pods);
std::string NamespaceOf(int i, int pods);

// A pod of about 4 KB with 18 entries; in the order in which a cluster lists its pods. One pod is
// like no other in everything that is indexed: number OddPod(pods).
std::string Pod(int i, int pods);
inline int OddPod(int pods) { return pods / 2; }

// Pods begin to end - 1, encoded.
std::vector<storage::Change> Batch(int begin, int end, int pods);

double Now();         // Seconds.
double CpuSeconds();  // Of this process.
double RssMb();

// Counts what a list gives.
class CountingSink : public storage::RowSink {
 public:
  bool Row(const storage::ListRow& row) override {
    bytes += row.body.size();
    ++rows;
    return true;
  }
  size_t bytes = 0;
  size_t rows = 0;
};

// Exits if the list fails.
struct Counted {
  storage::ListResult result;
  storage::ListHead head;
  size_t bytes = 0;
  size_t rows = 0;
};
Counted ListPods(storage::Store& store, const query::ListOptions& options);

}  // namespace pedia::bench

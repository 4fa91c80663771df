// ListStreamer: answers one list from the store: the query, its headers, its rows as they come, and
// what follows them.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "apiserver/exchange.h"
#include "apiserver/list_format.h"
#include "apiserver/metric_sample.h"
#include "query/list_options.h"
#include "storage/store.h"

namespace pedia::apiserver {

struct ListRequest {
  query::ListScope scope;  // Of the stored version.
  query::ListOptions options;
  ListFormat format;
  MediaType media;
  std::string fingerprint;  // Of the query as the client put it: continue tokens belong to it.
};

// Thread-safe. `store` must outlive it.
class ListStreamer {
 public:
  explicit ListStreamer(storage::Store& store) : store_(store) {}
  // Sends the answer, with constant memory; a failure before the first bytes becomes a Status, one
  // after them closes the connection. Headers beside the usual: "Pedia-Query-Plan: index", or
  // "scan" and "Pedia-Objects-Scanned: 1234", with a '+' if more will be read while rows are sent;
  // a Warning for each of the options' warnings.
  void Stream(Exchange& exchange, ListRequest request);
  // How many lists were scans, and what they read at least.
  std::vector<MetricSample> Samples() const;

 private:
  void NoteHead(Exchange& exchange, const storage::ListHead& head);

  storage::Store& store_;
  std::atomic<int64_t> scans_{0};
  std::atomic<int64_t> scanned_objects_{0};
};

}  // namespace pedia::apiserver

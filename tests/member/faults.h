// Faults that a simulated member shows on command: errors, broken and stalled connections, cut and
// garbled bodies, slowness.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/http_server.h"

namespace pedia::member {

enum class FaultKind {
  kStatus,  // Answers with `code` and a Status; with Retry-After if retry_after_seconds > 0. Health
            // paths: plain text.
  kExpire,  // List: 410 Expired. Watch: 200 and an ERROR event of 410.
  kDrop,   // Lets `after_bytes` of the body pass, then breaks the connection; 0: before any answer.
  kStall,  // Lets `after_bytes` of the body pass, then nothing more comes, ever; 0: no answer at
           // all.
  kTruncate,  // Lets `after_bytes` of the body pass, then ends it as if it were complete.
  kGarbage,   // Lets `after_bytes` of the body pass, sends bytes that are no JSON, then ends it.
  kSlow,  // Waits `delay` before each 64 KB of a list, before any other answer, and between events
          // of a watch.
  kEndless,      // Lets `after_bytes` of the body pass, then comes a gigabyte of one character.
  kNameless,     // Some objects have no name.
  kStale,        // List: as it was `back` resourceVersions ago, as from a cache that lags.
  kReplay,       // Watch: begins `back` resourceVersions before what was asked for.
  kDuplicate,    // Watch: every event comes twice.
  kNoBookmarks,  // Watch: no bookmarks.
};

enum class RequestKind { kAny, kList, kWatch, kGet, kWrite, kDiscovery, kHealth, kOpenApi };

struct Fault {
  FaultKind kind = FaultKind::kStatus;
  RequestKind request = RequestKind::kAny;
  std::string path_prefix = {};  // "/api/v1/pods"; "" = every path.
  bool continue_only = false;    // Only pages of lists after the first.
  int code = 500;
  int retry_after_seconds = 0;
  size_t after_bytes = 0;
  std::chrono::milliseconds delay{0};
  uint64_t back = 0;
  double probability = 1;  // Of each matching request.
  int count = -1;          // Requests it may hit; -1 = any number.
};

// The faults in force. The first one added that matches a request is applied to it. Thread-safe.
class FaultPlan {
 public:
  explicit FaultPlan(uint64_t seed = 1);
  ~FaultPlan();

  uint64_t Add(Fault fault);
  void Remove(uint64_t id);
  void Clear();  // Also ends what stalls (by breaking its connection) and what sleeps.
  int Hits(uint64_t id) const;  // Requests hit so far, also after the fault was removed.
  std::map<uint64_t, int> AllHits() const;

  std::optional<Fault> Match(RequestKind request, std::string_view path, bool is_continue);

  // Keeps a response open and silent until its client goes, or Clear.
  void Hold(std::shared_ptr<apiserver::ResponseWriter> response);
  // False: interrupted by Clear.
  bool Sleep(std::chrono::milliseconds time);

 private:
  mutable std::mutex mutex_;
  std::condition_variable cleared_;
  uint64_t clears_ = 0;
  std::mt19937_64 random_;
  std::map<uint64_t, Fault> faults_;
  std::map<uint64_t, int> hits_;
  uint64_t next_id_ = 1;
  std::vector<std::shared_ptr<apiserver::ResponseWriter>> held_;
};

// Applies the faults that act on body bytes (kDrop, kStall, kTruncate, kGarbage, kEndless, kNameless)
// and kSlow of blocking writes. `plan` must outlive the result.
std::shared_ptr<apiserver::ResponseWriter> MakeFaulty(
    std::shared_ptr<apiserver::ResponseWriter> response, const Fault& fault, FaultPlan& plan);

// Reads and writes the control endpoint's form:
// {"fault":"status","request":"list","path":"/api/v1/pods","code":500,
// "retryAfter":1,"afterBytes":0,"delayMs":0,"back":0,"probability":1,"count":1,"continueOnly":false}.
// Errors: BadRequest.
Result<Fault> ParseFault(std::string_view json);

}  // namespace pedia::member

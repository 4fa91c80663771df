#include "apiserver/request_journal.h"

#include "apiserver/request_class.h"
#include "apiserver/slow_request_log.h"
#include "meta/log.h"

namespace pedia::apiserver {

void RequestJournal::RequestOver(const RequestReport& report) {
  const RequestInfo& info = report.info;
  metrics_.RequestFinished({.verb = info.verb.empty() ? "other" : info.verb,
                            .gvr = report.names_resource ? info.gvr : GroupVersionResource(),
                            .code = report.code,
                            .seconds = report.seconds,
                            .body_bytes = report.body_bytes});
  if (options_.audit != nullptr && info.endpoint != Endpoint::kHealth)
    options_.audit->Write(report);
  const std::chrono::duration<double> took(report.seconds);
  if (took >= options_.slow_threshold && !IsLongRunning(info)) LogInfo(FormatSlowRequest(report));
}

}  // namespace pedia::apiserver

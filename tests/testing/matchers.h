// Matchers for Status and Result<T>: assert the exact reason, never just failure.
#pragma once
#include <gmock/gmock.h>

#include <string>

#include "meta/result.h"

namespace pedia::testing {

inline Status ToStatus(const Status& status) { return status; }
template <typename T>
Status ToStatus(const Result<T>& result) {
  return result.ok() ? Status() : result.status();
}

MATCHER(IsOk, "is OK") {
  const Status status = ToStatus(arg);
  *result_listener << status.ToString();
  return status.ok();
}

// FailsWith(StatusReason::kBadRequest, HasSubstr("'x'"))
MATCHER_P2(FailsWith, reason, message, "fails with " + std::string(StatusReasonName(reason))) {
  const Status status = ToStatus(arg);
  *result_listener << status.ToString();
  return !status.ok() && status.reason() == reason &&
         ::testing::ExplainMatchResult(message, status.message(), result_listener);
}

}  // namespace pedia::testing

// SubjectAccessReview: the question whether a user may do something, and its answer.
// Source: authorization.k8s.io/v1.
#pragma once
#include <string>
#include <string_view>

#include "apiserver/authorizer.h"

namespace pedia::apiserver {

// {"kind":"SubjectAccessReview",...}. What users have in extra goes by key, in the order in which it
// is given. Pure.
std::string SubjectAccessReviewRequest(const UserInfo& user, const AccessAttributes& attributes);

// Allowed only if it says so and does not deny at the same time. Errors: ServiceUnavailable for what
// is no SubjectAccessReview. Pure.
Result<AccessDecision> ParseSubjectAccessReview(std::string_view review);

}  // namespace pedia::apiserver

#include <gmock/gmock.h>

#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

class HealthTest : public ApiTest {
 protected:
  HealthTest() {
    options_.ready_checks = {{"store", [] { return Status(); }},
                             {"sync", [this] { return sync_; }}};
  }
  Status sync_;
};

TEST_F(HealthTest, AnswersOk) {
  for (const char* path :
       {"/healthz", "/livez", "/readyz", "/readyz/ping", "/readyz/sync", "/livez/ping"}) {
    const Answer answer = Get(path);
    EXPECT_EQ(answer.code, 200) << path;
    EXPECT_EQ(answer.body, "ok") << path;
    EXPECT_EQ(answer.Header("Content-Type"), "text/plain; charset=utf-8");
  }
}

TEST_F(HealthTest, ListsTheChecksWhenAsked) {
  EXPECT_EQ(Get("/readyz?verbose").body,
            "[+]ping ok\n[+]store ok\n[+]sync ok\nreadyz check passed\n");
  EXPECT_EQ(Get("/livez?verbose=1").body, "[+]ping ok\nlivez check passed\n");
}

TEST_F(HealthTest, FailsWithoutTellingWhyUnlessOneCheckIsAskedFor) {
  sync_ = ServiceUnavailable("the first list is running");
  EXPECT_EQ(Get("/readyz").code, 500);
  EXPECT_EQ(Get("/readyz").body,
            "[+]ping ok\n[+]store ok\n[-]sync failed: reason withheld\nreadyz check failed\n");
  EXPECT_EQ(Get("/readyz/sync").body, "internal server error: the first list is running\n");
  EXPECT_EQ(Get("/readyz/sync").code, 500);
  EXPECT_EQ(Get("/livez").code, 200);
  EXPECT_EQ(Get("/readyz/store").code, 200);
}

TEST_F(HealthTest, LeavesOutExcludedChecks) {
  sync_ = ServiceUnavailable("no");
  EXPECT_EQ(Get("/readyz?exclude=sync").code, 200);
  EXPECT_EQ(Get("/readyz?exclude=store").code, 500);
}

TEST_F(HealthTest, DoesNotKnowOtherChecks) {
  EXPECT_EQ(Get("/readyz/nope").code, 404);
  EXPECT_EQ(Get("/livez/sync").code, 404);
}

TEST_F(HealthTest, NeedsNoCredentialsForHealthAlone) {
  RequireCredentials({"s3cret", ""});
  EXPECT_EQ(Get("/readyz?verbose").code, 200);
  EXPECT_EQ(Get("/livez/ping").code, 200);
  for (const char* path :
       {"/version", "/metrics", "/apis", "/", "/apis/clusterpedia.io/v1beta1/resources/healthz"}) {
    EXPECT_EQ(Get(path).code, 401) << path;
  }
  EXPECT_EQ(Get("/%").code, 400);  // Of no path can be said who may ask for it.
}

TEST_F(HealthTest, AllowsHeadHere) {
  EXPECT_EQ(Send("HEAD", "/healthz").code, 200);
  EXPECT_EQ(Send("POST", "/healthz").code, 405);
}

}  // namespace
}  // namespace pedia::apiserver

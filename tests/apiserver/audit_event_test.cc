#include "apiserver/audit_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apiserver/slow_request_log.h"

namespace pedia::apiserver {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

HttpRequest Request(const std::string& target) {
  HttpRequest request;
  request.method = "GET";
  request.target = target;
  request.headers = {{"User-Agent", "kubectl/v1.32"},
                     {"Authorization", "Bearer very-secret"},
                     {"X-Forwarded-For", "10.1.2.3, nonsense, 10.0.0.7"},
                     {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  request.remote_address = "10.0.0.7:4711";
  return request;
}

RequestReport Report(const std::string& target = "/apis/x") {
  RequestReport report = ReportOf(Request(target));
  report.info.endpoint = Endpoint::kObjects;
  report.info.inner = true;
  report.info.cluster = "c1";
  report.info.gvr = {"apps", "v1", "deployments"};
  report.info.name_space = "shop";
  report.info.name = "web";
  report.info.subresource = "status";
  report.info.verb = "get";
  report.caller.authenticated = {"jane", "u1", {"dev", "system:authenticated"}, {}};
  report.caller.user = report.caller.authenticated;
  report.caller.decision = {true, "RBAC: allowed"};
  report.code = 200;
  report.received = std::chrono::system_clock::time_point(std::chrono::microseconds(1'000'123));
  report.seconds = 1.5;
  return report;
}

json Event(const RequestReport& report) {
  const std::string line = FormatAuditEvent(report);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return json::parse(line);
}

TEST(AuditEventTest, SaysWhoHasAskedForWhatAndWhatBecameOfIt) {
  RequestReport report = Report("/apis/x?limit=5");
  report.id = "id-1";
  EXPECT_EQ(Event(report), json::parse(R"({
    "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "id-1",
    "stage": "ResponseComplete", "requestURI": "/apis/x?limit=5", "verb": "get",
    "user": {"username": "jane", "uid": "u1", "groups": ["dev", "system:authenticated"]},
    "sourceIPs": ["10.1.2.3", "10.0.0.7"], "userAgent": "kubectl/v1.32",
    "objectRef": {"resource": "deployments", "namespace": "shop", "name": "web",
                  "apiGroup": "apps", "apiVersion": "v1", "subresource": "status"},
    "responseStatus": {"metadata": {}, "code": 200},
    "requestReceivedTimestamp": "1970-01-01T00:00:01.000123Z",
    "stageTimestamp": "1970-01-01T00:00:02.500123Z",
    "annotations": {"authorization.k8s.io/decision": "allow",
                    "authorization.k8s.io/reason": "RBAC: allowed",
                    "clusterpedia.io/cluster": "c1"}})"));
}

TEST(AuditEventTest, NamesWhoIsImpersonated) {
  RequestReport report = Report();
  EXPECT_FALSE(Event(report).contains("impersonatedUser"));
  report.caller.user = {"bob", "", {}, {{"scopes", "a"}, {"team", "x"}, {"scopes", "b"}}};
  EXPECT_EQ(Event(report)["user"]["username"], "jane");
  EXPECT_EQ(Event(report)["impersonatedUser"],
            json::parse(R"({"username":"bob","extra":{"scopes":["a","b"],"team":["x"]}})"));
}

TEST(AuditEventTest, SaysOfARefusedRequestWhy) {
  RequestReport report = Report();
  report.caller.decision = {false, "no"};
  report.code = 403;
  EXPECT_EQ(Event(report)["annotations"]["authorization.k8s.io/decision"], "forbid");
  report.caller = {};
  report.code = 401;
  EXPECT_EQ(Event(report)["user"], json::object());
  EXPECT_FALSE(Event(report)["annotations"].contains("authorization.k8s.io/decision"));
}

TEST(AuditEventTest, NamesNoObjectOfWhatIsNoResource) {
  RequestReport report = Report("/version");
  report.info = {};
  report.info.endpoint = Endpoint::kVersion;
  EXPECT_FALSE(Event(report).contains("objectRef"));
}

TEST(AuditEventTest, KnowsAHandlerThatThrewAndAConnectionThatBroke) {
  RequestReport report = Report();
  report.panicked = true;
  EXPECT_EQ(Event(report)["stage"], "Panic");
  report.code = 0;
  EXPECT_FALSE(Event(report).contains("responseStatus"));
}

TEST(AuditEventTest, HidesWhatMayBeACredential) {
  EXPECT_EQ(AuditUri("/a?access_token=s3cret&limit=5"), "/a?access_token=REDACTED&limit=5");
  EXPECT_EQ(AuditUri("/a?x=1&Access%5FToken=s3cret"), "/a?x=1&Access%5FToken=REDACTED");
  EXPECT_EQ(AuditUri("/a?token=s3;token=t"), "/a?token=REDACTED;token=REDACTED");
  EXPECT_EQ(AuditUri("/a?client-secret=a=b=c"), "/a?client-secret=REDACTED");
  EXPECT_EQ(AuditUri("/a?password="), "/a?password=REDACTED");
  EXPECT_EQ(AuditUri("/a?tokens=1&fieldSelector=a%3Db&token"),
            "/a?tokens=1&fieldSelector=a%3Db&token");
  EXPECT_EQ(AuditUri("/a?"), "/a?");
  EXPECT_EQ(AuditUri("/a?&&=&"), "/a?&&=&");
  EXPECT_EQ(AuditUri(""), "");
  EXPECT_THAT(FormatAuditEvent(Report()), Not(HasSubstr("very-secret")));
}

TEST(AuditEventTest, BoundsWhatIsLong) {
  const std::string uri = AuditUri("/" + std::string(60'000, 'a') + "?token=s3cret");
  EXPECT_LT(uri.size(), 5'000);
  EXPECT_TRUE(uri.ends_with("..."));
  const std::string query = AuditUri("/a?b=" + std::string(60'000, 'a') + "&token=s3cret");
  EXPECT_LT(query.size(), 5'000);
  EXPECT_THAT(query, Not(HasSubstr("s3cret")));
  HttpRequest request = Request("/");
  request.headers = {{"User-Agent", std::string(60'000, 'u')}};
  std::string forwarded;
  for (int i = 0; i < 1'000; ++i)
    forwarded += "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ",";
  request.headers.emplace_back("X-Forwarded-For", forwarded);
  const RequestReport report = ReportOf(request);
  EXPECT_LT(report.user_agent.size(), 2'000);
  EXPECT_LT(report.source_ips.size(), 20);
  EXPECT_EQ(report.source_ips.back(), "10.0.0.7");
}

TEST(AuditEventTest, IsOneLineOfJsonWhateverAClientSends) {
  RequestReport report = Report("/\"}\n{\x80\xff");
  report.user_agent = "a\r\nb\"";
  report.caller.user.name = "x\"},{\"y";
  report.info.name = std::string("\0", 1);
  EXPECT_EQ(Event(report)["userAgent"], "a\r\nb\"");
}

TEST(RequestReportTest, TakesOverAnIdThatItIsGiven) {
  HttpRequest request = Request("/");
  const std::string own = ReportOf(request).id;
  EXPECT_EQ(own.size(), 36);
  EXPECT_NE(ReportOf(request).id, own);
  request.headers.emplace_back("audit-id", "0af7-65");
  EXPECT_EQ(ReportOf(request).id, "0af7-65");
  for (const std::string& bad : {std::string("a b"), std::string("a\"b"), std::string(65, 'a')}) {
    request.headers.back().second = bad;
    EXPECT_EQ(ReportOf(request).id.size(), 36) << bad;
  }
}

TEST(SlowRequestLogTest, SaysInOneLineWhatARequestWas) {
  RequestReport report = Report();
  report.id = "id-1";
  report.plan = "scan";
  report.scanned = "1234+";
  report.body_bytes = 42;
  EXPECT_EQ(FormatSlowRequest(report),
            "slow request id=id-1 verb=get resource=\"deployments.v1.apps\" cluster=\"c1\" "
            "namespace=\"shop\" name=\"web\" user=\"jane\" code=200 ms=1500 bytes=42 plan=scan "
            "scanned=1234+ trace=0af7651916cd43dd8448eb211c80319c");
}

TEST(SlowRequestLogTest, KeepsOneLineAndLetsNoValuePoseAsAnother) {
  RequestReport report = Report();
  report.info.name = "a\nslow request code=\"500";
  report.info.cluster = std::string(100'000, 'c');
  const std::string line = FormatSlowRequest(report);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_THAT(line, HasSubstr(R"(name="a\nslow request code=\"500")"));
  EXPECT_LT(line.size(), 2'000);
}

}  // namespace
}  // namespace pedia::apiserver

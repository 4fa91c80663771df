// What is noted of requests to an API server.
#include "apiserver/request_journal.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "apiserver/metered_writer.h"
#include "meta/guarded.h"
#include "meta/log.h"
#include "meta/trace_context.h"
#include "tests/apiserver/api_fixture.h"
#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class RequestJournalTest : public ApiTest {
 protected:
  RequestJournalTest() {
    std::string name = (fs::temp_directory_path() / "journal-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    log_ = *AuditLog::Open({.path = (directory_ / "audit.log").string()});
    options_.audit = log_.get();
    SetLogSink([this](LogLevel, std::string_view line) {
      lines_.With([&](auto& lines) { lines.emplace_back(line); });
    });
  }
  ~RequestJournalTest() override {
    SetLogSink([](LogLevel, std::string_view) {});
    log_.reset();
    fs::remove_all(directory_);
  }
  std::vector<nlohmann::json> Events() {
    log_.reset();
    std::ifstream file(directory_ / "audit.log");
    std::vector<nlohmann::json> events;
    for (std::string line; std::getline(file, line);) events.push_back(nlohmann::json::parse(line));
    return events;
  }
  std::vector<std::string> Log() const {
    return lines_.With([](const auto& lines) { return lines; });
  }

  fs::path directory_;
  std::unique_ptr<AuditLog> log_;
  Guarded<std::vector<std::string>> lines_;
};

TEST_F(RequestJournalTest, AuditsAListInAMember) {
  const Answer answer = GetBelow("/clusters/c1/api/v1/namespaces/shop/pods?limit=2");
  ASSERT_EQ(answer.code, 200);
  const auto events = Events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0]["auditID"], answer.Header("Audit-Id"));
  EXPECT_EQ(events[0]["verb"], "list");
  EXPECT_EQ(events[0]["objectRef"]["resource"], "pods");
  EXPECT_EQ(events[0]["objectRef"]["namespace"], "shop");
  EXPECT_EQ(events[0]["annotations"]["clusterpedia.io/cluster"], "c1");
  EXPECT_EQ(events[0]["annotations"]["authorization.k8s.io/decision"], "allow");
  EXPECT_EQ(events[0]["responseStatus"]["code"], 200);
}

TEST_F(RequestJournalTest, AuditsWhoIsNotLetInAndNotTheToken) {
  RequireCredentials({"right", ""});
  EXPECT_EQ(Send("GET", "/apis", {{"Authorization", "Bearer wrong-secret"}}).code, 401);
  const auto events = Events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0]["responseStatus"]["code"], 401);
  EXPECT_EQ(events[0]["user"], nlohmann::json::object());
  EXPECT_THAT(events[0].dump(), Not(HasSubstr("wrong-secret")));
}

TEST_F(RequestJournalTest, DoesNotAuditProbes) {
  Get("/readyz");
  Get("/livez");
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RequestJournalTest, LogsSlowRequestsWithTheirPlan) {
  options_.slow_request_threshold = std::chrono::milliseconds(0);
  GetBelow("/api/v1/pods?limit=2");
  ASSERT_THAT(Log(), SizeIs(1));
  EXPECT_THAT(Log()[0], HasSubstr("slow request id="));
  EXPECT_THAT(Log()[0], HasSubstr(R"( verb=list resource="pods.v1" )"));
  EXPECT_THAT(Log()[0], HasSubstr(" plan=index"));
}

TEST_F(RequestJournalTest, LogsNothingOfTheOthers) {
  GetBelow("/api/v1/pods?limit=2");
  EXPECT_THAT(Log(), IsEmpty());
}

}  // namespace
}  // namespace pedia::apiserver

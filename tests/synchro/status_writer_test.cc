#include "synchro/status_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "discovery/pedia_cluster_status.h"
#include "meta/guarded.h"
#include "tests/kube/raw_server.h"

namespace pedia::synchro {
namespace {

using discovery::ClusterState;
using kube::RawConnection;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A management cluster that takes status patches and remembers them.
class StatusWriterTest : public ::testing::Test {
 protected:
  ~StatusWriterTest() override { Destroy(); }

  void Start(StatusWriterOptions options = Options()) {
    OnLoop([&] { writer_.emplace(client_, registry_, options); });
  }
  void Destroy() {
    OnLoop([&] { writer_.reset(); });
  }
  static StatusWriterOptions Options() {
    StatusWriterOptions options;
    options.tick = milliseconds(2);
    options.interval = milliseconds(5);
    options.backoff_max = milliseconds(20);
    return options;
  }
  template <typename F>
  void OnLoop(F f) {
    std::promise<void> done;
    loop_.Post([&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }
  void SetObject(const std::string& name, const std::string& status = "{}") {
    const std::string object = R"({"metadata":{"name":")" + name +
                               R"("},"spec":{"tokenData":"x"},"status":)" + status + "}";
    own_.insert(name);
    OnLoop([&] {
      writer_->SetObject(name, object);
      writer_->SetOwn(own_);
    });
  }
  static std::string StatusOf(const ClusterState& state) {
    std::string status = discovery::PediaClusterStatusToJson(state);
    status.insert(status.size() - 1, R"(,"shardingName":"")");
    return status;
  }
  static ClusterState State(const std::string& name, int64_t time = 1) {
    ClusterState state;
    state.name = name;
    state.api_server = "https://" + name;
    state.conditions = {{"Ready", "True", "Ready", "", time}};
    return state;
  }
  std::vector<std::string> requests() const {
    return requests_.With([](const auto& all) { return all; });
  }
  bool WaitForRequests(size_t count) const {
    for (int i = 0; i < 6'000 && requests().size() < count; ++i)
      std::this_thread::sleep_for(milliseconds(10));
    return requests().size() >= count;
  }
  // Some ticks pass.
  void LetItRun() {
    for (int i = 0; i < 20; ++i) {
      std::promise<void> ticked;
      loop_.PostAfter(milliseconds(3), [&] { ticked.set_value(); });
      ticked.get_future().wait();
    }
  }

  void Serve(const RawConnection& connection) {
    std::string request;
    while (!(request = connection.ReadHeader()).empty()) {
      const size_t at = request.find("Content-Length: ");
      size_t left = at == std::string::npos ? 0 : std::stoul(request.substr(at + 16));
      for (char byte; left > 0 && recv(connection.fd(), &byte, 1, 0) == 1; --left)
        request.push_back(byte);
      requests_.With([&](auto& all) { all.push_back(request); });
      std::string body = R"({"status":)" + request.substr(request.find("{\"status\":") + 10);
      const int code = code_;
      if (code == 0) return;
      if (code != 200) body = "{}";
      connection.Send("HTTP/1.1 " + std::to_string(code) +
                      " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  }

  std::set<std::string> own_;
  std::atomic<int> code_ = 200;  // 0: the connection is closed.
  Guarded<std::vector<std::string>> requests_;
  discovery::Registry registry_;
  kube::RawServer server_{[this](const RawConnection& connection) { Serve(connection); }};
  kube::EventLoop loop_;
  kube::Client client_{loop_, [this] {
                         kube::RestConfig config;
                         config.server = server_.url();
                         return config;
                       }()};
  std::optional<StatusWriter> writer_;
};

TEST_F(StatusWriterTest, PatchesTheStatusSubresource) {
  Start();
  registry_.Update(State("c1"));
  SetObject("c1");
  ASSERT_TRUE(WaitForRequests(1));
  EXPECT_THAT(
      requests().at(0),
      AllOf(StartsWith("PATCH /apis/cluster.clusterpedia.io/v1alpha2/pediaclusters/c1/status?"),
            HasSubstr("\r\nContent-Type: application/merge-patch+json\r\n"),
            HasSubstr(R"({"status":{"apiserver":"https://c1",)"),
            ::testing::Not(HasSubstr("tokenData"))));
}

TEST_F(StatusWriterTest, NeverWritesWhatTheObjectSaysAlready) {
  Start();
  registry_.Update(State("c1"));
  SetObject("c1", StatusOf(State("c1")));
  LetItRun();
  EXPECT_THAT(requests(), ::testing::IsEmpty());
  registry_.Update(State("c1", 2));
  ASSERT_TRUE(WaitForRequests(1));
  SetObject("c1", StatusOf(State("c1", 2)));
  LetItRun();
  EXPECT_EQ(requests().size(), 1u);
}

TEST_F(StatusWriterTest, WritesAgainWhatSomebodyElseHasChanged) {
  Start();
  registry_.Update(State("c1"));
  SetObject("c1", StatusOf(State("c1")));
  LetItRun();
  SetObject("c1", "{}");
  EXPECT_TRUE(WaitForRequests(1));
}

TEST_F(StatusWriterTest, WritesOnlyForObjectsAndClustersThatAreThere) {
  Start();
  registry_.Update(State("c1"));
  SetObject("c2");
  LetItRun();
  EXPECT_THAT(requests(), ::testing::IsEmpty());
  SetObject("c1");
  ASSERT_TRUE(WaitForRequests(1));
  OnLoop([&] { writer_->RemoveObject("c1"); });
  LetItRun();
  const size_t count = requests().size();
  registry_.Update(State("c1", 9));
  LetItRun();
  EXPECT_EQ(requests().size(), count);
}

TEST_F(StatusWriterTest, GathersChangesThatComeFast) {
  StatusWriterOptions options = Options();
  options.interval = milliseconds(200);
  Start(options);
  registry_.Update(State("c1"));
  SetObject("c1");
  ASSERT_TRUE(WaitForRequests(1));
  for (int i = 2; i <= 20; ++i) registry_.Update(State("c1", i));
  ASSERT_TRUE(WaitForRequests(2));
  LetItRun();
  EXPECT_EQ(requests().size(), 2u);
  EXPECT_THAT(requests().back(), HasSubstr("1970-01-01T00:00:20Z"));
}

class StatusWriterFailureTest : public StatusWriterTest,
                                public ::testing::WithParamInterface<int> {};

TEST_P(StatusWriterFailureTest, TriesAgainUntilItIsWritten) {
  code_ = GetParam();
  Start();
  registry_.Update(State("c1"));
  SetObject("c1");
  ASSERT_TRUE(WaitForRequests(3));
  code_ = 200;
  const size_t before = requests().size();
  EXPECT_TRUE(WaitForRequests(before + 1));
  LetItRun();
  const size_t after = requests().size();
  LetItRun();
  EXPECT_EQ(requests().size(), after);
}
INSTANTIATE_TEST_SUITE_P(Codes, StatusWriterFailureTest,
                         ::testing::Values(0, 302, 401, 403, 409, 422, 429, 500, 503));

TEST_F(StatusWriterTest, LeavesAnObjectThatIsGone) {
  code_ = 404;
  Start();
  registry_.Update(State("c1"));
  SetObject("c1");
  ASSERT_TRUE(WaitForRequests(1));
  LetItRun();
  EXPECT_EQ(requests().size(), 1u);
}

TEST_F(StatusWriterTest, ReachesAllOfManyClusters) {
  StatusWriterOptions options = Options();
  options.patches_per_tick = 3;
  options.patches_running = 2;
  Start(options);
  for (int i = 0; i < 100; ++i) {
    const std::string name = "c" + std::to_string(i);
    registry_.Update(State(name));
    SetObject(name);
  }
  ASSERT_TRUE(WaitForRequests(100));
  LetItRun();
  EXPECT_EQ(requests().size(), 100u);
  EXPECT_THAT(requests(), Each(StartsWith("PATCH ")));
}

TEST_F(StatusWriterTest, WritesNothingForClustersOfOthers) {
  Start();
  registry_.Update(State("c1"));
  registry_.Update(State("c2"));
  SetObject("c1");
  SetObject("c2");
  ASSERT_TRUE(WaitForRequests(2));
  OnLoop([&] { writer_->SetOwn({"c2"}); });
  registry_.Update(State("c1", 9));
  registry_.Update(State("c2", 9));
  ASSERT_TRUE(WaitForRequests(3));
  LetItRun();
  EXPECT_EQ(requests().size(), 3u);
  EXPECT_THAT(requests().back(), HasSubstr("/c2/status"));
}

TEST_F(StatusWriterTest, SaysWhatIsSaidLastAndThatItIsDone) {
  StatusWriterOptions options = Options();
  options.interval = milliseconds(600'000);  // None is waited for.
  options.shard = "a";
  Start(options);
  StatusWriter::States last;
  for (const char* name : {"c1", "c2", "c3"}) {
    registry_.Update(State(name));
    SetObject(name);
    last.emplace(name, std::make_shared<ClusterState>(State(name, 77)));
  }
  ASSERT_TRUE(WaitForRequests(3));
  std::promise<void> done;
  OnLoop([&] { writer_->Finish(last, [&] { done.set_value(); }); });
  ASSERT_EQ(done.get_future().wait_for(std::chrono::minutes(1)), std::future_status::ready);
  ASSERT_EQ(requests().size(), 6u);
  const std::vector<std::string> all = requests();
  EXPECT_THAT(std::vector(all.begin() + 3, all.end()), Each(HasSubstr("1970-01-01T00:01:17Z")));
}

TEST_F(StatusWriterTest, IsDoneWithObjectsThatAreGone) {
  code_ = 404;
  Start();
  SetObject("c1");
  std::promise<void> done;
  StatusWriter::States last;
  last.emplace("c1", std::make_shared<ClusterState>(State("c1")));
  last.emplace("c2", std::make_shared<ClusterState>(State("c2")));
  OnLoop([&] { writer_->Finish(last, [&] { done.set_value(); }); });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::minutes(1)), std::future_status::ready);
}

TEST_F(StatusWriterTest, SendsNothingWhenItIsGone) {
  Start();
  SetObject("c1");
  Destroy();
  registry_.Update(State("c1"));
  LetItRun();
  EXPECT_THAT(requests(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace pedia::synchro

// Members that never answer, lie, or send without end: all others are synced meanwhile.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/synchro/sync_fixture.h"

namespace pedia::synchro {
namespace {

using member::Fault;
using member::FaultKind;
using member::RequestKind;
using pedia::testing::IsOk;

// A port that takes connections and never says a word.
class SilentPort {
 public:
  SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, generic, length), 0);
    EXPECT_EQ(::listen(socket_, 64), 0);
    EXPECT_EQ(::getsockname(socket_, generic, &length), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPort() { ::close(socket_); }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  uint16_t port_ = 0;
};

class SyncIsolationTest : public SyncTest {
 protected:
  SyncIsolationTest() {
    options_.loops = 1;  // All share everything.
    options_.queue_bytes = 200'000;
  }
  // A member whose pods cannot be had, ever.
  uint64_t GivenABadMember(const std::string& name, FaultKind kind, RequestKind request) {
    Fault fault;
    fault.kind = kind;
    fault.request = request;
    fault.after_bytes = kind == FaultKind::kStall ? 0 : 3'000;
    if (request == RequestKind::kList) fault.path_prefix = "/api/v1/pods";
    return GivenAMember(name, 30).server->faults().Add(fault);
  }
  int Hits(const std::string& name, uint64_t fault) {
    return members_.at(name)->server->faults().Hits(fault);
  }
  bool HasAllPods(const std::string& name) {
    return CountStored(name, kPods) == members_.at(name)->world.Count(kPods);
  }
};

TEST_F(SyncIsolationTest, MembersThatStallLieOrNeverEndDelayNoOther) {
  const SilentPort port;
  Member& good = GivenAMember("good", 300);
  GivenAMember("well", 300);
  const uint64_t stalls = GivenABadMember("stalls", FaultKind::kStall, RequestKind::kAny);
  const uint64_t lies = GivenABadMember("lies", FaultKind::kGarbage, RequestKind::kAny);
  const uint64_t endless = GivenABadMember("endless", FaultKind::kEndless, RequestKind::kList);
  std::vector<ClusterSpec> specs;
  for (const auto& [name, member] : members_) specs.push_back(SpecOf(*member));
  ClusterSpec silent = SpecOf(good);
  silent.name = "silent";
  silent.config->server = port.url();
  specs.push_back(std::move(silent));
  StartPedia(std::move(specs));

  Eventually("the others are synced", [&] { return HasAllPods("good") && HasAllPods("well"); });
  Eventually("the bad ones have been bad", [&] {
    return Hits("stalls", stalls) > 0 && Hits("lies", lies) > 0 && Hits("endless", endless) > 0;
  });
  for (int round = 0; round < 5; ++round) {
    const std::string name = "round-" + std::to_string(round);
    const auto put = good.world.Put(
        kConfigMaps, R"({"metadata":{"namespace":"shop","name":")" + name + R"("}})");
    ASSERT_THAT(put, IsOk());
    Eventually("a change of another arrives", [&] {
      const auto stored = StoredVersions("good", kConfigMaps);
      return stored.contains("shop/" + name);
    });
  }
  for (const char* bad : {"stalls", "lies", "endless"})
    EXPECT_EQ(CountStored(bad, kPods), 0u) << bad << " is not bad enough to show anything";
  EXPECT_EQ(ConditionOf("good", "Ready"), "True");
  EXPECT_NE(ConditionOf("silent", "Ready"), "True");

  // The rest of a member is synced although one of its kinds never ends.
  Eventually("the config maps of the endless one are stored", [&] {
    return CountStored("endless", kConfigMaps) == members_.at("endless")->world.Count(kConfigMaps);
  });
}

}  // namespace
}  // namespace pedia::synchro

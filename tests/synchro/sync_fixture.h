// What the tests of a whole sync share: simulated members, a store, a SynchroManager between them,
// and verbs, so that a test reads like a script: GivenAMember, StartPedia, change something,
// ExpectTheStoreEqualsTheMembers.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "discovery/registry.h"
#include "storage/sql_store.h"
#include "storage/store.h"
#include "synchro/synchro_manager.h"
#include "tests/member/churn.h"
#include "tests/member/member_server.h"
#include "tests/member/synthetic.h"
#include "tests/member/world.h"
#include "tests/synchro/faulty_store.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_database.h"

namespace pedia::synchro {

inline const GroupVersionResource kPods{"", "v1", "pods"};
inline const GroupVersionResource kConfigMaps{"", "v1", "configmaps"};
inline const GroupVersionResource kCrds{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
inline const GroupVersionResource kWidgets{"example.com", "v1", "widgets"};

// A simulated cluster: its objects, its server, and something that changes its pods.
struct Member {
  std::shared_ptr<const member::SyntheticCluster> cluster;
  member::World world;
  std::unique_ptr<member::MemberServer> server;
  std::unique_ptr<member::Churn> churn;

  void CreateWidgets();  // The CustomResourceDefinition and two widgets.
};

class SyncTest : public ::testing::Test {
 protected:
  SyncTest();
  ~SyncTest() override;

  // The member "name" with so many pods and what belongs to them; pedia will sync all it serves.
  Member& GivenAMember(const std::string& name, uint32_t pods = 120);
  ClusterSpec SpecOf(const Member& member) const;

  void StartPedia();  // With every member.
  void StartPedia(std::vector<ClusterSpec> specs);
  void StopPedia(std::chrono::milliseconds timeout = std::chrono::seconds(10));
  void SetStoreOutage(bool on);

  // Waits, at most a minute, until `condition` holds; else the test fails, saying `what`.
  void Eventually(const std::string& what, const std::function<bool()>& condition);
  void UntilEverythingIsListed();
  // Waits until every object of every member is stored in its last version and nothing else is;
  // then compares every byte.
  void ExpectTheStoreEqualsTheMembers();
  bool VersionsAreEqual();  // Now.

  int64_t Revision();
  FaultyStore& store();
  std::map<std::string, std::string> StoredVersions(const std::string& cluster,
                                                    const GroupVersionResource& gvr);
  // By namespace/name.
  std::map<std::string, std::string> StoredBodies(const std::string& cluster,
                                                  const GroupVersionResource& gvr);
  size_t CountStored(const std::string& cluster, const GroupVersionResource& gvr);
  // The picture that the registry gives now; an empty state for an unknown cluster.
  discovery::ClusterState Registered(const std::string& cluster) const;
  // "True", "False", "Unknown"; "" if there is none.
  std::string ConditionOf(const std::string& cluster, std::string_view type) const;

  testing::TestDatabase database_;
  SynchroOptions options_;
  std::map<std::string, std::unique_ptr<Member>> members_;
  std::unique_ptr<discovery::Registry> registry_;
  std::unique_ptr<SynchroManager> pedia_;

 private:
  bool BodiesAreEqual();
  std::map<std::string, std::string> MemberBodies(const Member& member,
                                                  const GroupVersionResource& gvr);
  struct Comparable {
    std::string name, body;
  };
  // In a spelling of its own; as pedia has to store it of `cluster`, if that is not "".
  const Comparable& MakeComparable(const std::string& cluster, const std::string& object);

  std::unique_ptr<FaultyStore> store_;
  std::unordered_map<std::string, Comparable> comparable_;  // Most objects are compared many times.
};

}  // namespace pedia::synchro

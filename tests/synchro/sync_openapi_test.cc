// The OpenAPI documents of members on their way into the store, over real sockets.
#include "discovery/openapi.h"
#include "tests/synchro/sync_fixture.h"

namespace pedia::synchro {
namespace {

using member::FaultKind;
using member::OpenApiOffer;
using member::RequestKind;
using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::_;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kIndex = "/openapi/v3";
const std::vector<std::string> kBasic = {"api/v1", "apis/apiextensions.k8s.io/v1", "apis/apps/v1"};
const std::vector<std::string> kBasicAndWidgets = {"api/v1", "apis/apiextensions.k8s.io/v1",
                                                   "apis/apps/v1", "apis/example.com/v1"};

class SyncOpenApiTest : public SyncTest {
 protected:
  SyncOpenApiTest() { options_.openapi_interval = std::chrono::milliseconds(300); }

  std::vector<std::string> Paths(const std::string& cluster) {
    std::vector<std::string> paths;
    for (const auto& document : Registered(cluster).openapi) paths.push_back(document.path);
    return paths;
  }
  std::string HashOf(const std::string& cluster, const std::string& path) {
    for (const auto& document : Registered(cluster).openapi) {
      if (document.path == path) return document.hash;
    }
    return "";
  }
  // As stored; "" if it is not.
  std::string Document(const std::string& cluster, const std::string& path) {
    const auto document = store().LoadDocument(HashOf(cluster, path));
    return document.ok() ? *document : "";
  }
  void UntilStored(const std::string& cluster, const std::vector<std::string>& paths) {
    Eventually(cluster + "'s documents are stored", [&] {
      return Paths(cluster) == paths && std::ranges::all_of(paths, [&](const std::string& path) {
               return !Document(cluster, path).empty();
             });
    });
  }
  int Answers(const Member& member, const std::string& path) {
    const auto answers = member.server->OpenApiAnswers();
    const auto found = answers.find(path);
    return found == answers.end() ? 0 : found->second;
  }
  // How many documents the member has given, the index aside.
  int Given(const Member& member) {
    int given = 0;
    for (const auto& [path, count] : member.server->OpenApiAnswers())
      given += path == kIndex ? 0 : count;
    return given;
  }
  // Until a round that began after now has ended.
  void UntilLookedAt(Member& member) {
    const uint64_t before = member.server->Requests(RequestKind::kOpenApi);
    Eventually("the documents have been looked at",
               [&] { return member.server->Requests(RequestKind::kOpenApi) >= before + 4; });
  }
  void PutWidgets(Member& member, const std::string& field) {
    EXPECT_THAT(
        member.world.Put(
            kCrds,
            R"({"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
            "names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
            "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
            "properties":{")" +
                field + R"(":{"type":"integer"}}}}}]}})"),
        IsOk());
  }
};

TEST_F(SyncOpenApiTest, TheDocumentOfEachSyncedGroupVersionIsStoredByItsHash) {
  Member& east = GivenAMember("east");
  StartPedia();
  UntilStored("east", kBasic);
  for (const auto& document : Registered("east").openapi) {
    const auto bytes = store().LoadDocument(document.hash);
    ASSERT_THAT(bytes, IsOk());
    EXPECT_EQ(discovery::OpenApiHash(*bytes), document.hash);
    EXPECT_EQ(document.source, east.world.OpenApi("/openapi/v3/" + document.path)->hash);
    EXPECT_EQ(*bytes, *discovery::ReduceOpenApiDocument(
                          east.world.OpenApi("/openapi/v3/" + document.path)->json));
  }
  EXPECT_THAT(Document("east", "apis/apps/v1"), HasSubstr("\"kind\":\"Deployment\""));
  UntilLookedAt(east);
  EXPECT_EQ(Given(east), 3);
}

TEST_F(SyncOpenApiTest, ARestartWithNothingChangedFetchesTheIndexOnly) {
  Member& east = GivenAMember("east");
  StartPedia();
  UntilStored("east", kBasic);
  const auto documents = Registered("east").openapi;
  StopPedia();
  const int given = Given(east);
  StartPedia();
  EXPECT_EQ(Registered("east").openapi, documents);
  UntilLookedAt(east);
  EXPECT_EQ(Registered("east").openapi, documents);
  EXPECT_EQ(Given(east), given);
}

TEST_F(SyncOpenApiTest, WhatOneClusterHasGivenIsNotAskedOfAnother) {
  Member& east = GivenAMember("east");
  Member& west = GivenAMember("west");
  StartPedia({SpecOf(east)});
  UntilStored("east", kBasic);
  pedia_->SetClusters({SpecOf(east), SpecOf(west)});
  UntilStored("west", kBasic);
  EXPECT_EQ(Registered("west").openapi, Registered("east").openapi);
  EXPECT_EQ(Given(west), 0);
  pedia_->SetClusters({SpecOf(west)});
  Eventually("east is gone", [&] { return CountStored("east", kPods) == 0; });
  UntilStored("west", kBasic);
}

TEST_F(SyncOpenApiTest, WhatTheStoreHasForgottenIsAskedForAgain) {
  Member& east = GivenAMember("east");
  Member& west = GivenAMember("west");
  StartPedia({SpecOf(east)});
  UntilStored("east", kBasic);
  const std::string hash = HashOf("east", "api/v1");
  pedia_->SetClusters({});
  Eventually("nobody names the documents", [&] { return !store().LoadDocument(hash).ok(); });
  pedia_->SetClusters({SpecOf(west)});
  UntilStored("west", kBasic);
  EXPECT_EQ(Given(west), 3);
}

TEST_F(SyncOpenApiTest, AChangedDefinitionShowsAndTheOldDocumentGoes) {
  options_.openapi_interval = std::chrono::minutes(5);  // That it is announced must do.
  Member& east = GivenAMember("east");
  PutWidgets(east, "girth");
  StartPedia();
  UntilStored("east", kBasicAndWidgets);
  EXPECT_THAT(Document("east", "apis/example.com/v1"), HasSubstr("girth"));
  const std::string old = HashOf("east", "apis/example.com/v1");
  PutWidgets(east, "height");
  Eventually("the change shows", [&] {
    return Document("east", "apis/example.com/v1").find("height") != std::string::npos;
  });
  EXPECT_THAT(store().LoadDocument(old), FailsWith(StatusReason::kNotFound, _));
  EXPECT_EQ(Given(east), 5);
  EXPECT_THAT(east.world.Delete(kCrds, {"", "widgets.example.com"}), IsOk());
  Eventually("it is gone", [&] { return Paths("east") == kBasic; });
}

TEST_F(SyncOpenApiTest, OnlyWhatIsSyncedHasADocument) {
  Member& east = GivenAMember("east");
  StartPedia();
  UntilStored("east", kBasic);
  const std::string old = HashOf("east", "apis/apps/v1");
  ClusterSpec spec = SpecOf(east);
  spec.sync_resources = {{"", {}, {"pods"}}};
  pedia_->SetClusters({spec});
  Eventually("one document is left",
             [&] { return Paths("east") == std::vector<std::string>{"api/v1"}; });
  Eventually("the others are deleted", [&] { return !store().LoadDocument(old).ok(); });
  EXPECT_THAT(Document("east", "api/v1"), Not(IsEmpty()));
}

TEST_F(SyncOpenApiTest, AnOldMemberIsReadFromItsOneDocument) {
  Member& east = GivenAMember("east");
  east.server->SetOpenApi(OpenApiOffer::kVersion2);
  StartPedia();
  UntilStored("east", kBasic);
  EXPECT_THAT(Document("east", "api/v1"), HasSubstr("#/components/schemas/io.k8s.api.core.v1.Pod"));
  StopPedia();
  StartPedia();
  UntilLookedAt(east);
  EXPECT_EQ(Answers(east, "/openapi/v2"), 1);

  PutWidgets(east, "girth");
  Eventually("the definition shows", [&] {
    return Document("east", "apis/example.com/v1").find("girth") != std::string::npos;
  });
  east.server->SetOpenApi(OpenApiOffer::kVersion3);  // It has been upgraded.
  Eventually("the documents are those of version 3", [&] {
    return Document("east", "api/v1") ==
           *discovery::ReduceOpenApiDocument(east.world.OpenApi("/openapi/v3/api/v1")->json);
  });
}

TEST_F(SyncOpenApiTest, AMemberNeedNotHaveAny) {
  GivenAMember("east").server->SetOpenApi(OpenApiOffer::kNone);
  Member& west = GivenAMember("west");
  west.server->faults().Add({.kind = FaultKind::kStatus,
                             .request = RequestKind::kOpenApi,
                             .path_prefix = "",
                             .code = 403});
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  UntilLookedAt(west);
  EXPECT_THAT(Paths("east"), IsEmpty());
  EXPECT_THAT(Paths("west"), IsEmpty());
}

TEST_F(SyncOpenApiTest, ABadDocumentStopsNoOtherAndIsAskedForAgain) {
  for (const FaultKind kind : {FaultKind::kStatus, FaultKind::kGarbage, FaultKind::kTruncate,
                               FaultKind::kDrop, FaultKind::kStall}) {
    const std::string name = "member-" + std::to_string(static_cast<int>(kind));
    member::Fault fault;
    fault.kind = kind;
    fault.path_prefix = "/openapi/v3/apis/apiextensions.k8s.io/v1";
    fault.code = 404;
    fault.after_bytes = 100;
    GivenAMember(name).server->faults().Add(fault);
  }
  StartPedia();
  for (const auto& [name, member] : members_) UntilStored(name, {"api/v1", "apis/apps/v1"});
  for (const auto& [name, member] : members_) member->server->faults().Clear();
  for (const auto& [name, member] : members_) UntilStored(name, kBasic);
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncOpenApiTest, ABadIndexIsReadAgain) {
  Member& east = GivenAMember("east");
  for (const FaultKind kind : {FaultKind::kGarbage, FaultKind::kStatus, FaultKind::kStall}) {
    member::Fault fault;
    fault.kind = kind;
    fault.path_prefix = kIndex;
    fault.count = 1;
    fault.after_bytes = 10;
    east.server->faults().Add(fault);
  }
  StartPedia();
  UntilStored("east", kBasic);
}

TEST_F(SyncOpenApiTest, WhileTheStoreIsAwayFewDocumentsAreFetched) {
  Member& east = GivenAMember("east");
  PutWidgets(east, "girth");
  member::Fault fault;
  fault.kind = FaultKind::kStatus;
  fault.path_prefix = kIndex;
  fault.code = 503;
  east.server->faults().Add(fault);
  StartPedia();
  UntilEverythingIsListed();
  SetStoreOutage(true);
  east.server->faults().Clear();
  Eventually("two documents wait", [&] { return Given(east) == 2; });
  const uint64_t checks = east.server->Requests(RequestKind::kHealth);
  Eventually("time passes",
             [&] { return east.server->Requests(RequestKind::kHealth) > checks + 3; });
  EXPECT_EQ(Given(east), 2);
  SetStoreOutage(false);
  UntilStored("east",
              {"api/v1", "apis/apiextensions.k8s.io/v1", "apis/apps/v1", "apis/example.com/v1"});
}

TEST_F(SyncOpenApiTest, DocumentsThatTheStoreHasLostAreFetchedAgain) {
  Member& east = GivenAMember("east");
  StartPedia();
  UntilStored("east", kBasic);
  ASSERT_THAT(store().SaveClusterRecord({"east", "{}", {}}), IsOk());  // Nobody names them now.
  ASSERT_THAT(Document("east", "api/v1"), IsEmpty());
  PutWidgets(east, "girth");  // A reason to save the record.
  UntilStored("east",
              {"api/v1", "apis/apiextensions.k8s.io/v1", "apis/apps/v1", "apis/example.com/v1"});
  EXPECT_EQ(Answers(east, "/openapi/v3/api/v1"), 2);
}

}  // namespace
}  // namespace pedia::synchro

#include "cmd/cluster_sources.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "synchro/pedia_cluster.h"
#include "tests/testing/matchers.h"

namespace pedia::cmd {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Names(const std::vector<synchro::ClusterSpec>& specs) {
  std::vector<std::string> names;
  for (const auto& spec : specs) names.push_back(spec.name + (spec.config.ok() ? "" : " (broken)"));
  return names;
}

std::string Manifest(const std::string& name) {
  return "apiVersion: cluster.clusterpedia.io/v1alpha2\nkind: PediaCluster\nmetadata:\n  name: " +
         name +
         "\nspec:\n  apiserver: https://10.0.0.1:6443\n  tokenData: eA==\n  syncResources:\n  - "
         "group: apps\n    resources: [deployments]\n";
}

constexpr const char* kKubeconfig = R"(
apiVersion: v1
kind: Config
clusters:
- {name: a, cluster: {server: "https://10.0.0.1:6443", insecure-skip-tls-verify: true}}
- {name: b, cluster: {server: "https://10.0.0.2:6443", insecure-skip-tls-verify: true}}
- {name: pedia, cluster: {server: "https://127.0.0.1:8443/apis/clusterpedia.io/v1beta1/resources"}}
users:
- {name: u, user: {token: t}}
contexts:
- {name: Admin@Prod, context: {cluster: a, user: u}}
- {name: prod-other-namespace, context: {cluster: a, user: u, namespace: x}}
- {name: b, context: {cluster: b, user: u}}
- {name: pedia, context: {cluster: pedia, user: u}}
- {name: nowhere, context: {cluster: missing, user: u}}
)";

class ClusterSourcesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/pedia-sources-XXXXXX";
    root_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::filesystem::path Write(const std::string& name, const std::string& text) {
    // Replaced as editors do it, so that inode and time change.
    std::ofstream(root_ / (name + ".new")) << text;
    std::filesystem::rename(root_ / (name + ".new"), root_ / name);
    return root_ / name;
  }
  SourceOptions Manifests() const {
    SourceOptions options;
    options.use_kubeconfig = false;
    options.manifests = {root_};
    return options;
  }

  std::filesystem::path root_;
};

TEST_F(ClusterSourcesTest, ContextsBecomeClustersBrokenOnesStayNamedAndPediaItselfIsLeftOut) {
  SourceOptions options;
  options.kubeconfig = Write("config", kKubeconfig);
  ClusterSources sources(options);
  const auto specs = sources.Load();
  ASSERT_THAT(specs, IsOk());
  EXPECT_THAT(Names(*specs), ElementsAre("admin-prod", "b", "nowhere (broken)"));
}

TEST_F(ClusterSourcesTest, AContextThatDoesNotExistIsAnError) {
  SourceOptions options;
  options.kubeconfig = Write("config", kKubeconfig);
  options.contexts = {"b", "typo"};
  EXPECT_THAT(ClusterSources(options).Load(),
              FailsWith(StatusReason::kBadRequest, HasSubstr("'typo'")));
}

// Taken for "no clusters", it would delete everything that is stored.
TEST_F(ClusterSourcesTest, AKubeconfigThatLeadsOnlyToPediaIsAnError) {
  SourceOptions options;
  options.kubeconfig = Write("config", R"(
clusters:
- {name: p, cluster: {server: "https://127.0.0.1:8443/apis/clusterpedia.io/v1beta1/resources"}}
users:
- {name: u, user: {token: t}}
contexts:
- {name: pedia, context: {cluster: p, user: u}}
)");
  EXPECT_THAT(ClusterSources(options).Load(),
              FailsWith(StatusReason::kBadRequest, HasSubstr("leads to pedia itself")));
}

TEST_F(ClusterSourcesTest, AFolderOfManifestsIsWatched) {
  Write("one.yaml", Manifest("one"));
  Write("notes.txt", "not a manifest");
  ClusterSources sources(Manifests());
  auto specs = sources.Load();
  ASSERT_THAT(specs, IsOk());
  EXPECT_THAT(Names(*specs), ElementsAre("one"));
  EXPECT_EQ(sources.Reload(), std::nullopt);

  Write("two.yaml", Manifest("two") + "---\n" + Manifest("three"));
  EXPECT_EQ(sources.Reload(), std::nullopt) << "a file is read when it has settled";
  auto changed = sources.Reload();
  ASSERT_TRUE(changed.has_value());
  EXPECT_THAT(Names(*changed), ElementsAre("one", "two", "three"));

  std::filesystem::remove(root_ / "one.yaml");
  sources.Reload();
  changed = sources.Reload();
  ASSERT_TRUE(changed.has_value());
  EXPECT_THAT(Names(*changed), ElementsAre("two", "three"));
}

TEST_F(ClusterSourcesTest, AFileCaughtHalfWrittenRemovesNothing) {
  Write("one.yaml", Manifest("one"));
  ClusterSources sources(Manifests());
  ASSERT_THAT(sources.Load(), IsOk());
  Write("one.yaml", "apiVersion: [");
  EXPECT_EQ(sources.Reload(), std::nullopt);
  EXPECT_EQ(sources.Reload(), std::nullopt);
  Write("one.yaml", Manifest("renamed"));
  sources.Reload();
  const auto changed = sources.Reload();
  ASSERT_TRUE(changed.has_value());
  EXPECT_THAT(Names(*changed), ElementsAre("renamed"));
}

TEST_F(ClusterSourcesTest, AMalformedManifestIsNamedAtTheStart) {
  const auto file = Write("bad.yaml", Manifest("ok") + "---\nkind: Pod\n");
  EXPECT_THAT(ClusterSources(Manifests()).Load(),
              FailsWith(StatusReason::kBadRequest, HasSubstr(file.string() + ", document 2")));
}

// Their files in any order: the references stand before what they refer to.
TEST_F(ClusterSourcesTest, ClusterSyncResourcesAndSecretsAreFollowedAsFilesChange) {
  Write("a.yaml",
        "apiVersion: cluster.clusterpedia.io/v1alpha2\nkind: PediaCluster\nmetadata: {name: one}\n"
        "spec:\n  apiserver: https://x\n  syncResourcesRefName: common\n  syncResources: []\n"
        "  authenticationFrom: {token: {name: s, key: t}}\n");
  const auto rules = [](const std::string& resource) {
    return "apiVersion: cluster.clusterpedia.io/v1alpha2\nkind: ClusterSyncResources\n"
           "metadata: {name: common}\nspec: {syncResources: [{group: '', resources: [" +
           resource + "]}]}\n";
  };
  const auto secret = [](const std::string& token) {
    return "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {t: " + token + "}\n";
  };
  Write("b.yaml", rules("pods") + "---\n" + secret("first"));
  ClusterSources sources(Manifests());
  auto specs = sources.Load();
  ASSERT_THAT(specs, IsOk());
  ASSERT_THAT(Names(*specs), ElementsAre("one"));
  EXPECT_EQ((*specs)[0].config->token, "first");
  EXPECT_THAT((*specs)[0].sync_resources, ElementsAre(synchro::SyncRule{"", {}, {"pods"}}));

  Write("b.yaml", rules("nodes") + "---\n" + secret("second"));
  sources.Reload();
  const auto changed = sources.Reload();
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ((*changed)[0].config->token, "second");
  EXPECT_THAT((*changed)[0].sync_resources, ElementsAre(synchro::SyncRule{"", {}, {"nodes"}}));
}

TEST_F(ClusterSourcesTest, TheFirstOfTwoDefinitionsCounts) {
  Write("a.yaml", Manifest("one"));
  Write("b.yaml",
        "apiVersion: cluster.clusterpedia.io/v1alpha2\nkind: PediaCluster\nmetadata: "
        "{name: one}\nspec: {syncResources: []}\n");
  const auto specs = ClusterSources(Manifests()).Load();
  ASSERT_THAT(specs, IsOk());
  EXPECT_THAT(Names(*specs), ElementsAre("one"));
}

TEST(ClusterNameOfContextTest, IsAlwaysAClusterName) {
  EXPECT_EQ(ClusterNameOfContext("kubernetes-admin@kubernetes"), "kubernetes-admin-kubernetes");
  EXPECT_EQ(ClusterNameOfContext("arn:aws:eks:eu-1:42:cluster/Prod"),
            "arn-aws-eks-eu-1-42-cluster-prod");
  EXPECT_EQ(ClusterNameOfContext("a..b"), "a-b");
  EXPECT_EQ(ClusterNameOfContext("@@"), "context");
  for (const char* name : {"", "..", "a.", ".a", "-a-", "a@.b", "a.@b", "\xC3\xA4", "A B"}) {
    EXPECT_TRUE(synchro::IsClusterName(ClusterNameOfContext(name)))
        << name << " -> " << ClusterNameOfContext(name);
  }
}

TEST(ParseSyncFlagTest, ReadsResourcesAndGroups) {
  const auto rules =
      ParseSyncFlag({"pods", "deployments.apps", "*", "crontabs.stable.example.com"});
  ASSERT_THAT(rules, IsOk());
  EXPECT_THAT(*rules, ElementsAre(synchro::SyncRule{"", {}, {"pods"}},
                                  synchro::SyncRule{"apps", {}, {"deployments"}},
                                  synchro::SyncRule{"*", {}, {"*"}},
                                  synchro::SyncRule{"stable.example.com", {}, {"crontabs"}}));
  for (const char* item : {"", ".apps", "pods.", "apps/v1"}) {
    EXPECT_THAT(ParseSyncFlag({item}),
                FailsWith(StatusReason::kBadRequest, HasSubstr("'" + std::string(item) + "'")));
  }
}

}  // namespace
}  // namespace pedia::cmd

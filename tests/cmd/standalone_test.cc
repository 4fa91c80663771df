#include "cmd/standalone.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "tests/testing/matchers.h"

namespace pedia::cmd {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;

class ReadCollectionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "pedia-collections-XXXXXX";
    root_ = mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::filesystem::path Write(const std::string& text) {
    std::ofstream(root_ / "c.yaml") << text;
    return root_ / "c.yaml";
  }
  std::filesystem::path root_;
};

constexpr const char* kManifest = R"(
apiVersion: clusterpedia.io/v1beta1
kind: CollectionResource
metadata: {name: network}
resourceTypes: [{group: "", resource: services}, {group: networking.k8s.io}]
)";

TEST_F(ReadCollectionsTest, ReadsAFile) {
  const auto collections = ReadCollections(Write(kManifest));
  ASSERT_THAT(collections, IsOk());
  ASSERT_EQ(collections->size(), 1u);
  EXPECT_EQ((*collections)[0].name, "network");
}

TEST_F(ReadCollectionsTest, NamesFileDocumentAndField) {
  const auto file = Write(kManifest + std::string("---") + kManifest);
  EXPECT_THAT(
      ReadCollections(file),
      FailsWith(StatusReason::kBadRequest,
                file.string() + ": document 2: metadata.name: 'network' is defined already"));
}

TEST_F(ReadCollectionsTest, NamesAFileThatIsNotThere) {
  const auto collections = ReadCollections(root_ / "missing.yaml");
  ASSERT_FALSE(collections.ok());
  EXPECT_THAT(collections.status().message(), ::testing::HasSubstr("missing.yaml"));
}

}  // namespace
}  // namespace pedia::cmd

#include "cmd/data_directory.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>

#include "meta/time.h"
#include "tests/testing/matchers.h"

namespace pedia::cmd {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;

constexpr int64_t kDay = 86400;

class DataDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/pedia-data-XXXXXX";
    root_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::filesystem::path Folder() const { return root_ / "a/b"; }

  std::filesystem::path root_;
};

TEST_F(DataDirectoryTest, ASecondProcessIsRefusedAndTold) {
  {
    const auto first = DataDirectory::Open(Folder());
    ASSERT_THAT(first, IsOk());
    EXPECT_THAT(DataDirectory::Open(Folder()),
                FailsWith(StatusReason::kConflict,
                          HasSubstr("in use by process " + std::to_string(getpid()))));
  }
  EXPECT_THAT(DataDirectory::Open(Folder()), IsOk());
}

TEST_F(DataDirectoryTest, AnUnusablePathIsNamed) {
  ASSERT_THAT(WriteFileAtomically(root_ / "file", "x"), IsOk());
  EXPECT_THAT(DataDirectory::Open(root_ / "file"),
              FailsWith(StatusReason::kInternalError, HasSubstr((root_ / "file").string())));
}

TEST_F(DataDirectoryTest, CredentialsAreKeptUntilTheyAgeOrTheAddressChanges) {
  const auto directory = DataDirectory::Open(Folder());
  ASSERT_THAT(directory, IsOk());
  const int64_t now = UnixNow();
  const auto first = directory->LoadCredentials({"localhost", "127.0.0.1"}, now);
  ASSERT_THAT(first, IsOk());
  EXPECT_TRUE(certs::IsIssuedBy(first->serving, first->ca_pem));
  EXPECT_EQ(certs::ReadCertificate(first->client.certificate_pem)->common_name, kClientName);

  const auto again = directory->LoadCredentials({"localhost", "127.0.0.1"}, now);
  EXPECT_EQ(again->serving.certificate_pem, first->serving.certificate_pem);
  EXPECT_EQ(again->client.key_pem, first->client.key_pem);
  EXPECT_EQ(again->token, first->token);

  const auto moved = directory->LoadCredentials({"localhost", "10.0.0.9"}, now);
  EXPECT_NE(moved->serving.certificate_pem, first->serving.certificate_pem);
  EXPECT_EQ(moved->ca_pem, first->ca_pem);

  const auto aged = directory->LoadCredentials({"localhost", "10.0.0.9"}, now + 340 * kDay);
  EXPECT_NE(aged->serving.certificate_pem, moved->serving.certificate_pem);
  EXPECT_NE(aged->client.certificate_pem, first->client.certificate_pem);
  EXPECT_EQ(aged->ca_pem, first->ca_pem);
  EXPECT_EQ(aged->token, first->token);
}

TEST_F(DataDirectoryTest, DamagedFilesAreMadeAnew) {
  const auto directory = DataDirectory::Open(Folder());
  ASSERT_THAT(directory, IsOk());
  const int64_t now = UnixNow();
  ASSERT_THAT(directory->LoadCredentials({"localhost"}, now), IsOk());
  for (const char* file : {"ca.crt", "ca.key", "serving.crt", "client.key", "token"}) {
    ASSERT_THAT(WriteFileAtomically(Folder() / file, "rubbish"), IsOk());
    const auto credentials = directory->LoadCredentials({"localhost"}, now);
    ASSERT_THAT(credentials, IsOk()) << file;
    EXPECT_TRUE(certs::IsIssuedBy(credentials->serving, credentials->ca_pem)) << file;
    EXPECT_TRUE(certs::IsIssuedBy(credentials->client, credentials->ca_pem)) << file;
    EXPECT_EQ(credentials->token.size(), 64u) << file;
  }
}

TEST_F(DataDirectoryTest, TheKubeconfigIsPrivateAndNamesEveryCluster) {
  const auto directory = DataDirectory::Open(Folder());
  ASSERT_THAT(directory, IsOk());
  const auto credentials = directory->LoadCredentials({"localhost"}, UnixNow());
  ASSERT_THAT(credentials, IsOk());
  ASSERT_THAT(directory->WriteKubeconfig(*credentials, "https://127.0.0.1:8443", {"c1", "pedia"}),
              IsOk());
  const auto text = ReadFile(directory->KubeconfigPath());
  ASSERT_THAT(text, IsOk());
  EXPECT_THAT(
      *text,
      HasSubstr(R"("server": "https://127.0.0.1:8443/apis/clusterpedia.io/v1beta1/resources")"));
  EXPECT_THAT(
      *text,
      HasSubstr(
          R"("server": "https://127.0.0.1:8443/apis/clusterpedia.io/v1beta1/resources/clusters/c1")"));
  EXPECT_THAT(*text, HasSubstr(R"("name": "pedia-cluster")"));
  EXPECT_THAT(*text, HasSubstr(R"("current-context": "pedia")"));
  struct stat info {};
  ASSERT_EQ(stat(directory->KubeconfigPath().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

}  // namespace
}  // namespace pedia::cmd

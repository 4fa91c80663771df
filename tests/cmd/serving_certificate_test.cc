#include "cmd/serving_certificate.h"

#include <gmock/gmock.h>

#include <fstream>

#include "certs/key_pair.h"
#include "meta/time.h"
#include "tests/kube/temporary_folder.h"
#include "tests/testing/matchers.h"

namespace pedia::cmd {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ServingCertificateTest : public ::testing::Test {
 protected:
  static certs::KeyPair Make(const std::string& name) {
    const auto ca = certs::MakeCertificateAuthority("ca", 86400);
    certs::CertificateRequest request;
    request.common_name = name;
    return *certs::IssueCertificate(*ca, request);
  }
  std::string File(const std::string& name) const { return (folder_.path() / name).string(); }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(File(name), std::ios::trunc) << text;
  }
  void WritePair(const std::string& name, const certs::KeyPair& pair) const {
    Write(name + ".crt", pair.certificate_pem);
    Write(name + ".key", pair.key_pem);
  }
  ServingCertificateOptions FromFiles() const {
    ServingCertificateOptions options;
    options.certificate_file = File("tls.crt");
    options.key_file = File("tls.key");
    return options;
  }

  kube::TemporaryFolder folder_;
};

TEST_F(ServingCertificateTest, ReadsFilesAgainWhenTheyChange) {
  const certs::KeyPair first = Make("first"), second = Make("second");
  WritePair("tls", first);
  ServingCertificate certificate(FromFiles());
  ASSERT_THAT(certificate.Load(UnixNow()), IsOk());
  EXPECT_EQ(certificate.tls().certificate_pem, first.certificate_pem);
  EXPECT_FALSE(certificate.Reload(UnixNow()));
  WritePair("tls", second);
  EXPECT_TRUE(certificate.Reload(UnixNow()));
  EXPECT_EQ(certificate.tls().certificate_pem, second.certificate_pem);
  EXPECT_EQ(certificate.tls().key_pem, second.key_pem);
}

TEST_F(ServingCertificateTest, KeepsTheOldPairWhileTheFilesDoNotFit) {
  const certs::KeyPair first = Make("first"), second = Make("second");
  WritePair("tls", first);
  ServingCertificate certificate(FromFiles());
  ASSERT_THAT(certificate.Load(UnixNow()), IsOk());
  Write("tls.crt", second.certificate_pem);  // The key follows later.
  EXPECT_FALSE(certificate.Reload(UnixNow()));
  EXPECT_EQ(certificate.tls().certificate_pem, first.certificate_pem);
  Write("tls.key", second.key_pem);
  EXPECT_TRUE(certificate.Reload(UnixNow()));
}

TEST_F(ServingCertificateTest, NamesTheFilesThatCannotBeUsed) {
  ServingCertificate missing(FromFiles());
  EXPECT_THAT(missing.Load(UnixNow()),
              FailsWith(StatusReason::kBadRequest, HasSubstr(File("tls.crt"))));
  ServingCertificateOptions half = FromFiles();
  half.key_file.clear();
  EXPECT_THAT(ServingCertificate(half).Load(UnixNow()),
              FailsWith(StatusReason::kBadRequest, HasSubstr("--tls-private-key-file")));
}

TEST_F(ServingCertificateTest, MakesOneForItsNamesAndKeepsIt) {
  ServingCertificateOptions options;
  options.directory = File("made");
  options.host_names = {"localhost", "127.0.0.1"};
  ServingCertificate certificate(options);
  ASSERT_THAT(certificate.Load(UnixNow()), IsOk());
  const auto info = certs::ReadCertificate(certificate.tls().certificate_pem);
  ASSERT_THAT(info, IsOk());
  EXPECT_THAT(info->dns_names, Contains("localhost"));
  EXPECT_THAT(info->ip_addresses, Contains("127.0.0.1"));
  ServingCertificate again(options);
  ASSERT_THAT(again.Load(UnixNow()), IsOk());
  EXPECT_EQ(again.tls().certificate_pem, certificate.tls().certificate_pem);
  EXPECT_TRUE(again.Reload(UnixNow() + 360 * 86400)) << "near its end";
}

TEST_F(ServingCertificateTest, DoesWithoutAFolderThatCanBeWritten) {
  Write("file", "");
  ServingCertificateOptions options;
  options.directory = File("file") + "/below";
  options.host_names = {"localhost"};
  ServingCertificate certificate(options);
  EXPECT_THAT(certificate.Load(UnixNow()), IsOk());
  EXPECT_THAT(certs::ReadCertificate(certificate.tls().certificate_pem), IsOk());
}

TEST(ParseSniFlagTest, ReadsFilesAndNames) {
  const auto files = ParseSniFlag("a.crt,a.key:foo.example,*.example");
  ASSERT_THAT(files, IsOk());
  EXPECT_EQ(files->certificate, "a.crt");
  EXPECT_EQ(files->key, "a.key");
  EXPECT_THAT(files->names, ElementsAre("foo.example", "*.example"));
  EXPECT_THAT(ParseSniFlag("a.crt,a.key")->names, IsEmpty());
  for (const char* text : {"", "a.crt", "a.crt,", ",a.key", ":x"})
    EXPECT_THAT(ParseSniFlag(text), FailsWith(StatusReason::kBadRequest, HasSubstr("\"")));
}

}  // namespace
}  // namespace pedia::cmd

#include "certs/key_pair.h"

#include <gmock/gmock.h>

#include "meta/time.h"
#include "tests/testing/matchers.h"

namespace pedia::certs {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(KeyPairTest, AnIssuedCertificateSaysWhatWasAskedFor) {
  const auto ca = MakeCertificateAuthority("test-ca", 1000);
  ASSERT_THAT(ca, IsOk());
  const auto pair = IssueCertificate(*ca, {.common_name = "alice",
                                           .organizations = {"admins", "devs"},
                                           .dns_names = {"localhost"},
                                           .ip_addresses = {"127.0.0.1", "::1"},
                                           .usage = Usage::kClient,
                                           .lifetime_seconds = 500});
  ASSERT_THAT(pair, IsOk());
  const auto info = ReadCertificate(pair->certificate_pem);
  ASSERT_THAT(info, IsOk());
  EXPECT_EQ(info->common_name, "alice");
  EXPECT_THAT(info->organizations, ElementsAre("admins", "devs"));
  EXPECT_THAT(info->dns_names, ElementsAre("localhost"));
  EXPECT_THAT(info->ip_addresses, ElementsAre("127.0.0.1", "::1"));
  EXPECT_LT(info->not_before, UnixNow());
  EXPECT_NEAR(static_cast<double>(info->not_after - UnixNow()), 500, 60);
  EXPECT_TRUE(IsIssuedBy(*pair, ca->certificate_pem));
}

TEST(KeyPairTest, AnotherCaDidNotIssueIt) {
  const auto ca = MakeCertificateAuthority("test-ca", 1000);
  const auto other = MakeCertificateAuthority("test-ca", 1000);
  const auto pair = IssueCertificate(
      *ca, {.common_name = "x", .organizations = {}, .dns_names = {}, .ip_addresses = {}});
  ASSERT_THAT(pair, IsOk());
  EXPECT_FALSE(IsIssuedBy(*pair, other->certificate_pem));
  EXPECT_FALSE(IsIssuedBy({pair->certificate_pem, other->key_pem}, ca->certificate_pem));
}

TEST(KeyPairTest, SaysWhichHalfOfAPairIsBad) {
  const auto ca = MakeCertificateAuthority("test-ca", 1000);
  const auto other = MakeCertificateAuthority("test-ca", 1000);
  EXPECT_THAT(CheckKeyPair(*ca), IsOk());
  EXPECT_THAT(CheckKeyPair({"rubbish", ca->key_pem}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("certificate")));
  EXPECT_THAT(CheckKeyPair({ca->certificate_pem, ""}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("key is not")));
  EXPECT_THAT(CheckKeyPair({ca->certificate_pem, other->key_pem}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("does not belong")));
  EXPECT_THAT(ReadCertificate("-----BEGIN CERTIFICATE-----\nAAAA\n"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("PEM")));
}

TEST(MakeTokenTest, IsLongAndNeverTheSame) {
  const auto a = MakeToken(), b = MakeToken();
  EXPECT_EQ(a->size(), 64u);
  EXPECT_NE(*a, *b);
}

}  // namespace
}  // namespace pedia::certs

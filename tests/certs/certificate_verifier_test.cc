#include "certs/certificate_verifier.h"

#include <gmock/gmock.h>

#include "meta/time.h"
#include "tests/certs/certificate_builder.h"
#include "tests/testing/matchers.h"

namespace pedia::certs {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kDay = 86400;
const char kAuthority[] = "critical,CA:TRUE";
const char kSigns[] = "critical,keyCertSign,cRLSign";

KeyPair Authority(const std::string& name, const std::optional<KeyPair>& issuer = {},
                  const std::string& constraints = kAuthority) {
  return BuildCertificate(
      {.subject = {{"CN", name}}, .basic_constraints = constraints, .key_usage = kSigns}, issuer);
}

KeyPair Client(const KeyPair& issuer, const std::string& usages = "clientAuth") {
  return BuildCertificate({.subject = {{"O", "dev"}, {"O", "ops"}, {"CN", "jane"}},
                           .key_usage = "critical,digitalSignature",
                           .extended_key_usage = usages},
                          issuer);
}

Result<VerifiedClient> Verify(const std::string& bundle, const std::vector<std::string>& chain,
                              int64_t after = 0) {
  const auto pool = CertificatePool::Parse(bundle);
  EXPECT_THAT(pool, IsOk());
  if (!pool.ok()) return pool.status();
  return (*pool)->VerifyClient(ToDer(chain), UnixNow() + after);
}

auto IsRefused(const std::string& why) {
  return FailsWith(StatusReason::kUnauthorized, HasSubstr(why));
}

TEST(CertificatePoolTest, SaysWhoTheClientIs) {
  const KeyPair ca = Authority("ca");
  const auto client = Verify(ca.certificate_pem, {Client(ca).certificate_pem});
  ASSERT_THAT(client, IsOk());
  EXPECT_EQ(client->common_name, "jane");
  EXPECT_THAT(client->organizations, ElementsAre("dev", "ops"));
  EXPECT_NEAR(static_cast<double>(client->not_after - UnixNow()), 600, 60);
}

TEST(CertificatePoolTest, OfSeveralCommonNamesTheLastCounts) {
  const KeyPair ca = Authority("ca");
  const KeyPair two = BuildCertificate({.subject = {{"CN", "front"}, {"CN", "jane"}}}, ca);
  const auto client = Verify(ca.certificate_pem, {two.certificate_pem});
  ASSERT_THAT(client, IsOk());
  EXPECT_EQ(client->common_name, "jane");
}

TEST(CertificatePoolTest, TakesEachAuthorityOfABundle) {
  const KeyPair old_ca = Authority("ca"), new_ca = Authority("ca"), key = Authority("other");
  const std::string bundle =
      "# comment\n" + old_ca.certificate_pem + key.key_pem + new_ca.certificate_pem;
  EXPECT_THAT(Verify(bundle, {Client(old_ca).certificate_pem}), IsOk());
  EXPECT_THAT(Verify(bundle, {Client(new_ca).certificate_pem}), IsOk());
}

TEST(CertificatePoolTest, RefusesWhatAnotherAuthoritySigned) {
  const KeyPair ca = Authority("ca"), namesake = Authority("ca"), other = Authority("other");
  EXPECT_THAT(Verify(ca.certificate_pem, {Client(other).certificate_pem}), IsRefused("issuer"));
  EXPECT_THAT(Verify(ca.certificate_pem, {Client(namesake).certificate_pem}), IsRefused(""));
  EXPECT_THAT(
      Verify(ca.certificate_pem, {Client(namesake).certificate_pem, namesake.certificate_pem}),
      IsRefused(""));
  EXPECT_THAT(Verify(ca.certificate_pem, {other.certificate_pem}), IsRefused("self"));
}

TEST(CertificatePoolTest, RefusesOutsideOfItsTime) {
  const KeyPair ca = Authority("ca");
  const std::string client = Client(ca).certificate_pem;
  EXPECT_THAT(Verify(ca.certificate_pem, {client}, kDay), IsRefused("expired"));
  EXPECT_THAT(Verify(ca.certificate_pem, {client}, -kDay), IsRefused("not yet valid"));
}

TEST(CertificatePoolTest, AnAuthorityMustNotHaveExpiredEither) {
  const auto ca = MakeCertificateAuthority("ca", 300);
  CertificateRequest request;
  request.common_name = "jane";
  request.usage = Usage::kClient;
  request.lifetime_seconds = 10 * kDay;
  const std::string client = IssueCertificate(*ca, request)->certificate_pem;
  const auto now = Verify(ca->certificate_pem, {client});
  ASSERT_THAT(now, IsOk());
  EXPECT_LE(now->not_after, UnixNow() + 300);
  EXPECT_THAT(Verify(ca->certificate_pem, {client}, kDay), IsRefused("expired"));
}

TEST(CertificatePoolTest, LooksAtTheUsages) {
  const KeyPair ca = Authority("ca");
  EXPECT_THAT(Verify(ca.certificate_pem, {Client(ca, "").certificate_pem}), IsOk());
  EXPECT_THAT(Verify(ca.certificate_pem, {Client(ca, "anyExtendedKeyUsage").certificate_pem}),
              IsOk());
  EXPECT_THAT(Verify(ca.certificate_pem, {Client(ca, "serverAuth,clientAuth").certificate_pem}),
              IsOk());
  EXPECT_THAT(Verify(ca.certificate_pem, {Client(ca, "serverAuth").certificate_pem}),
              IsRefused("purpose"));
  const KeyPair servers_only = BuildCertificate({.subject = {{"CN", "servers"}},
                                                 .basic_constraints = kAuthority,
                                                 .key_usage = kSigns,
                                                 .extended_key_usage = "serverAuth"},
                                                {});
  EXPECT_THAT(Verify(servers_only.certificate_pem, {Client(servers_only).certificate_pem}),
              IsRefused("purpose"));
}

TEST(CertificatePoolTest, FindsIntermediatesInWhatTheClientSent) {
  const KeyPair ca = Authority("ca");
  const KeyPair upper = Authority("upper", ca), lower = Authority("lower", upper);
  const std::string client = Client(lower).certificate_pem;
  EXPECT_THAT(Verify(ca.certificate_pem, {client, lower.certificate_pem, upper.certificate_pem}),
              IsOk());
  EXPECT_THAT(Verify(ca.certificate_pem, {client, upper.certificate_pem, lower.certificate_pem}),
              IsOk());
  EXPECT_THAT(Verify(ca.certificate_pem, {client, lower.certificate_pem}), IsRefused("issuer"));
  // What stands in the bundle is trusted as it is.
  EXPECT_THAT(Verify(lower.certificate_pem, {client}), IsOk());
}

TEST(CertificatePoolTest, NobodyButAnAuthorityMaySign) {
  const KeyPair ca = Authority("ca");
  const KeyPair client = Client(ca);
  const KeyPair silent = BuildCertificate({.subject = {{"CN", "silent"}}}, ca);
  const KeyPair forbidden = BuildCertificate({.subject = {{"CN", "no-signing"}},
                                              .basic_constraints = kAuthority,
                                              .key_usage = "critical,digitalSignature"},
                                             ca);
  for (const KeyPair& issuer : {client, silent, forbidden}) {
    EXPECT_THAT(
        Verify(ca.certificate_pem, {Client(issuer).certificate_pem, issuer.certificate_pem}),
        IsRefused(""));
  }
}

TEST(CertificatePoolTest, HoldsPathLengths) {
  const KeyPair ca = Authority("ca", {}, "critical,CA:TRUE,pathlen:0");
  const KeyPair below = Authority("below", ca);
  EXPECT_THAT(Verify(ca.certificate_pem, {Client(ca).certificate_pem}), IsOk());
  EXPECT_THAT(Verify(ca.certificate_pem, {Client(below).certificate_pem, below.certificate_pem}),
              IsRefused("path length"));
}

TEST(CertificatePoolTest, RefusesWeakSignatures) {
  const KeyPair ca = Authority("ca");
  const KeyPair weak = BuildCertificate({.subject = {{"CN", "jane"}}, .sha1 = true}, ca);
  EXPECT_THAT(Verify(ca.certificate_pem, {weak.certificate_pem}), IsRefused(""));
}

TEST(CertificatePoolTest, TakesAnyBytesAsAChain) {
  const KeyPair ca = Authority("ca");
  const auto pool = CertificatePool::Parse(ca.certificate_pem);
  ASSERT_THAT(pool, IsOk());
  const std::string good = ToDer({Client(ca).certificate_pem}).front();
  const std::vector<std::vector<std::string>> chains = {
      {}, {""}, {"rubbish"}, {good.substr(0, 100)}, {good + "x"}, {std::string(100'000, '\x30')}};
  for (const std::vector<std::string>& chain : chains)
    EXPECT_THAT((*pool)->VerifyClient(chain, UnixNow()), FailsWith(StatusReason::kUnauthorized, _));
  const std::vector<std::string> more = {good, "rubbish", ""};
  EXPECT_THAT((*pool)->VerifyClient(more, UnixNow()), IsOk());
}

TEST(CertificatePoolTest, RefusesBrokenBundles) {
  const KeyPair ca = Authority("ca");
  for (const std::string& bundle :
       {std::string(), std::string("rubbish"), ca.key_pem,
        ca.certificate_pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ca.certificate_pem + "-----BEGIN CERTIFICATE-----\nMIIB",
        std::string("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n")}) {
    EXPECT_THAT(CertificatePool::Parse(bundle), FailsWith(StatusReason::kBadRequest, _)) << bundle;
  }
}

}  // namespace
}  // namespace pedia::certs

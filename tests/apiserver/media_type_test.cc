#include "apiserver/media_type.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;

std::string Describe(const HeaderFields& headers, MediaScope scope) {
  const Result<MediaType> media = NegotiateMediaType(headers, scope);
  if (!media.ok()) return std::to_string(media.status().http_code());
  static constexpr const char* kNames[] = {"", " Table", " Partial", " PartialList", " Discovery"};
  static constexpr const char* kFormats[] = {"json", "yaml", "protobuf"};
  return kFormats[static_cast<int>(media->format)] +
         std::string(kNames[static_cast<int>(media->transform)]) +
         (media->version.empty() ? "" : " " + media->version);
}

struct Case {
  std::string accept;
  std::string expected;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.accept; }

class OpenApiV2AcceptTest : public ::testing::TestWithParam<Case> {};
TEST_P(OpenApiV2AcceptTest, IsNegotiated) {
  EXPECT_EQ(Describe({{"Accept", GetParam().accept}}, MediaScope::kOpenApiV2), GetParam().expected)
      << GetParam().accept;
}
INSTANTIATE_TEST_SUITE_P(
    All, OpenApiV2AcceptTest,
    ::testing::Values(
        Case{"", "json"}, Case{"*/*", "json"}, Case{"application/json", "json"},
        Case{"application/com.github.proto-openapi.spec.v2@v1.0+protobuf", "protobuf"},
        Case{"application/com.github.proto-openapi.spec.v2.v1.0+protobuf", "protobuf"},
        Case{"application/com.github.proto-openapi.spec.v2@v1.0+gzip", "406"},
        Case{"application/com.github.proto-openapi.spec.v3.v1.0+protobuf", "406"}));

class ObjectsAcceptTest : public ::testing::TestWithParam<Case> {};
TEST_P(ObjectsAcceptTest, IsNegotiated) {
  EXPECT_EQ(Describe({{"Accept", GetParam().accept}}, MediaScope::kObjects), GetParam().expected)
      << GetParam().accept;
}
INSTANTIATE_TEST_SUITE_P(
    All, ObjectsAcceptTest,
    ::testing::Values(
        Case{"", "json"}, Case{"*/*", "json"}, Case{"application/*", "json"},
        Case{"application/json", "json"}, Case{"APPLICATION/JSON ; charset=utf-8", "json"},
        Case{"application/yaml", "yaml"},
        // kubectl, old and new; client-go; controller-runtime.
        Case{"application/json;as=Table;v=v1;g=meta.k8s.io,application/"
             "json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
             "json Table v1"},
        Case{"application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json",
             "json Table v1beta1"},
        Case{"application/json;as=Table;g=meta.k8s.io;v=v1", "json Table v1"},
        Case{"application/vnd.kubernetes.protobuf, application/json", "json"},
        Case{"application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
             "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
             "json PartialList v1"},
        Case{"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "json Partial v1"},
        Case{"application/yaml;as=Table;v=v1;g=meta.k8s.io", "yaml Table v1"},
        // Transforms that there are not are passed over.
        Case{"application/json;as=Table;v=v2;g=meta.k8s.io,application/yaml", "yaml"},
        Case{"application/json;as=Table;v=v1;g=meta.k8s.io;stream=watch,application/json", "json"},
        Case{"application/json;as=Unknown;v=v1;g=meta.k8s.io", "406"},
        Case{
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json",
            "json"},
        // q, specificity, position.
        Case{"application/json;q=0.4,application/yaml;q=0.5", "yaml"},
        Case{"*/*,application/yaml", "yaml"}, Case{"application/yaml;q=0.9,*/*;q=0.8", "yaml"},
        Case{"application/json;q=0,application/yaml;q=0.001", "yaml"},
        Case{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json"},
        // Nothing fits.
        Case{"application/vnd.kubernetes.protobuf", "406"}, Case{"text/html", "406"},
        Case{"application/json;q=0", "406"}, Case{"json", "406"},
        // Noise.
        Case{",,application/yaml,", "yaml"}, Case{"application/yaml;;;q", "yaml"},
        Case{";=;,application/yaml", "yaml"}, Case{"application/yaml;q=x", "yaml"},
        Case{"application/json;as=\"Table\";v=v1;g=meta.k8s.io", "json Table v1"}));

TEST(NegotiateMediaTypeTest, KnowsAggregatedDiscoveryOnlyWhereItIs) {
  const HeaderFields headers = {
      {"accept",
       "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
       "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/"
       "json"}};
  EXPECT_EQ(Describe(headers, MediaScope::kDiscovery), "json Discovery v2");
  EXPECT_EQ(Describe(headers, MediaScope::kDocument), "json");
  EXPECT_EQ(
      Describe(
          {{"Accept", "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"}},
          MediaScope::kDiscovery),
      "json Discovery v2beta1");
}

TEST(NegotiateMediaTypeTest, JoinsRepeatedHeaders) {
  EXPECT_EQ(Describe({{"Accept", "text/html"}, {"Host", "x"}, {"ACCEPT", "application/yaml"}},
                     MediaScope::kDocument),
            "yaml");
  EXPECT_EQ(Describe({}, MediaScope::kDocument), "json");
}

TEST(NegotiateMediaTypeTest, NamesWhatItHas) {
  EXPECT_THAT(
      NegotiateMediaType({{"Accept", "text/html"}}, MediaScope::kObjects),
      FailsWith(StatusReason::kNotAcceptable,
                "only the following media types are accepted: application/json, application/yaml"));
}

TEST(NegotiateMediaTypeTest, GivesTheContentTypeOfDiscovery) {
  const MediaType media{BodyFormat::kJson, Transform::kAggregatedDiscovery, "v2"};
  EXPECT_EQ(media.ContentType(),
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  EXPECT_EQ(MediaType().ContentType(), "application/json");
}

TEST(AcceptsGzipTest, ReadsAcceptEncoding) {
  const auto accepts = [](const char* value) { return AcceptsGzip({{"Accept-Encoding", value}}); };
  EXPECT_TRUE(accepts("gzip"));
  EXPECT_TRUE(accepts("deflate, GZIP;q=0.5"));
  EXPECT_TRUE(accepts("*"));
  EXPECT_FALSE(accepts("gzip;q=0, *"));
  EXPECT_FALSE(accepts("gzip;q=0.000"));
  EXPECT_FALSE(accepts("br, identity"));
  EXPECT_FALSE(accepts("xgzip"));
  EXPECT_FALSE(AcceptsGzip({}));
}

}  // namespace
}  // namespace pedia::apiserver

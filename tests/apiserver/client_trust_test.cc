#include "apiserver/client_trust.h"

#include <gmock/gmock.h>

#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ParseTrustDocumentTest, ReadsWhatKubernetesWrites) {
  const auto document = ParseTrustDocument(R"({"kind":"ConfigMap","apiVersion":"v1",
      "metadata":{"name":"extension-apiserver-authentication"},"data":{
      "client-ca-file":"CLIENTS\n","requestheader-client-ca-file":"PROXY\n","unknown":"x",
      "requestheader-allowed-names":"[\"front-proxy-client\",\"aggregator\"]",
      "requestheader-extra-headers-prefix":"[\"X-Remote-Extra-\"]",
      "requestheader-group-headers":"[\"X-Remote-Group\"]",
      "requestheader-uid-headers":"[\"X-Remote-Uid\"]",
      "requestheader-username-headers":"[\"X-Remote-User\"]"}})");
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->client_ca_pem, "CLIENTS\n");
  EXPECT_EQ(document->front_proxy_ca_pem, "PROXY\n");
  EXPECT_THAT(document->front_proxy_names, ElementsAre("front-proxy-client", "aggregator"));
  EXPECT_THAT(document->front_proxy_headers.name, ElementsAre("X-Remote-User"));
  EXPECT_THAT(document->front_proxy_headers.uid, ElementsAre("X-Remote-Uid"));
  EXPECT_THAT(document->front_proxy_headers.groups, ElementsAre("X-Remote-Group"));
  EXPECT_THAT(document->front_proxy_headers.extra_prefixes, ElementsAre("X-Remote-Extra-"));
}

TEST(ParseTrustDocumentTest, WhatIsMissingIsEmpty) {
  const auto document = ParseTrustDocument(R"({"data":{"requestheader-allowed-names":"[]"}})");
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->client_ca_pem, "");
  EXPECT_THAT(document->front_proxy_names, IsEmpty());
  EXPECT_THAT(document->front_proxy_headers.name, IsEmpty());
  EXPECT_THAT(ParseTrustDocument(R"({"data":{"requestheader-allowed-names":"null"}})"), IsOk());
}

// A list that cannot be read must not become an empty one, which would allow all names.
TEST(ParseTrustDocumentTest, RefusesListsThatAreNone) {
  for (const char* list : {R"([1])", R"([\"a\",null])", R"([[\"a\"]])", R"({})", R"(\"a\")", "a",
                           R"([\"a\")", R"([\"a\",])", "nil", " "}) {
    EXPECT_THAT(ParseTrustDocument(std::string(R"({"data":{"requestheader-allowed-names":")") +
                                   list + "\"}}"),
                FailsWith(StatusReason::kBadRequest, HasSubstr("requestheader-allowed-names")))
        << list;
  }
}

TEST(ParseTrustDocumentTest, RefusesWhatIsNoObject) {
  for (const char* text : {"", "null", "[]", "{", R"({"data":})", "<html>"})
    EXPECT_THAT(ParseTrustDocument(text), FailsWith(StatusReason::kBadRequest, _)) << text;
}

}  // namespace
}  // namespace pedia::apiserver

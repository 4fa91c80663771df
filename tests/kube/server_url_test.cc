#include "kube/server_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;

struct UrlCase {
  const char* text;
  const char* canonical;
};
class ParseServerUrlTest : public ::testing::TestWithParam<UrlCase> {};
TEST_P(ParseServerUrlTest, Accepts) {
  const auto url = ParseServerUrl(GetParam().text);
  ASSERT_THAT(url, IsOk());
  EXPECT_EQ(url->ToString(), GetParam().canonical);
}
INSTANTIATE_TEST_SUITE_P(
    Table, ParseServerUrlTest,
    ::testing::Values(UrlCase{"https://10.0.0.1:6443", "https://10.0.0.1:6443"},
                      UrlCase{"https://host", "https://host:443"},
                      UrlCase{"http://host/", "http://host:80"},
                      UrlCase{"https://host/k8s/c1//", "https://host:443/k8s/c1"},
                      UrlCase{"https://[::1]:6443/a", "https://[::1]:6443/a"}));

class ParseServerUrlRejectsTest : public ::testing::TestWithParam<UrlCase> {};
TEST_P(ParseServerUrlRejectsTest, WithTheReason) {
  EXPECT_THAT(ParseServerUrl(GetParam().text),
              FailsWith(StatusReason::kBadRequest, HasSubstr(GetParam().canonical)));
}
INSTANTIATE_TEST_SUITE_P(
    Table, ParseServerUrlRejectsTest,
    ::testing::Values(
        UrlCase{"", "no scheme"}, UrlCase{"ftp://h", "neither https nor http"},
        UrlCase{"https://", "no valid host"}, UrlCase{"https://:6443", "no valid host"},
        UrlCase{"https://h:", "no valid port"}, UrlCase{"https://h:0", "no valid port"},
        UrlCase{"https://h:65536", "no valid port"}, UrlCase{"https://h:6a", "no valid port"},
        UrlCase{"https://[::1", "without ']'"}, UrlCase{"https://[::1]x", "no valid port"},
        UrlCase{"https://u:p@h", "user or password"}, UrlCase{"https://h/?a=b", "query"},
        UrlCase{"https://h/#f", "fragment"}, UrlCase{"https://h\r\nX: y", "not valid in a URL"},
        UrlCase{"https://h b", "not valid in a URL"}));

TEST(CheckProxyUrlTest, AcceptsTheSchemesOfKubectl) {
  for (const char* url :
       {"http://p:3128", "https://p", "socks5://p:1080", "socks5h://p", "http://u:p@p:3128/"}) {
    EXPECT_THAT(CheckProxyUrl(url), IsOk()) << url;
  }
  for (const char* url : {"p:3128", "ftp://p", "http://", "http://p:99999", "http://p\n"}) {
    EXPECT_FALSE(CheckProxyUrl(url).ok()) << url;
  }
}

}  // namespace
}  // namespace pedia::kube

#include <gmock/gmock.h>

#include <string>

#include "query/list_options.h"
#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::SizeIs;

Result<std::vector<ResourcePattern>> Parse(std::string_view text) {
  const Result<UrlQuery> query = ParseUrlQuery(text);
  if (!query.ok()) return query.status();
  return ParseResourcePatterns(*query);
}

// "group/version/resource", joined by blanks; "*" for everything.
std::string Parsed(std::string_view text) {
  const auto patterns = Parse(text);
  if (!patterns.ok()) return patterns.status().message();
  std::string out;
  for (const ResourcePattern& pattern : *patterns) {
    out += out.empty() ? "" : " ";
    out += pattern.any_group ? "*" : pattern.group + "/" + pattern.version + "/" + pattern.resource;
  }
  return out;
}

TEST(ParseResourcePatternsTest, ReadsGroupsAndResources) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"groups=apps", "apps//"},
      {"groups=apps/", "apps//"},
      {"groups=example.com/v1,batch", "example.com/v1/ batch//"},
      {"groups=", "//"},
      {"groups", "//"},
      {"groups=/", "//"},
      {"groups=/v1", "/v1/"},
      {"groups=apps,", "apps// //"},
      {"resources=apps/deployments", "apps//deployments"},
      {"resources=/pods,/v1/nodes", "//pods /v1/nodes"},
      {"resources=example.com/v1/widgets", "example.com/v1/widgets"},
      {"resources=+apps+/+deployments+", "apps//deployments"},
      {"groups=batch&resources=/v1/nodes", "batch// /v1/nodes"},
      {"resources=/v1/nodes&groups=batch", "batch// /v1/nodes"},
      // Each once; only the first value of a repeated parameter.
      {"groups=apps,apps,apps/v1&resources=apps//x,apps/x", "apps// apps/v1/ apps//x"},
      {"groups=apps&groups=batch", "apps//"},
      // Everything.
      {"groups=*", "*"},
      {"groups=apps,+*", "*"},
      {"groups=*&resources=pods", "*"},
  };
  for (const auto& [text, parsed] : cases) EXPECT_EQ(Parsed(text), parsed) << text;
}

TEST(ParseResourcePatternsTest, SaysWhatIsWrongInTheWordsOfClusterpedia) {
  const std::string group = "groups query: unexpected GroupVersion string: ";
  const std::string group_form = ", expect <group> or <group>/<version>";
  const std::string resource = "resources query: unexpected GroupVersionResource string: ";
  const std::string resource_form = ", expect <group>/<resource> or <group>/<version>/<resource>";
  const std::pair<std::string_view, std::string> cases[] = {
      {"", "url query - `groups` or `resources` is required"},
      {"limit=3", "url query - `groups` or `resources` is required"},
      {"groups=a/b/c", group + "a/b/c" + group_form},
      {"groups=apps,a/b/", group + "a/b/" + group_form},
      {"groups=a/b/c/d", group + "a/b/c/d" + group_form},
      {"resources=pods", resource + "pods" + resource_form},
      {"resources=", resource + resource_form},
      {"resources=/", resource + "/" + resource_form},
      {"resources=apps/", resource + "apps/" + resource_form},
      {"resources=apps/v1/", resource + "apps/v1/" + resource_form},
      {"resources=/pods,a/b/c/d", resource + "a/b/c/d" + resource_form},
      {"groups=&resources=x", resource + "x" + resource_form},
  };
  for (const auto& [text, message] : cases)
    EXPECT_THAT(Parse(text), FailsWith(StatusReason::kBadRequest, message)) << text;
}

TEST(ParseResourcePatternsTest, LimitsTheNumberOfPatterns) {
  std::string text = "groups=";
  for (int i = 0; i < 255; ++i) text += "g" + std::to_string(i) + ",";
  const auto patterns = Parse(text + ",g0,g1");
  ASSERT_THAT(patterns, IsOk());
  EXPECT_THAT(*patterns, SizeIs(256));
  EXPECT_THAT(Parse(text + ",x"),
              FailsWith(StatusReason::kBadRequest, "groups query: more than 256 of them"));
}

TEST(ParseResourcePatternsTest, KeepsTheAnswerToAHugePatternShort) {
  for (const char* part : {"/", "a", "a/b,"}) {
    std::string text;
    while (text.size() < 1 << 18) text += part;
    const auto patterns = Parse("resources=" + text);
    ASSERT_FALSE(patterns.ok()) << part;
    EXPECT_THAT(patterns.status().message(), SizeIs(::testing::Lt(2000U))) << part;
  }
}

TEST(ParseInjectEventsTest, ReadsTheSwitch) {
  const auto parse = [](std::string_view text) { return ParseInjectEvents(*ParseUrlQuery(text)); };
  EXPECT_FALSE(*parse(""));
  EXPECT_TRUE(*parse("injectEvents=true"));
  EXPECT_TRUE(*parse("injectEvents"));
  EXPECT_FALSE(*parse("injectEvents=0"));
  EXPECT_THAT(
      parse("injectEvents=abc"),
      FailsWith(StatusReason::kBadRequest, "injectEvents: \"abc\" is neither true nor false"));
  EXPECT_TRUE(*parse("labelSelector=search.clusterpedia.io/inject-events%3Dtrue"));
  EXPECT_FALSE(*parse("labelSelector=search.clusterpedia.io/inject-events%3Dtrue&injectEvents=0"));
}

}  // namespace
}  // namespace pedia::query

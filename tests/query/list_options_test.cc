#include "query/list_options.h"

#include <gmock/gmock.h>

#include "query/continue_token.h"
#include "tests/query/list_request.h"
#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using enum OrderColumn;
using ::pedia::query::testing::Parse;
using ::pedia::query::testing::Show;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(ParseListOptionsTest, AnEmptyQueryRestrictsNothing) {
  const Result<ListOptions> options = Parse("");
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(Show(options->clusters) + Show(options->namespaces) + Show(options->names),
            "allallall");
  EXPECT_THAT(options->label_selector, IsEmpty());
  EXPECT_THAT(options->order_by, IsEmpty());
  EXPECT_EQ(options->limit, 0);
  EXPECT_EQ(options->start.token_key, "");
  EXPECT_EQ(options->start.offset, 0);
  EXPECT_EQ(options->with_continue, std::nullopt);
  EXPECT_FALSE(options->with_remaining_count);
  EXPECT_FALSE(options->only_metadata);
  EXPECT_FALSE(options->inject_events);
  EXPECT_FALSE(options->counts_only);
  EXPECT_FALSE(options->owner);
  EXPECT_THAT(options->field_selector, IsEmpty());
  EXPECT_THAT(options->fuzzy_names, IsEmpty());
  EXPECT_THAT(options->not_fuzzy_names, IsEmpty());
  EXPECT_THAT(options->facets, IsEmpty());
  EXPECT_THAT(options->warnings, IsEmpty());
  EXPECT_EQ(options->since, std::nullopt);
  EXPECT_EQ(options->before, std::nullopt);
}

TEST(ParseListOptionsTest, ReadsNames) {
  struct Case {
    std::string_view query;
    std::string_view names;
  };
  const Case cases[] = {
      // URL.
      {"names=web", "in web"},
      {"names=web,cron", "in cron web"},
      {"names=web,+cron+,web", "in cron web"},
      {"names=a,,b", "in '' a b"},
      {"names=system%3Anode", "in system:node"},
      {"names=", "all"},
      {"names=+", "all"},
      {"names=a&names=b", "in a"},
      // Labels, whose operators count.
      {"labelSelector=@names=web", "in web"},
      {"labelSelector=@names==web", "in web"},
      {"labelSelector=@names+in+(web,cron)", "in cron web"},
      {"labelSelector=@names!=web", "all -web"},
      {"labelSelector=@names+notin+(web,cron)", "all -cron -web"},
      {"labelSelector=@names", "all"},
      {"labelSelector=!@names", "all"},
      // Several labels are ANDed.
      {"labelSelector=@names+in+(a,b,c),@names+in+(b,c,d)", "in b c"},
      {"labelSelector=@names=a,@names=b", "in"},
      {"labelSelector=@names+in+(a,b),@names!=a,@names!=z", "in a b -a -z"},
      // The URL wins over the label.
      {"labelSelector=@names=web&names=cron", "in cron"},
      {"labelSelector=@names!=web&names=cron", "in cron"},
      {"labelSelector=@names=web&names=", "in web"},
  };
  for (const Case& c : cases) {
    const Result<ListOptions> options = Parse(c.query);
    ASSERT_THAT(options, IsOk()) << c.query;
    EXPECT_EQ(Show(options->names), c.names) << c.query;
    EXPECT_THAT(options->label_selector, IsEmpty()) << c.query;
  }
}

TEST(ParseListOptionsTest, TellsClustersFromNamespaces) {
  for (const char* query :
       {"clusters=c1&namespaces=n1", "labelSelector=@clusters=c1,@namespaces=n1"}) {
    const Result<ListOptions> options = Parse(query);
    ASSERT_THAT(options, IsOk());
    EXPECT_EQ(Show(options->clusters), "in c1");
    EXPECT_EQ(Show(options->namespaces), "in n1");
    EXPECT_EQ(Show(options->names), "all");
  }
}

TEST(ParseListOptionsTest, ThePathReplacesClustersAndNamespaces) {
  const ListScope scope{{"apps", "v1", "deployments"}, "c9", "n9", "", {}};
  const Result<ListOptions> options =
      Parse("clusters=c1&labelSelector=@namespaces=n1,@clusters!=c9&names=web", scope);
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(Show(options->clusters), "all");
  EXPECT_EQ(Show(options->namespaces), "all");
  EXPECT_EQ(Show(options->names), "in web");
}

TEST(ParseListOptionsTest, LeavesTheObjectsOwnLabelsInTheSelector) {
  const Result<ListOptions> options = Parse("labelSelector=z+in+(c,a,c),@names=web,app=db");
  ASSERT_THAT(options, IsOk());
  ASSERT_THAT(options->label_selector, SizeIs(2));
  EXPECT_EQ(options->label_selector[0].key, "z");
  EXPECT_THAT(options->label_selector[0].values, ElementsAre("a", "c"));
  EXPECT_EQ(options->label_selector[1].key, "app");
}

TEST(ParseListOptionsTest, ReadsTheOrderFromTheUrlOrLabels) {
  struct Case {
    std::string_view query;
    std::vector<OrderBy> order;
  };
  const FieldPath start_time = *ParseFieldPath("", "status.startTime");
  const FieldPath app = *ParseFieldPath("", "metadata.labels.app");
  const Case cases[] = {
      {"orderby=", {}},
      {"orderby=namespace,name+desc", {{kNamespace, false, {}}, {kName, true, {}}}},
      {"orderby=status.startTime+desc,metadata.labels[%27app%27]",
       {{kField, true, start_time}, {kField, false, app}}},
      // Labels keep the order as written.
      {"labelSelector=@orderby=resource_version_desc", {{kResourceVersion, true, {}}}},
      {"labelSelector=@orderby+in+(namespace_desc,cluster,name)",
       {{kNamespace, true, {}}, {kCluster, false, {}}, {kName, false, {}}}},
      {"labelSelector=@orderby=uid,@orderby+in+(name,status.startTime_desc)",
       {{kUid, false, {}}, {kName, false, {}}, {kField, true, start_time}}},
      {"labelSelector=@orderby=uid&orderby=name", {{kName, false, {}}}},
      {"labelSelector=@orderby=uid&orderby=+", {{kUid, false, {}}}},
  };
  for (const Case& c : cases) {
    const Result<ListOptions> options = Parse(c.query);
    ASSERT_THAT(options, IsOk()) << c.query;
    EXPECT_EQ(options->order_by, c.order) << c.query;
  }
}

TEST(ParseListOptionsTest, RefusesAnUnknownOrderInBothCarriers) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"orderby=bogus", "orderby: unknown column \"bogus\""},
      {"orderby=spec.containers[].image", "orderby: \"spec.containers[].image\" may have many"},
      {"labelSelector=@orderby=bogus_desc",
       "search.clusterpedia.io/orderby: unknown column \"bogus\""},
      {"labelSelector=@orderby!=name",
       "search.clusterpedia.io/orderby: the operator must be = or in"},
      // Also where the URL wins.
      {"labelSelector=@orderby=bogus&orderby=name", "search.clusterpedia.io/orderby: unknown"},
  };
  for (const auto& [query, start] : cases) {
    EXPECT_THAT(Parse(query), FailsWith(StatusReason::kBadRequest, StartsWith(std::string(start))))
        << query;
  }
}

TEST(ParseListOptionsTest, ReadsTheLimit) {
  const std::pair<std::string_view, int64_t> cases[] = {
      {"limit=500", 500},
      {"limit=0", 0},
      {"limit=", 0},
      {"limit=9223372036854775807", INT64_MAX},
      {"labelSelector=@limit=2", 2},
      {"labelSelector=@limit=2&limit=3", 3},
      {"labelSelector=@limit=2&limit=0", 2},
      {"labelSelector=@limit=0", 0},
  };
  for (const auto& [query, limit] : cases) {
    const Result<ListOptions> options = Parse(query);
    ASSERT_THAT(options, IsOk()) << query;
    EXPECT_EQ(options->limit, limit) << query;
  }
}

TEST(ParseListOptionsTest, ReadsSwitches) {
  struct Case {
    std::string_view value;
    bool on;
  };
  for (const Case& c : {Case{"=true", true},
                        {"=True", true},
                        {"=1", true},
                        {"", true},
                        {"=", true},
                        {"=false", false},
                        {"=FALSE", false},
                        {"=0", false}}) {
    const std::string value(c.value);
    const Result<ListOptions> options =
        Parse("withContinue" + value + "&withRemainingCount" + value + "&onlyMetadata" + value +
              "&injectEvents" + value);
    ASSERT_THAT(options, IsOk()) << value;
    EXPECT_THAT(options->with_continue, Optional(c.on)) << value;
    EXPECT_EQ(options->with_remaining_count, c.on) << value;
    EXPECT_EQ(options->only_metadata, c.on) << value;
    EXPECT_EQ(options->inject_events, c.on) << value;
  }
  const Result<ListOptions> labels =
      Parse("labelSelector=@with-continue=false,@with-remaining-count=true,@inject-events=true");
  ASSERT_THAT(labels, IsOk());
  EXPECT_THAT(labels->with_continue, Optional(false));
  EXPECT_TRUE(labels->with_remaining_count);
  EXPECT_TRUE(labels->inject_events);
  const Result<ListOptions> both = Parse(
      "labelSelector=@with-continue=false,@inject-events=true&withContinue=true&injectEvents=0");
  ASSERT_THAT(both, IsOk());
  EXPECT_FALSE(both->inject_events);
  EXPECT_THAT(both->with_continue, Optional(true));
}

TEST(ParseListOptionsTest, ReadsTimes) {
  const std::pair<std::string_view, int64_t> cases[] = {
      {"2020-01-01T00:00:00Z", 1577836800},
      {"2020-01-01T08:00:00%2B08:00", 1577836800},
      {"2020-01-01+00:00:00", 1577836800},
      {"2020-01-01", 1577836800},
      {"1577836800", 1577836800},
      {"1577836800000", 1577836800},
      {"+2020-01-01+", 1577836800},
      // Fractions round up: no whole second lies between.
      {"1577836800001", 1577836801},
      {"2020-01-01T00:00:00.5Z", 1577836801},
      {"2020-01-01T00:00:00.000Z", 1577836800},
      {"2020-01-01+00:00:00.001", 1577836801},
  };
  for (const auto& [text, seconds] : cases) {
    const Result<ListOptions> since = Parse("since=" + std::string(text));
    ASSERT_THAT(since, IsOk()) << text;
    EXPECT_THAT(since->since, Optional(seconds)) << text;
    EXPECT_EQ(since->before, std::nullopt) << text;
    const Result<ListOptions> before = Parse("before=" + std::string(text));
    ASSERT_THAT(before, IsOk()) << text;
    EXPECT_THAT(before->before, Optional(seconds)) << text;
    EXPECT_EQ(before->since, std::nullopt) << text;
  }
}

TEST(ParseListOptionsTest, ReadsTimesFromLabelsIfTheUrlHasNone) {
  const Result<ListOptions> options =
      Parse("labelSelector=@since=2020-01-01,@before=1577836801&before=1577836802");
  ASSERT_THAT(options, IsOk());
  EXPECT_THAT(options->since, Optional(1577836800));
  EXPECT_THAT(options->before, Optional(1577836802));
}

TEST(ParseListOptionsTest, SinceMayEqualBeforeButNotFollowIt) {
  EXPECT_THAT(Parse("since=2020-01-01&before=2020-01-01"), IsOk());
  EXPECT_THAT(Parse("since=2099-01-01&before=2020-01-01"),
              FailsWith(StatusReason::kBadRequest, "Invalid Query, Since is after Before"));
}

TEST(ParseListOptionsTest, RefusesABadValueNamingTheParameterAndQuotingTheValue) {
  struct Case {
    std::string_view query;
    std::string_view start;
  };
  const Case cases[] = {
      {"limit=abc", "limit: \"abc\""},
      {"limit=-1", "limit: \"-1\""},
      {"limit=1.5", "limit: \"1.5\""},
      {"limit=+1", "limit: \" 1\""},
      {"limit=9223372036854775808", "limit: \"9223372036854775808\""},
      {"labelSelector=@limit=abc", "search.clusterpedia.io/limit: \"abc\""},
      {"labelSelector=@limit=abc&limit=5", "search.clusterpedia.io/limit: \"abc\""},
      {"labelSelector=@limit!=5", "search.clusterpedia.io/limit: "},
      {"labelSelector=@limit>5", "search.clusterpedia.io/limit: "},
      {"labelSelector=@limit+in+(1,2)",
       "search.clusterpedia.io/limit: expected one value, found \"1\" and \"2\""},
      {"labelSelector=@limit=1,@limit=2", "search.clusterpedia.io/limit: expected one value"},
      {"labelSelector=@names>5", "search.clusterpedia.io/names: "},
      {"continue=abc", "continue: \"abc\""},
      {"continue=-1", "continue: \"-1\""},
      {"labelSelector=@offset=abc", "search.clusterpedia.io/offset: \"abc\""},
      {"labelSelector=@offset=abc&continue=3", "search.clusterpedia.io/offset: \"abc\""},
      {"withContinue=abc", "withContinue: \"abc\""},
      {"withRemainingCount=2", "withRemainingCount: \"2\""},
      {"onlyMetadata=yes", "onlyMetadata: \"yes\""},
      {"injectEvents=abc", "injectEvents: \"abc\""},
      {"labelSelector=@with-continue=abc", "search.clusterpedia.io/with-continue: \"abc\""},
      {"since=yesterday", "since: \"yesterday\""},
      {"since=12345", "since: \"12345\""},
      {"since=15778368ab", "since: \"15778368ab\""},
      {"since=2020-1-1", "since: \"2020-1-1\""},
      {"since=2020-02-30", "since: \"2020-02-30\""},
      {"since=2020-01-01T08:00:00+08:00", "since: \"2020-01-01T08:00:00 08:00\""},
      {"before=2020-01-01+00:00:00Z", "before: "},
      {"before=2020-01-01Z", "before: "},
      {"labelSelector=@before=never", "search.clusterpedia.io/before: \"never\""},
      {"timeoutSeconds=abc", "timeoutSeconds: \"abc\""},
      {"ownerSeniority=x", "ownerSeniority: \"x\""},
      {"ownerSeniority=-1", "ownerSeniority: \"-1\""},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(Parse(c.query),
                FailsWith(StatusReason::kBadRequest, StartsWith(std::string(c.start))))
        << c.query;
  }
}

TEST(ParseListOptionsTest, RefusesABadLabelSelectorInTheWordsOfKubernetes) {
  EXPECT_THAT(
      Parse("labelSelector=a+b+c"),
      FailsWith(StatusReason::kBadRequest,
                "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"));
  EXPECT_THAT(
      Parse("labelSelector=@since=2020-01-01T00:00:00Z"),
      FailsWith(StatusReason::kBadRequest,
                StartsWith("unable to parse requirement: values[0][search.clusterpedia.io/since]: "
                           "Invalid value: \"2020-01-01T00:00:00Z\"")));
}

TEST(ParseListOptionsTest, RefusesRawSqlBeforeAnythingElseAndNamesWhatReplacesIt) {
  for (const std::string name :
       {"whereSQL", "whereSQLStatement", "whereSQLParam", "whereSQLJSONParams"}) {
    EXPECT_THAT(Parse("limit=abc&labelSelector=a+b&" + name + "=1"),
                FailsWith(StatusReason::kBadRequest,
                          AllOf(StartsWith(name + ": raw SQL is not supported"),
                                HasSubstr("fieldSelector"), HasSubstr("orderby"))));
    EXPECT_THAT(Parse(name + "=&" + name), IsOk());
    EXPECT_THAT(Parse(name + "=&" + name + "=x"),
                FailsWith(StatusReason::kBadRequest, StartsWith(name)));
  }
}

TEST(ParseListOptionsTest, NameAndNamespaceInAFieldSelectorAreConditionsOnColumns) {
  struct Case {
    std::string_view query;
    std::string_view names;
    std::string_view namespaces;
  };
  const Case cases[] = {
      {"fieldSelector=metadata.name=b", "in b", "all"},
      {"fieldSelector=.metadata[%27name%27]==b", "in b", "all"},
      {"fieldSelector=metadata.namespace!=b", "all", "all -b"},
      {"fieldSelector=metadata.name+in+(b,a),metadata.namespace+notin+(c,d)", "in a b",
       "all -c -d"},
      {"fieldSelector=metadata.name=", "in ''", "all"},
      // ANDed to what is there.
      {"names=a,b&fieldSelector=metadata.name=b", "in b", "all"},
      {"names=a&fieldSelector=metadata.name=b", "in", "all"},
      {"fieldSelector=metadata.name+in+(a,b),metadata.name+in+(b,c)", "in b", "all"},
      {"fieldSelector=metadata.name!=b,metadata.name!=a", "all -a -b", "all"},
      {"labelSelector=@names!=c&fieldSelector=metadata.name!=a", "all -a -c", "all"},
  };
  for (const Case& c : cases) {
    const Result<ListOptions> options = Parse(c.query);
    ASSERT_THAT(options, IsOk()) << c.query;
    EXPECT_EQ(Show(options->names), c.names) << c.query;
    EXPECT_EQ(Show(options->namespaces), c.namespaces) << c.query;
    EXPECT_THAT(options->field_selector, IsEmpty()) << c.query;
  }
  // The namespace of the path may be excluded.
  const Result<ListOptions> options =
      Parse("fieldSelector=metadata.namespace=x", {{"", "v1", "pods"}, "", "shop", "", {}});
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(Show(options->namespaces), "in x");
}

TEST(ParseListOptionsTest, KeepsOtherFieldRequirementsAsTheyAre) {
  const Result<ListOptions> options = Parse(
      "fieldSelector=status.phase!=Running,metadata.name,metadata.labels[%27app%27]=web,"
      "metadata.name=x,metadata.name>3,metadata.name.x=1");
  ASSERT_THAT(options, IsOk());
  const Result<FieldSelector> rest = ParseFieldSelector(
      "status.phase!=Running,metadata.name,metadata.labels.app=web,metadata.name>3,"
      "metadata.name.x=1");
  ASSERT_THAT(rest, IsOk());
  EXPECT_EQ(options->field_selector, *rest);
  EXPECT_THAT(options->label_selector, IsEmpty());
  EXPECT_EQ(Show(options->names), "in x");
}

TEST(ParseListOptionsTest, ReadsFuzzyNames) {
  struct Case {
    std::string_view selector;
    std::vector<std::string> contained;
    std::vector<std::string> not_contained;
  };
  const Case cases[] = {
      {"~=web", {"web"}, {}},
      {"~+in+(a,i,a)", {"a", "i"}, {}},
      {"~!=web", {}, {"web"}},
      {"~+notin+(b,a)", {}, {"a", "b"}},
      {"~=b,~=a,~!=c", {"a", "b"}, {"c"}},
      {"~=a_b", {"a_b"}, {}},
      // These say nothing.
      {"~", {}, {}},
      {"!~", {}, {}},
      {"~=", {}, {}},
      {"~+notin+()", {}, {}},
  };
  for (const Case& c : cases) {
    std::string query = "labelSelector=";
    for (const char ch : c.selector)
      query += ch == '~' ? "internalstorage.clusterpedia.io/fuzzy-name" : std::string(1, ch);
    const Result<ListOptions> options = Parse(query);
    ASSERT_THAT(options, IsOk()) << query;
    EXPECT_EQ(options->fuzzy_names, c.contained) << query;
    EXPECT_EQ(options->not_fuzzy_names, c.not_contained) << query;
    EXPECT_THAT(options->label_selector, IsEmpty()) << query;
  }
  EXPECT_THAT(Parse("labelSelector=internalstorage.clusterpedia.io/fuzzy-name>3"),
              FailsWith(StatusReason::kBadRequest,
                        "internalstorage.clusterpedia.io/fuzzy-name: the operator must be =, in, "
                        "!= or notin"));
  std::string many = "labelSelector=internalstorage.clusterpedia.io/fuzzy-name+in+(x";
  for (int i = 0; i < 64; ++i) many += "," + std::to_string(i);
  EXPECT_THAT(Parse(many + ")"), FailsWith(StatusReason::kBadRequest, HasSubstr("more than 64")));
}

TEST(ParseListOptionsTest, ReadsFacets) {
  struct Case {
    std::string_view query;
    size_t facets;
    bool counts_only;
    int64_t limit;
  };
  const Case cases[] = {
      {"facets=", 0, false, 0},
      {"facets=&limit=0", 0, false, 0},
      {"limit=0", 0, false, 0},
      {"facets=cluster,status.phase", 2, false, 0},
      {"facets=cluster&limit=5", 1, false, 5},
      {"facets=cluster&limit=", 1, false, 0},
      {"facets=cluster&limit=0", 1, true, 0},
      {"facets=cluster&limit=00", 1, true, 0},
      // The URL asks for no rows, whatever a label says; the label alone does not.
      {"facets=cluster&limit=0&labelSelector=@limit=5", 1, true, 5},
      {"facets=cluster&labelSelector=@limit=0", 1, false, 0},
  };
  for (const Case& c : cases) {
    const Result<ListOptions> options = Parse(c.query);
    ASSERT_THAT(options, IsOk()) << c.query;
    EXPECT_THAT(options->facets, SizeIs(c.facets)) << c.query;
    EXPECT_EQ(options->counts_only, c.counts_only) << c.query;
    EXPECT_EQ(options->limit, c.limit) << c.query;
  }
  EXPECT_THAT(Parse("facets=bogus"),
              FailsWith(StatusReason::kBadRequest, StartsWith("facets: unknown column \"bogus\"")));
}

TEST(ParseListOptionsTest, IgnoresUnknownSearchLabelsWithAWarning) {
  for (const std::string label : {"search.clusterpedia.io/nosuch", "search.clusterpedia.io/size",
                                  "search.clusterpedia.io/forward", "search.clusterpedia.io/facets",
                                  "clusterpedia.io/x", "x.clusterpedia.io.example/y"}) {
    const Result<ListOptions> options =
        Parse("labelSelector=" + label + "=1,app=web,!" + label + "," + label + ">2");
    ASSERT_THAT(options, IsOk()) << label;
    EXPECT_THAT(options->warnings, ElementsAre("unknown search label " + label + " is ignored"));
    EXPECT_THAT(options->label_selector, SizeIs(1));
  }
  std::string many = "labelSelector=app";
  for (int i = 0; i < 1000; ++i) many += ",@x" + std::to_string(i);
  const Result<ListOptions> options = Parse(many);
  ASSERT_THAT(options, IsOk());
  EXPECT_THAT(options->warnings, SizeIs(16));
}

TEST(ParseListOptionsTest, LimitsTheNumberOfLabelRequirements) {
  std::string query = "labelSelector=l0";
  for (int i = 1; i < 256; ++i) query += ",l" + std::to_string(i);
  EXPECT_THAT(Parse(query + ",@names=a"), IsOk());
  EXPECT_THAT(Parse(query + ",x"),
              FailsWith(StatusReason::kBadRequest, "labelSelector: more than 256 requirements"));
}

TEST(ParseListOptionsTest, AStarNamesEveryCluster) {
  for (const char* query : {"clusters=*", "clusters=a,*", "clusters=*&labelSelector=@clusters=a"}) {
    const Result<ListOptions> options = Parse(query);
    ASSERT_THAT(options, IsOk()) << query;
    EXPECT_EQ(Show(options->clusters), "all") << query;
  }
  // It has no such meaning elsewhere.
  const Result<ListOptions> options = Parse("names=*&namespaces=*");
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(Show(options->names) + Show(options->namespaces), "in *in *");
}

TEST(ParseListOptionsTest, IgnoresTheResourcesOfACollection) {
  for (const char* query : {"groups=a/b/c", "resources=x"}) {
    EXPECT_THAT(Parse(query), IsOk());
    EXPECT_THAT(Parse(query, {{}, "", "", "workloads", {{"apps", "", "deployments", false}}}),
                IsOk());
  }
}

TEST(ParseListOptionsTest, IgnoresParametersThatItDoesNotKnow) {
  EXPECT_THAT(Parse("foo=bar&pretty=true&includeObject=Bad&allowWatchBookmarks=x&timeoutSeconds=5&"
                    "resourceVersion=0&timeout=1s"),
              IsOk());
}

struct KubernetesCase {
  std::string_view query;
  std::string_view why;
};

TEST(ParseListOptionsTest, ChecksResourceVersionMatchAsKubernetesDoes) {
  const KubernetesCase cases[] = {
      {"resourceVersionMatch=Exact",
       "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion "
       "is provided"},
      {"resourceVersionMatch=NotOlderThan&resourceVersion=1&continue=3",
       "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is "
       "provided"},
      {"resourceVersionMatch=x&resourceVersion=1",
       "resourceVersionMatch: Unsupported value: \"x\": supported values: \"Exact\", "
       "\"NotOlderThan\", \"\""},
      {"resourceVersionMatch=Exact&resourceVersion=0",
       "resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for "
       "resourceVersion \"0\""},
      {"sendInitialEvents=true",
       "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"},
      {"resourceVersionMatch=x",
       "[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion "
       "is provided, "
       "resourceVersionMatch: Unsupported value: \"x\": supported values: \"Exact\", "
       "\"NotOlderThan\", \"\"]"},
  };
  for (const KubernetesCase& c : cases) {
    EXPECT_THAT(Parse(c.query),
                FailsWith(StatusReason::kInvalid,
                          "ListOptions.meta.k8s.io \"\" is invalid: " + std::string(c.why)))
        << c.query;
  }
  EXPECT_THAT(Parse("resourceVersionMatch=Exact&resourceVersion=1"), IsOk());
  EXPECT_THAT(Parse("resourceVersionMatch=NotOlderThan&resourceVersion=0"), IsOk());
}

TEST(ParseListOptionsTest, GivesTheCauseOfAnInvalidOption) {
  const Result<ListOptions> options = Parse("resourceVersionMatch=Exact");
  ASSERT_FALSE(options.ok());
  EXPECT_EQ(options.status().http_code(), 422);
  ASSERT_TRUE(options.status().details());
  const StatusDetails& details = *options.status().details();
  EXPECT_EQ(details.group, "meta.k8s.io");
  EXPECT_EQ(details.kind, "ListOptions");
  EXPECT_EQ(details.name, "");
  ASSERT_THAT(details.causes, SizeIs(1));
  EXPECT_EQ(details.causes[0].reason, "FieldValueForbidden");
  EXPECT_EQ(details.causes[0].field, "resourceVersionMatch");
  EXPECT_EQ(details.causes[0].message,
            "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
}

TEST(ParseListOptionsTest, ReadsTheStartFromContinueOrTheOffsetLabel) {
  const std::pair<std::string_view, int64_t> cases[] = {
      {"continue=3", 3},
      {"continue=", 0},
      {"labelSelector=@offset=4", 4},
      {"labelSelector=@offset=4&continue=3", 3},
      {"labelSelector=@offset=4&continue=0", 0},
  };
  for (const auto& [query, offset] : cases) {
    const Result<ListOptions> options = Parse(query);
    ASSERT_THAT(options, IsOk()) << query;
    EXPECT_EQ(options->start.offset, offset) << query;
    EXPECT_EQ(options->start.token_key, "") << query;
  }
}

TEST(ParseListOptionsTest, TakesATokenOfTheSameQueryOnly) {
  const ListScope scope{{"", "v1", "pods"}, "c1", "", "", {}};
  const Result<ListOptions> first = Parse("labelSelector=app=web&limit=2", scope);
  ASSERT_THAT(first, IsOk());
  const std::string token = FormatContinueToken(Fingerprint(scope, *first), "c1/ns/a");

  const Result<ListOptions> second =
      Parse("labelSelector=app=web,@offset=7&limit=500&continue=" + token, scope);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->start.token_key, "c1/ns/a");
  EXPECT_EQ(second->start.offset, 0);

  EXPECT_THAT(Parse("labelSelector=app=api&limit=2&continue=" + token, scope),
              FailsWith(StatusReason::kBadRequest, HasSubstr("belongs to another query")));
}

TEST(NameSetTest, MatchesWhatIsInAndNotExcluded) {
  const NameSet all;
  EXPECT_TRUE(all.Matches("a"));
  EXPECT_TRUE(all.Matches(""));
  const NameSet some{true, {"a", "b"}, {"b"}};
  EXPECT_TRUE(some.Matches("a"));
  EXPECT_FALSE(some.Matches("b"));
  EXPECT_FALSE(some.Matches("c"));
  const NameSet others{false, {}, {"b"}};
  EXPECT_TRUE(others.Matches("a"));
  EXPECT_FALSE(others.Matches("b"));
  const NameSet none{true, {}, {}};
  EXPECT_FALSE(none.Matches("a"));
}

}  // namespace
}  // namespace pedia::query

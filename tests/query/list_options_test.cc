#include "query/list_options.h"

#include <gmock/gmock.h>

#include <map>

#include "query/continue_token.h"
#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using enum OrderColumn;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Search labels are written short: "@names=web" is
// "labelSelector=search.clusterpedia.io/names=web".
Result<ListOptions> Parse(std::string_view text,
                          const ListScope& scope = {{"apps", "v1", "deployments"}, "", ""}) {
  std::string url;
  for (const char c : text) url += c == '@' ? "search.clusterpedia.io/" : std::string(1, c);
  const Result<UrlQuery> query = ParseUrlQuery(url);
  if (!query.ok()) return query.status();
  return ParseListOptions(scope, *query);
}

std::string Show(const NameSet& names) {
  std::string text = names.restricted ? "in" : "all";
  for (const std::string& name : names.in) text += " " + (name.empty() ? "''" : name);
  for (const std::string& name : names.not_in) text += " -" + name;
  return text;
}

std::string Show(const std::vector<OrderBy>& order) {
  std::string text;
  for (const OrderBy& by : order)
    text += std::to_string(static_cast<int>(by.column)) + (by.descending ? "- " : "+ ");
  return text;
}

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
  const ListScope scope{{"apps", "v1", "deployments"}, "c9", "n9"};
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

TEST(ParseListOptionsTest, ReadsTheOrder) {
  struct Case {
    std::string_view query;
    std::vector<OrderBy> order;
  };
  const Case cases[] = {
      {"orderby=name", {{kName}}},
      {"orderby=namespace,name+desc", {{kNamespace}, {kName, true}}},
      {"orderby=name+ASC,cluster+DESC,uid+Desc", {{kName}, {kCluster, true}, {kUid, true}}},
      {"orderby=+name+++desc+,+cluster", {{kName, true}, {kCluster}}},
      {"orderby=cluster,namespace,name,created_at,resource_version,uid,owner_uid,synced_at,deleted_"
       "at,kind,id",
       {{kCluster},
        {kNamespace},
        {kName},
        {kCreatedAt},
        {kResourceVersion},
        {kUid},
        {kOwnerUid},
        {kSyncedAt},
        {kDeletedAt},
        {kKind},
        {kId}}},
      {"orderby=", {}},
      // Only the first mention orders.
      {"orderby=name,name+desc,uid", {{kName}, {kUid}}},
      // Labels keep the order as written.
      {"labelSelector=@orderby=name_desc", {{kName, true}}},
      {"labelSelector=@orderby=resource_version_desc", {{kResourceVersion, true}}},
      {"labelSelector=@orderby+in+(namespace_desc,cluster,name)",
       {{kNamespace, true}, {kCluster}, {kName}}},
      {"labelSelector=@orderby=uid,@orderby+in+(name,cluster)", {{kUid}, {kName}, {kCluster}}},
      {"labelSelector=@orderby=uid&orderby=name", {{kName}}},
  };
  for (const Case& c : cases) {
    const Result<ListOptions> options = Parse(c.query);
    ASSERT_THAT(options, IsOk()) << c.query;
    EXPECT_EQ(Show(options->order_by), Show(c.order)) << c.query;
  }
}

TEST(ParseListOptionsTest, RefusesAnUnknownOrderAndQuotesIt) {
  struct Case {
    std::string_view query;
    std::string_view part;
  };
  const Case cases[] = {
      {"orderby=bogus", "orderby: unknown column \"bogus\""},
      {"orderby=name,", "orderby: unknown column \"\""},
      {"orderby=Name", "\"Name\""},
      {"orderby=metadata.name", "\"metadata.name\""},
      {"orderby=%22group%22", "\\\"group\\\""},
      {"orderby=name+x", "\"name x\""},
      {"orderby=name+x+desc", "\"name x desc\""},
      {"orderby=pg_sleep(0.05)::text", "\"pg_sleep(0.05)::text\""},
      {"orderby=name_desc", "\"name_desc\""},
      {"labelSelector=@orderby=bogus_desc",
       "search.clusterpedia.io/orderby: unknown column \"bogus\""},
      {"labelSelector=@orderby!=name",
       "search.clusterpedia.io/orderby: the operator must be = or in"},
      // Also where the URL wins.
      {"labelSelector=@orderby=bogus&orderby=name", "search.clusterpedia.io/orderby"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(Parse(c.query),
                FailsWith(StatusReason::kBadRequest,
                          AllOf(HasSubstr("orderby"), HasSubstr(std::string(c.part)))))
        << c.query;
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
        Parse("withContinue" + value + "&withRemainingCount" + value + "&onlyMetadata" + value);
    ASSERT_THAT(options, IsOk()) << value;
    EXPECT_THAT(options->with_continue, Optional(c.on)) << value;
    EXPECT_EQ(options->with_remaining_count, c.on) << value;
    EXPECT_EQ(options->only_metadata, c.on) << value;
  }
  const Result<ListOptions> labels =
      Parse("labelSelector=@with-continue=false,@with-remaining-count=true");
  ASSERT_THAT(labels, IsOk());
  EXPECT_THAT(labels->with_continue, Optional(false));
  EXPECT_TRUE(labels->with_remaining_count);
  const Result<ListOptions> both = Parse("labelSelector=@with-continue=false&withContinue=true");
  ASSERT_THAT(both, IsOk());
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

TEST(ParseListOptionsTest, NamesWhatIsNotSupportedYet) {
  for (const char* name :
       {"ownerUID", "ownerName", "ownerGR", "ownerSeniority", "injectEvents", "facets", "whereSQL",
        "whereSQLStatement", "whereSQLParam", "whereSQLJSONParams", "groups", "resources"}) {
    EXPECT_THAT(Parse(std::string(name) + "=1"),
                FailsWith(StatusReason::kBadRequest, std::string(name) + ": not supported yet"));
  }
  for (const char* label :
       {"search.clusterpedia.io/owner-uid", "search.clusterpedia.io/owner-name",
        "search.clusterpedia.io/owner-gr", "search.clusterpedia.io/owner-seniority",
        "search.clusterpedia.io/inject-events", "search.clusterpedia.io/forward",
        "internalstorage.clusterpedia.io/fuzzy-name"}) {
    EXPECT_THAT(Parse("labelSelector=" + std::string(label) + "=1"),
                FailsWith(StatusReason::kBadRequest, std::string(label) + ": not supported yet"));
  }
}

TEST(ParseListOptionsTest, FieldSelectorsOnNameAndNamespaceAreConditionsOnColumns) {
  const auto options =
      Parse("names=a,b&fieldSelector=metadata.name%3Db,metadata.namespace!%3Dkube-system");
  ASSERT_THAT(options, IsOk());
  EXPECT_TRUE(options->names.Matches("b"));
  EXPECT_FALSE(options->names.Matches("a"));
  EXPECT_FALSE(options->namespaces.Matches("kube-system"));
  EXPECT_TRUE(options->namespaces.Matches("default"));
  const auto nothing = Parse("names=a&fieldSelector=metadata.name%3Db");
  ASSERT_THAT(nothing, IsOk());
  EXPECT_FALSE(nothing->names.Matches("a"));
  EXPECT_FALSE(nothing->names.Matches("b"));
  EXPECT_THAT(
      Parse("fieldSelector=status.phase%3DRunning"),
      FailsWith(StatusReason::kBadRequest, "fieldSelector \"status.phase\": not supported yet"));
}

TEST(ParseListOptionsTest, TakesUnsupportedOptionsThatAskForNothing) {
  for (const char* query :
       {"fieldSelector=", "ownerUID=", "ownerSeniority=0", "injectEvents=false",
        "labelSelector=@inject-events=false", "labelSelector=@inject-events=true&injectEvents=0"}) {
    EXPECT_THAT(Parse(query), IsOk()) << query;
  }
}

TEST(ParseListOptionsTest, RefusesUnknownSearchLabelsAndNamesThem) {
  for (const char* label : {"search.clusterpedia.io/nosuch", "search.clusterpedia.io/size",
                            "clusterpedia.io/x", "x.clusterpedia.io.example/y"}) {
    EXPECT_THAT(
        Parse("labelSelector=" + std::string(label) + "=1"),
        FailsWith(StatusReason::kBadRequest, std::string(label) + ": unknown search label"));
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
  const ListScope scope{{"", "v1", "pods"}, "c1", ""};
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

TEST(FingerprintTest, IsEqualForRequestsThatDifferOnlyInThePage) {
  const ListScope scope{{"", "v1", "pods"}, "", ""};
  const auto fingerprint = [&](std::string_view query) {
    return Fingerprint(scope, *Parse(query, scope));
  };
  const std::string base = fingerprint("labelSelector=app=web,env=prod&names=a,b");
  EXPECT_THAT(base, SizeIs(16));
  EXPECT_EQ(fingerprint("labelSelector=app=web,env=prod&names=a,b&limit=5&continue=3&withContinue="
                        "true&withRemainingCount=1"),
            base);
  EXPECT_EQ(fingerprint("labelSelector=env=prod,app=web&names=b,a&onlyMetadata=1"), base);
}

TEST(FingerprintTest, DependsOnScopeConditionsAndOrder) {
  const ListScope scopes[] = {
      {{"", "v1", "pods"}, "", ""}, {{"", "v1", "pods"}, "c", ""}, {{"", "v1", "pods"}, "", "c"},
      {{"", "v2", "pods"}, "", ""}, {{"v1", "", "pods"}, "", ""},  {{"", "v1", "podsc"}, "", ""},
  };
  const std::string_view queries[] = {
      "",
      "names=a",
      "names=a,b",
      "names=ab",
      "namespaces=a",
      "clusters=a",
      "labelSelector=@names!=a",
      "labelSelector=@names=a,@names=b",
      "labelSelector=a",
      "labelSelector=!a",
      "labelSelector=a=b",
      "labelSelector=a!=b",
      "labelSelector=a+in+(b)",
      "labelSelector=a+in+(b,c)",
      "labelSelector=a,b",
      "orderby=name",
      "orderby=name+desc",
      "orderby=uid",
      "orderby=name,uid",
      "orderby=uid,name",
      "since=1577836800",
      "before=1577836800",
      "since=1577836801",
  };
  std::map<std::string, std::string> seen;
  const auto check = [&](const ListScope& scope, std::string_view query) {
    const Result<ListOptions> options = Parse(query, scope);
    ASSERT_THAT(options, IsOk()) << query;
    const std::string what = scope.cluster + "|" + scope.name_space + "|" + scope.gvr.ToString() +
                             "|" + std::string(query);
    const auto [other, inserted] = seen.emplace(Fingerprint(scope, *options), what);
    EXPECT_TRUE(inserted) << what << " and " << other->second;
  };
  for (const ListScope& scope : scopes) check(scope, "labelSelector=x");
  for (const std::string_view query : queries) check(scopes[0], query);
}

}  // namespace
}  // namespace pedia::query

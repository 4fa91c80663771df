#include "convert/version_families.h"

#include <gmock/gmock.h>

#include <set>
#include <string>

#include "convert/family_table.h"
#include "tests/convert/convert_fixture.h"

namespace pedia::convert {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(FamilyOfTest, StartsWithTheStoredVersionThenByPreference) {
  EXPECT_THAT(FamilyOf(Gvr("autoscaling/v1", "horizontalpodautoscalers")),
              ElementsAre(Gvr("autoscaling/v2", "horizontalpodautoscalers"),
                          Gvr("autoscaling/v2beta2", "horizontalpodautoscalers"),
                          Gvr("autoscaling/v2beta1", "horizontalpodautoscalers"),
                          Gvr("autoscaling/v1", "horizontalpodautoscalers")));
}

TEST(FamilyOfTest, ReachesOverGroups) {
  EXPECT_THAT(FamilyOf(Gvr("v1", "events")),
              ElementsAre(Gvr("v1", "events"), Gvr("events.k8s.io/v1", "events"),
                          Gvr("events.k8s.io/v1beta1", "events")));
}

TEST(FamilyOfTest, IsEmptyForWhatHasOneVersion) {
  EXPECT_THAT(FamilyOf(Gvr("v1", "pods")), IsEmpty());
  EXPECT_THAT(FamilyOf(Gvr("batch/v1", "jobs")), IsEmpty());
  EXPECT_THAT(FamilyOf(Gvr("batch/v2", "cronjobs")), IsEmpty());
}

TEST(FamilyOfTest, HasEveryVersionInOneFamilyOnly) {
  std::set<GroupVersionResource> seen;
  for (const FamilyRow& row : FamilyTable()) {
    ASSERT_GE(row.members.size(), 2u) << row.resources[0];
    for (const std::string_view resource : row.resources) {
      for (const FamilyMember& member : row.members)
        EXPECT_TRUE(seen.insert(Gvr(member.group_version, resource)).second) << resource;
    }
  }
}

TEST(FamilyOfTest, HasConversionsFromAndToTheStoredVersion) {
  for (const FamilyRow& row : FamilyTable()) {
    EXPECT_EQ(row.members[0].to_stored, nullptr) << row.resources[0];
    EXPECT_EQ(row.members[0].from_stored, nullptr) << row.resources[0];
    for (const FamilyMember& member : row.members)
      EXPECT_EQ(member.to_stored == nullptr, member.from_stored == nullptr) << row.resources[0];
  }
}

TEST(StoredVersionTest, IsThatOfTheFamily) {
  EXPECT_EQ(StoredVersion(Gvr("events.k8s.io/v1", "events")), Gvr("v1", "events"));
  EXPECT_EQ(StoredVersion(Gvr("extensions/v1beta1", "ingresses")),
            Gvr("networking.k8s.io/v1", "ingresses"));
}

TEST(StoredVersionTest, IsTheVersionItselfWithoutAFamily) {
  const GroupVersionResource pods = Gvr("v1", "pods");
  EXPECT_EQ(&StoredVersion(pods), &pods);
}

TEST(StoredElsewhereTest, NamesTheStoredVersionsOfWhatIsNotStoredAsItIsNamed) {
  EXPECT_THAT(StoredElsewhere("events.k8s.io", "", ""), ElementsAre(Gvr("v1", "events")));
  EXPECT_THAT(StoredElsewhere("autoscaling", "v1", ""),
              ElementsAre(Gvr("autoscaling/v2", "horizontalpodautoscalers")));
  EXPECT_THAT(StoredElsewhere("extensions", "", "ingresses"),
              ElementsAre(Gvr("networking.k8s.io/v1", "ingresses")));
  EXPECT_THAT(StoredElsewhere("autoscaling", "v2", ""), IsEmpty());
  EXPECT_THAT(StoredElsewhere("", "", ""), IsEmpty());
}

TEST(FieldRenamesTest, NameLongerPathsFirst) {
  for (const FamilyRow& row : FamilyTable()) {
    for (const FamilyMember& member : row.members) {
      for (size_t i = 1; i < member.renames.size(); ++i)
        EXPECT_FALSE(member.renames[i].path.starts_with(member.renames[i - 1].path))
            << member.renames[i].path;
    }
  }
}

TEST(FieldRenamesTest, AreEmptyWhereFieldsStandWhereTheyAreStored) {
  EXPECT_THAT(FieldRenames(Gvr("v1", "events")), IsEmpty());
  EXPECT_THAT(FieldRenames(Gvr("batch/v1beta1", "cronjobs")), IsEmpty());
  EXPECT_THAT(FieldRenames(Gvr("v1", "pods")), IsEmpty());
}

TEST(FieldRenamesTest, SayWhereAFieldIsStored) {
  EXPECT_EQ(FieldRenames(Gvr("events.k8s.io/v1", "events"))[0].path, "regarding");
  EXPECT_EQ(FieldRenames(Gvr("events.k8s.io/v1", "events"))[0].stored_path, "involvedObject");
  EXPECT_EQ(FieldRenames(Gvr("extensions/v1beta1", "ingresses"))[0].stored_path,
            "spec.defaultBackend.service.name");
}

TEST(FindConversionTest, FindsNoneWithinOneVersionOrBetweenFamilies) {
  const GroupVersionResource cron_jobs = Gvr("batch/v1", "cronjobs");
  EXPECT_EQ(FindConversion(cron_jobs, cron_jobs), nullptr);
  EXPECT_EQ(FindConversion(cron_jobs, Gvr("policy/v1", "poddisruptionbudgets")), nullptr);
  EXPECT_EQ(FindConversion(cron_jobs, Gvr("batch/v1", "jobs")), nullptr);
  EXPECT_EQ(FindConversion(Gvr("v1", "pods"), Gvr("v1", "pods")), nullptr);
}

TEST(ConversionTest, CopiesEveryByteWhereOnlyTheVersionDiffers) {
  EXPECT_EQ(Convert(Gvr("batch/v1beta1", "cronjobs"), Gvr("batch/v1", "cronjobs"),
                    "{ \"kind\":\"CronJob\", \"apiVersion\" : \"batch/v1beta1\" ,\n"
                    " \"spec\":{\"apiVersion\":\"batch/v1beta1\",\"n\":1.50,\"s\":\"\\u0041\"}}\n"),
            "{ \"kind\":\"CronJob\", \"apiVersion\" : \"batch/v1\" ,\n"
            " \"spec\":{\"apiVersion\":\"batch/v1beta1\",\"n\":1.50,\"s\":\"\\u0041\"}}\n");
}

TEST(ConversionTest, CopiesBetweenVersionsThatDifferFromTheStoredOneAlike) {
  const char* spec = R"("spec":{"backend":{"servicePort":0}}})";
  EXPECT_EQ(
      Convert(Gvr("extensions/v1beta1", "ingresses"), Gvr("networking.k8s.io/v1beta1", "ingresses"),
              R"({"apiVersion":"extensions/v1beta1", )" + std::string(spec)),
      R"({"apiVersion":"networking.k8s.io/v1beta1", )" + std::string(spec));
}

TEST(ConversionTest, GoesByWayOfTheStoredVersion) {
  EXPECT_EQ(
      Convert(Gvr("autoscaling/v1", "horizontalpodautoscalers"),
              Gvr("autoscaling/v2beta1", "horizontalpodautoscalers"),
              R"({"apiVersion":"autoscaling/v1","spec":{"targetCPUUtilizationPercentage":50}})"),
      R"({"apiVersion":"autoscaling/v2beta1","spec":{"metrics":[{"type":"Resource",)"
      R"("resource":{"name":"cpu","targetAverageUtilization":50}}]}})");
}

TEST(ConversionTest, RefusesWhatIsNoObjectWithAVersion) {
  const GroupVersionResource cases[][2] = {
      {Gvr("batch/v1beta1", "cronjobs"), Gvr("batch/v1", "cronjobs")},
      {Gvr("v1", "events"), Gvr("events.k8s.io/v1", "events")}};
  for (const auto& [from, to] : cases) {
    for (const char* body :
         {"", "null", "[]", "1", "{", "{}", R"({"kind":"K"})", R"({"apiVersion":"v1")",
          R"({"apiVersion":"v1"}})", R"({"apiVersion":"v1"}{})", R"({"apiVersion":"v1","a":[})",
          R"({"apiVersion":"v1",})"})
      EXPECT_THAT(Convert(from, to, body), StartsWith("<BadRequest: ")) << body;
  }
}

TEST(ConversionTest, SurvivesDeepNesting) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  for (const FamilyRow& row : FamilyTable()) {
    const Pair pair(row.resources[0], row.members[0].group_version, row.members[1].group_version);
    const std::string fields = "\"spec\":" + deep;
    EXPECT_EQ(pair.ToStored(fields), fields) << row.resources[0];
    EXPECT_EQ(pair.FromStored(fields), fields) << row.resources[0];
  }
}

}  // namespace
}  // namespace pedia::convert

#include "apiserver/rbac_index.h"

#include <gmock/gmock.h>

namespace pedia::apiserver {
namespace {

using Kind = RbacIndex::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RbacIndexTest : public ::testing::Test {
 protected:
  void SetRole(const std::string& rules, const std::string& name_space = "a") {
    index_.Set(Kind::kRole, name_space, "r", R"({"rules":)" + rules + "}");
  }
  void Bind(const std::string& subjects, const std::string& kind = "Role") {
    index_.Set(Kind::kRoleBinding, "a", "b",
               R"({"roleRef":{"kind":")" + kind + R"(","name":"r"},"subjects":)" + subjects + "}");
  }
  std::vector<Grant> Find(const std::string& verb = "list", const std::string& name = "") const {
    AccessAttributes what;
    what.verb = verb;
    what.resource = "pods";
    what.name = name;
    return index_.Find(user_, what);
  }
  RbacIndex index_;
  UserInfo user_{"jane", "", {"devs"}, {}};
  const std::string jane_ = R"([{"kind":"User","name":"jane"}])";
  const std::string pods_ =
      R"([{"apiGroups":["","@c1","apps@c2","@*"],"resources":["pods"],"verbs":["list"]}])";
};

TEST_F(RbacIndexTest, RulesNameClustersBehindTheGroup) {
  SetRole(pods_);
  Bind(jane_);
  EXPECT_THAT(Find(), ElementsAre(Grant{"*", "a"}, Grant{"c1", "a"}));
  EXPECT_THAT(Find("get"), IsEmpty());
  SetRole(R"([{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}])");
  EXPECT_THAT(Find("get"), ElementsAre(Grant{"*", "a"}));
  SetRole(R"([{"apiGroups":["@c1"],"resources":["*"],"verbs":["*"],"resourceNames":["x"]}])");
  EXPECT_THAT(Find(), IsEmpty());
  EXPECT_THAT(Find("list", "x"), ElementsAre(Grant{"c1", "a"}));
}

TEST_F(RbacIndexTest, SubjectsAreUsersGroupsAndServiceAccounts) {
  SetRole(pods_);
  Bind(R"([{"kind":"Group","name":"devs"}])");
  EXPECT_EQ(Find().size(), 2u);
  Bind(R"([{"kind":"Group","name":"jane"},{"kind":"User","name":"devs"}])");
  EXPECT_THAT(Find(), IsEmpty());
  user_.name = "system:serviceaccount:a:robot";
  Bind(R"([{"kind":"ServiceAccount","name":"robot"}])");
  EXPECT_EQ(Find().size(), 2u);
  Bind(R"([{"kind":"ServiceAccount","name":"robot","namespace":"b"}])");
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(RbacIndexTest, ARoleIsThatOfTheBindingsNamespaceOrOfTheCluster) {
  SetRole(pods_, "other");
  Bind(jane_);
  EXPECT_THAT(Find(), IsEmpty());
  Bind(jane_, "ClusterRole");
  EXPECT_THAT(Find(), IsEmpty());
  index_.Set(Kind::kClusterRole, "", "r", R"({"rules":)" + pods_ + "}");
  EXPECT_EQ(Find().size(), 2u);
  index_.Set(Kind::kClusterRoleBinding, "", "b",
             R"({"roleRef":{"kind":"ClusterRole","name":"r"},"subjects":)" + jane_ + "}");
  EXPECT_EQ(Find().size(), 4u);
  EXPECT_THAT(Find()[0], (Grant{"*", ""}));
}

TEST_F(RbacIndexTest, ForgetsWhatIsDeletedAndCountsChanges) {
  SetRole(pods_);
  Bind(jane_);
  uint64_t generation = index_.generation();
  index_.Delete(Kind::kRole, "a", "r");
  EXPECT_THAT(Find(), IsEmpty());
  EXPECT_GT(index_.generation(), generation);
  SetRole(pods_);
  generation = index_.generation();
  index_.Delete(Kind::kRoleBinding, "a", "b");
  EXPECT_THAT(Find(), IsEmpty());
  EXPECT_GT(index_.generation(), generation);
  index_.Delete(Kind::kRoleBinding, "a", "b");
  generation = index_.generation();
  index_.Set(Kind::kClusterRole, "", "view", R"({"rules":[{"apiGroups":[""]}]})");
  EXPECT_EQ(index_.generation(), generation);  // It is about no member cluster.
}

TEST_F(RbacIndexTest, WhatIsNoRoleGrantsNothing) {
  for (const char* text :
       {"", "{", "[]", "null", "7", R"({"rules":7})", R"({"rules":[7,null,{"apiGroups":7}]})",
        R"({"rules":[{"apiGroups":["@c1",7],"resources":{},"verbs":"list"}]})"}) {
    index_.Set(Kind::kRole, "a", "r", text);
    index_.Set(Kind::kClusterRoleBinding, "", "x", text);
    Bind(jane_);
    EXPECT_THAT(Find(), IsEmpty()) << text;
  }
  SetRole(pods_);
  for (const char* subjects : {"7", "[7]", "[{}]", R"([{"kind":7,"name":"jane"}])", "{}"}) {
    Bind(subjects);
    EXPECT_THAT(Find(), IsEmpty()) << subjects;
  }
}

TEST_F(RbacIndexTest, IsCompleteWhenEveryKindIs) {
  for (const Kind kind : {Kind::kClusterRole, Kind::kRole, Kind::kClusterRoleBinding}) {
    index_.SetComplete(kind);
    EXPECT_FALSE(index_.IsComplete());
  }
  index_.SetComplete(Kind::kRoleBinding);
  EXPECT_TRUE(index_.IsComplete());
}

}  // namespace
}  // namespace pedia::apiserver

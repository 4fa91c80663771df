#include "apiserver/impersonation.h"

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
using ::testing::Pair;

const UserInfo kJane{"jane", "7", {"dev", "system:authenticated"}, {}};

// Allows everything that is not forbidden, and writes down what it was asked.
class Listing : public Authorizer {
 public:
  Result<AccessDecision> Authorize(const UserInfo& user,
                                   const AccessAttributes& attributes) override {
    EXPECT_EQ(user, kJane);
    EXPECT_EQ(attributes.verb, "impersonate");
    std::string text = attributes.group + "|" + attributes.resource;
    if (!attributes.subresource.empty()) text += "/" + attributes.subresource;
    if (!attributes.name_space.empty()) text += " " + attributes.name_space;
    asked.push_back(text + " " + attributes.name);
    if (broken) return ServiceUnavailable("away");
    return AccessDecision{attributes.name != forbidden, "ask somebody"};
  }
  std::string forbidden = "-";
  bool broken = false;
  std::vector<std::string> asked;
};

class ImpersonateTest : public ::testing::Test {
 protected:
  Result<UserInfo> As(HeaderFields headers) {
    HttpRequest request;
    request.headers = std::move(headers);
    return Impersonate(request, kJane, authorizer_);
  }
  Listing authorizer_;
};

TEST_F(ImpersonateTest, WithoutHeadersEverybodyIsWhoTheyAre) {
  const auto user = As({{"Accept", "application/json"}, {"Impersonate-User", ""}});
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(*user, kJane);
  EXPECT_THAT(authorizer_.asked, IsEmpty());
}

TEST_F(ImpersonateTest, IsTheOtherUserWithAllThatWasAskedFor) {
  const auto user = As({{"impersonate-user", "bob"},
                        {"Impersonate-Group", "ops"},
                        {"IMPERSONATE-GROUP", "dev"},
                        {"Impersonate-Uid", "42"},
                        {"Impersonate-Extra-Example.com%2fRoles", "reader"},
                        {"Impersonate-Extra-example.com%2froles", "writer"}});
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user->name, "bob");
  EXPECT_EQ(user->uid, "42");
  EXPECT_THAT(user->groups, ElementsAre("ops", "dev", "system:authenticated"));
  EXPECT_THAT(user->extra, ElementsAre(Pair("example.com/roles", "reader"),
                                       Pair("example.com/roles", "writer")));
  EXPECT_THAT(authorizer_.asked,
              ElementsAre("|users bob", "|groups ops", "|groups dev",
                          "authentication.k8s.io|userextras/example.com/roles reader",
                          "authentication.k8s.io|userextras/example.com/roles writer",
                          "authentication.k8s.io|uids 42"));
}

TEST_F(ImpersonateTest, NothingOfTheOldUserStays) {
  const auto user = As({{"Impersonate-User", "bob"}});
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(*user, (UserInfo{"bob", "", {"system:authenticated"}, {}}));
}

TEST_F(ImpersonateTest, AServiceAccountIsAskedForInItsNamespace) {
  const auto user = As({{"Impersonate-User", "system:serviceaccount:shop:reader"}});
  ASSERT_THAT(user, IsOk());
  EXPECT_THAT(user->groups, ElementsAre("system:serviceaccounts", "system:serviceaccounts:shop",
                                        "system:authenticated"));
  EXPECT_THAT(authorizer_.asked, ElementsAre("|serviceaccounts shop reader"));
  const auto grouped =
      As({{"Impersonate-User", "system:serviceaccount:shop:reader"}, {"Impersonate-Group", "ops"}});
  ASSERT_THAT(grouped, IsOk());
  EXPECT_THAT(grouped->groups, ElementsAre("ops", "system:authenticated"));
}

TEST_F(ImpersonateTest, WhatOnlyLooksLikeAServiceAccountIsAUser) {
  for (const std::string name :
       {"system:serviceaccount:shop",
        "system:serviceaccount:shop:", "system:serviceaccount::reader",
        "system:serviceaccount:a:b:c", "system:serviceaccount:Shop:reader",
        "system:serviceaccount:-shop:reader", "system:serviceaccount:shop:a..b",
        "system:serviceaccount:shop:a.", "system:serviceaccount:sh.op:a"}) {
    authorizer_.asked.clear();
    ASSERT_THAT(As({{"Impersonate-User", name}}), IsOk());
    EXPECT_THAT(authorizer_.asked, ElementsAre("|users " + name));
  }
}

TEST_F(ImpersonateTest, AnonymousDoesNotBecomeAuthenticated) {
  const auto user = As({{"Impersonate-User", "system:anonymous"}});
  ASSERT_THAT(user, IsOk());
  EXPECT_THAT(user->groups, ElementsAre("system:unauthenticated"));
  const auto grouped =
      As({{"Impersonate-User", "bob"}, {"Impersonate-Group", "system:unauthenticated"}});
  ASSERT_THAT(grouped, IsOk());
  EXPECT_THAT(grouped->groups, ElementsAre("system:unauthenticated"));
}

TEST_F(ImpersonateTest, EachPartMustBeAllowed) {
  const HeaderFields all = {{"Impersonate-User", "bob"},
                            {"Impersonate-Group", "system:masters"},
                            {"Impersonate-Extra-scopes", "all"},
                            {"Impersonate-Uid", "42"}};
  for (const std::string forbidden : {"bob", "system:masters", "all", "42"}) {
    authorizer_.forbidden = forbidden;
    EXPECT_THAT(As(all), FailsWith(StatusReason::kForbidden, HasSubstr(forbidden))) << forbidden;
  }
}

TEST_F(ImpersonateTest, SpeaksAsKubernetesWhenItIsForbidden) {
  authorizer_.forbidden = "bob";
  EXPECT_THAT(As({{"Impersonate-User", "bob"}, {"Impersonate-Group", "ops"}}),
              FailsWith(StatusReason::kForbidden,
                        "users \"bob\" is forbidden: User \"jane\" cannot impersonate resource "
                        "\"users\" in API group \"\" at the cluster scope: ask somebody"));
  EXPECT_THAT(authorizer_.asked, ElementsAre("|users bob"));
}

TEST_F(ImpersonateTest, TheRestNeedsAUser) {
  for (const char* header : {"Impersonate-Group", "Impersonate-Uid", "Impersonate-Extra-scopes"}) {
    EXPECT_THAT(As({{header, "x"}}), FailsWith(StatusReason::kBadRequest, HasSubstr("-User")))
        << header;
  }
  EXPECT_THAT(authorizer_.asked, IsEmpty());
}

TEST_F(ImpersonateTest, RefusesTextsThatAreNotUtf8) {
  EXPECT_THAT(As({{"Impersonate-User", "b\xFFob"}}), FailsWith(StatusReason::kBadRequest, _));
  EXPECT_THAT(As({{"Impersonate-User", "bob"}, {"Impersonate-Group", "\xC0\x80"}}),
              FailsWith(StatusReason::kBadRequest, _));
  EXPECT_THAT(As({{"Impersonate-User", "bob"}, {"Impersonate-Extra-%ff", "x"}}),
              FailsWith(StatusReason::kBadRequest, _));
}

TEST_F(ImpersonateTest, IsNobodyElseWhileThatCannotBeAsked) {
  authorizer_.broken = true;
  EXPECT_THAT(As({{"Impersonate-User", "bob"}}),
              FailsWith(StatusReason::kServiceUnavailable, "away"));
}

}  // namespace
}  // namespace pedia::apiserver

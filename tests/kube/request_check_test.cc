#include "kube/request_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Request RequestTo(std::string path) {
  Request request;
  request.path_and_query = std::move(path);
  return request;
}

TEST(CheckRequestTest, AcceptsTheMethodsOfAKubeApiserver) {
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    Request request = RequestTo("/api");
    request.method = method;
    EXPECT_THAT(CheckRequest(request), IsOk()) << method;
  }
  for (const char* method : {"", "get", "TRACE", "CONNECT", "GET / HTTP/1.1\r\nX:", "POST "}) {
    Request request = RequestTo("/api");
    request.method = method;
    EXPECT_THAT(CheckRequest(request), FailsWith(StatusReason::kBadRequest, HasSubstr("method")))
        << method;
  }
}

TEST(CheckRequestTest, RefusesPathsThatWouldEndTheRequestLine) {
  for (const char* path : {"", "api", "/a b", "/a\r\nX: y", "/a#b", "/a\tb", "/a\x7f"}) {
    EXPECT_THAT(CheckRequest(RequestTo(path)),
                FailsWith(StatusReason::kBadRequest, HasSubstr("path")))
        << path;
  }
  EXPECT_THAT(CheckRequest(RequestTo(std::string("/a\0b", 4))),
              FailsWith(StatusReason::kBadRequest, HasSubstr("path")));
}

TEST(CheckRequestTest, RefusesHeadersThatWouldBecomeOthers) {
  using Field = std::pair<std::string, std::string>;
  for (const Field& field :
       {Field{"", "x"}, Field{"X Y", "x"}, Field{"X:", "x"}, Field{"X\r\nY", "x"},
        Field{"X", "s3cret\r\nAuthorization: b"}, Field{"X", "s3cret\n"},
        Field{"X", std::string("s3cret\0", 7)}, Field{"X\xc3\xa4", "x"}, Field{"X;", "x"}}) {
    Request request = RequestTo("/api");
    request.headers = {field};
    EXPECT_THAT(
        CheckRequest(request),
        FailsWith(StatusReason::kBadRequest, AllOf(HasSubstr("header"), Not(HasSubstr("s3cret")))))
        << field.first;
  }
  for (std::string Request::*part :
       {&Request::accept, &Request::content_type, &Request::if_none_match}) {
    Request request = RequestTo("/api");
    request.*part = "a\r\nb: c";
    EXPECT_THAT(CheckRequest(request), FailsWith(StatusReason::kBadRequest, HasSubstr("header")));
  }
}

TEST(CheckRequestTest, KeepsTheClientsOwnHeadersToItself) {
  for (const char* name : {"Host", "CONNECTION", "content-length", "Transfer-Encoding",
                           "Authorization", "Upgrade", "Expect", "TE"}) {
    Request request = RequestTo("/api");
    request.headers = {{name, "x"}};
    EXPECT_THAT(CheckRequest(request),
                FailsWith(StatusReason::kBadRequest, HasSubstr("cannot be set")))
        << name;
  }
}

TEST(CheckRequestTest, AcceptsOrdinaryHeaders) {
  Request request = RequestTo("/api/v1/pods?labelSelector=a%3Db&limit=5");
  request.headers = {{"Impersonate-User", "j\xc3\xa4ne"}, {"X-Empty", ""}, {"X-Tab", "a\tb"}};
  EXPECT_THAT(CheckRequest(request), IsOk());
}

}  // namespace
}  // namespace pedia::kube

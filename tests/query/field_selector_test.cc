#include "query/field_selector.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;

// The selector as "path=value" and "path!=value", joined by blanks.
std::string Parsed(std::string_view text) {
  const auto selector = ParseFieldSelector(text);
  if (!selector.ok()) return selector.status().message();
  std::string out;
  for (const FieldRequirement& term : *selector)
    out += (out.empty() ? "" : " ") + term.path + (term.negated ? "!=" : "=") + term.value;
  return out;
}

TEST(ParseFieldSelectorTest, ReadsTermsAndOperators) {
  EXPECT_EQ(Parsed(""), "");
  EXPECT_EQ(Parsed("metadata.name=a"), "metadata.name=a");
  EXPECT_EQ(Parsed("metadata.name==a,metadata.namespace!=b,"),
            "metadata.name=a metadata.namespace!=b");
  EXPECT_EQ(Parsed("spec.nodeName="), "spec.nodeName=");
}

TEST(ParseFieldSelectorTest, UnescapesValues) {
  EXPECT_EQ(Parsed(R"(a=x\,y\=z\\,b!=c)"), R"(a=x,y=z\ b!=c)");
}

TEST(ParseFieldSelectorTest, QuotesTheTermAtFault) {
  for (const char* text : {"metadata.name", "=a", "!=a", "a=b=c", "a=\\x", "a=\\"}) {
    EXPECT_THAT(
        ParseFieldSelector(std::string("x=y,") + text),
        FailsWith(StatusReason::kBadRequest, HasSubstr("fieldSelector: invalid selector: ")))
        << text;
  }
}

}  // namespace
}  // namespace pedia::query

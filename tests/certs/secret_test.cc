#include "certs/secret.h"

#include <gtest/gtest.h>

namespace pedia::certs {
namespace {

TEST(SecretTest, EqualsOnlyTheWholeSecret) {
  EXPECT_TRUE(EqualsSecret("s3cret", "s3cret"));
  for (const char* other : {"", "s3cre", "s3cret2", "S3cret", "s3cres"})
    EXPECT_FALSE(EqualsSecret(other, "s3cret")) << other;
}

TEST(SecretTest, IsNamedByItsHash) {
  EXPECT_EQ(Sha256("").substr(0, 4), "\xE3\xB0\xC4\x42");
  EXPECT_EQ(Sha256("abc").substr(0, 4), "\xBA\x78\x16\xBF");
  EXPECT_EQ(Sha256("abc").size(), 32u);
}

}  // namespace
}  // namespace pedia::certs

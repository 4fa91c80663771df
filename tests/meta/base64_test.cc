#include "meta/base64.h"

#include <gtest/gtest.h>

#include <utility>

namespace pedia {
namespace {

TEST(Base64Test, CodesTheExamplesOfTheRfc) {
  for (const auto& [plain, coded] : {std::pair{"", ""},
                                     {"f", "Zg=="},
                                     {"fo", "Zm8="},
                                     {"foo", "Zm9v"},
                                     {"foob", "Zm9vYg=="},
                                     {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(EncodeBase64(plain), coded);
    EXPECT_EQ(DecodeBase64(coded), plain);
  }
}

TEST(Base64Test, SkipsLineBreaksAndRejectsTheRest) {
  EXPECT_EQ(DecodeBase64("Zm9v\r\nYg==\n"), "foob");
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Zg==Zg==", "Zm9-", "Zm9v Zm9v", "Zm\x01v"})
    EXPECT_EQ(DecodeBase64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace pedia

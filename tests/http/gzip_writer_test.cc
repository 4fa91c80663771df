#include "apiserver/gzip_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <optional>
#include <random>
#include <vector>

namespace pedia::apiserver {
namespace {

// The content of exactly one gzip member; nullopt if there is less or more.
std::optional<std::string> Inflate(const std::string& compressed) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string out;
  int code = Z_OK;
  while (code == Z_OK) {
    char buffer[65536];
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    code = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer, sizeof buffer - stream.avail_out);
  }
  const bool whole = code == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  if (!whole) return std::nullopt;
  return out;
}

std::string Compress(const std::vector<std::string>& parts) {
  const auto writer = GzipWriter::TryMake();
  std::string out;
  for (const std::string& part : parts) writer->Write(part, out);
  writer->Finish(out);
  return out;
}

TEST(GzipWriterTest, MakesOneMemberOfManyWrites) {
  std::mt19937 random(1);
  std::vector<std::string> parts;
  std::string all;
  for (int i = 0; i < 500; ++i) {
    std::string part =
        R"({"kind":"Pod","metadata":{"name":"pod-)" + std::to_string(random()) + R"("}},)";
    if (i % 50 == 0) {
      for (int n = 0; n < 100'000; ++n) part += static_cast<char>(random());
    }
    all += part;
    parts.push_back(std::move(part));
  }
  EXPECT_EQ(Inflate(Compress(parts)), all);
}

TEST(GzipWriterTest, CompressesRepetitionWell) {
  const std::string text(3'000'000, 'a');
  const std::string compressed = Compress({text});
  EXPECT_LT(compressed.size(), 60'000);
  EXPECT_EQ(Inflate(compressed), text);
}

TEST(GzipWriterTest, MakesAMemberOfNothing) {
  EXPECT_EQ(Inflate(Compress({})), "");
  EXPECT_EQ(Inflate(Compress({"", ""})), "");
}

TEST(GzipWriterTest, BoundsTheNumberOfWritersAndReusesThem) {
  std::vector<std::unique_ptr<GzipWriter>> writers;
  for (size_t i = 0; i < GzipWriter::kMaxWriters; ++i) {
    writers.push_back(GzipWriter::TryMake());
    ASSERT_NE(writers.back(), nullptr);
  }
  EXPECT_EQ(GzipWriter::TryMake(), nullptr);
  std::string abandoned;
  writers.back()->Write("half a stream", abandoned);
  writers.pop_back();
  EXPECT_EQ(Inflate(Compress({"whole"})), "whole");
}

}  // namespace
}  // namespace pedia::apiserver

// Documents that cluster records name.
#include <gtest/gtest.h>

#include <random>

#include "storage/document_writer.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;

constexpr char kNamed[] = "SELECT cluster,name FROM cluster_documents ORDER BY cluster,name";
constexpr char kStored[] = "SELECT name FROM documents ORDER BY name";

std::string RandomBytes(size_t count) {
  std::mt19937 random(1);
  std::string bytes;
  while (bytes.size() < count) bytes += static_cast<char>(random());
  return bytes;
}

class DocumentsTest : public StoreTest {
 protected:
  // Saves a record of `cluster` that names `names`; each of `given` is stored as "bytes of <name>".
  Status Save(const std::string& cluster, const std::vector<std::string>& names,
              const std::vector<std::string>& given = {}) {
    std::vector<NamedDocument> documents;
    for (const std::string& name : given) documents.push_back({name, "bytes of " + name});
    return store_->SaveClusterRecord({cluster, "{}", names}, documents);
  }
  void ExpectDocument(const std::string& name, const std::string& bytes) {
    const Result<std::string> document = store_->LoadDocument(name);
    ASSERT_THAT(document, IsOk());
    EXPECT_EQ(*document == bytes, true) << document->size() << " bytes";
  }
};

TEST_F(DocumentsTest, GivesBackTheBytesThatWereStored) {
  ASSERT_THAT(Save("c1", {"A", "B"}, {"A", "B"}), IsOk());
  Open();
  ExpectDocument("A", "bytes of A");
  ExpectDocument("B", "bytes of B");
  EXPECT_THAT(store_->LoadDocument("C"), FailsWith(StatusReason::kNotFound, _));
}

TEST_F(DocumentsTest, ARecordComesBackWithTheNamesOfItsDocuments) {
  ASSERT_THAT(Save("c0", {}), IsOk());
  ASSERT_THAT(Save("c1", {"B", "A", "B"}, {"A", "B"}), IsOk());
  ASSERT_THAT(Save("c2", {}), IsOk());
  ASSERT_THAT(Save("c3", {"B"}), IsOk());
  const Result<std::vector<ClusterRecord>> records = store_->LoadClusterRecords();
  ASSERT_THAT(records, IsOk());
  ASSERT_EQ(records->size(), 4u);
  EXPECT_THAT((*records)[0].documents, IsEmpty());
  EXPECT_THAT((*records)[1].documents, ElementsAre("A", "B"));
  EXPECT_THAT((*records)[2].documents, IsEmpty());
  EXPECT_THAT((*records)[3].documents, ElementsAre("B"));
}

TEST_F(DocumentsTest, OneThatIsNeitherStoredNorGivenLeavesTheRecordAsItWas) {
  ASSERT_THAT(Save("c1", {"A"}, {"A"}), IsOk());
  EXPECT_THAT(Save("c1", {"B", "C"}, {"B"}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("'C' is neither stored nor given")));
  EXPECT_THAT(Save("c2", {"C"}), FailsWith(StatusReason::kBadRequest, _));
  EXPECT_THAT(ReadTable(database_, kNamed), ElementsAre("c1|A"));
  EXPECT_THAT(ReadTable(database_, kStored), ElementsAre("A"));
  EXPECT_EQ(store_->LoadClusterRecords()->size(), 1u);
}

TEST_F(DocumentsTest, AreDeletedWithTheLastRecordThatNamesThem) {
  ASSERT_THAT(Save("c1", {"A", "B"}, {"A", "B"}), IsOk());
  ASSERT_THAT(Save("c2", {"B", "C"}, {"C"}), IsOk());
  ASSERT_THAT(Save("c1", {"A"}), IsOk());
  EXPECT_THAT(ReadTable(database_, kStored), ElementsAre("A", "B", "C"));
  ASSERT_THAT(Save("c1", {}), IsOk());
  EXPECT_THAT(ReadTable(database_, kStored), ElementsAre("B", "C"));
  ASSERT_THAT(store_->DeleteCluster("c2"), IsOk());
  EXPECT_THAT(ReadTable(database_, kStored), IsEmpty());
  EXPECT_THAT(ReadTable(database_, kNamed), IsEmpty());
  EXPECT_THAT(store_->LoadDocument("B"), FailsWith(StatusReason::kNotFound, _));
}

TEST_F(DocumentsTest, OneThatNoRecordNamesIsNotStored) {
  ASSERT_THAT(Save("c1", {"A"}, {"A", "B"}), IsOk());
  EXPECT_THAT(ReadTable(database_, kStored), ElementsAre("A"));
}

TEST_F(DocumentsTest, WhatIsStoredIsNotWrittenAgain) {
  ASSERT_THAT(Save("c1", {"A"}, {"A"}), IsOk());
  const std::vector<NamedDocument> other = {{"A", "other bytes"}};
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "{}", {"A"}}, other), IsOk());
  ASSERT_THAT(store_->SaveClusterRecord({"c2", "{}", {"A"}}, other), IsOk());
  ExpectDocument("A", "bytes of A");
}

TEST_F(DocumentsTest, ManyOfManyClustersComeAndGo) {
  std::vector<std::string> names;
  for (int i = 0; i < 70; ++i) names.push_back("D" + std::to_string(100 + i));
  ASSERT_THAT(Save("c1", names, names), IsOk());
  ASSERT_THAT(Save("c2", names), IsOk());
  EXPECT_EQ(ReadTable(database_, kStored), names);
  const std::vector<std::string> first(names.begin(), names.begin() + 33);
  ASSERT_THAT(Save("c1", first), IsOk());
  EXPECT_EQ(ReadTable(database_, kStored), names);
  ASSERT_THAT(store_->DeleteCluster("c2"), IsOk());
  EXPECT_EQ(ReadTable(database_, kStored), first);
  EXPECT_EQ((*store_->LoadClusterRecords())[0].documents, first);
}

TEST_F(DocumentsTest, TakesAnyBytesAsNamesAndContents) {
  const std::string name =
      std::string("a\0b\xff'\\", 6) + std::string(kMaxDocumentName - 6, '\xfe');
  const std::string other = std::string("a\0c", 3);
  const std::vector<NamedDocument> documents = {{name, std::string("\0\xff{", 3)}, {other, ""}};
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "{}", {name, other}}, documents), IsOk());
  ExpectDocument(name, documents[0].bytes);
  ExpectDocument(other, "");
  EXPECT_THAT(Save("c1", {name + "x"}, {name + "x"}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("name of a document is too long")));
}

TEST_F(DocumentsTest, TakesLargeOnes) {
  // They become no smaller.
  const std::vector<NamedDocument> documents = {{"A", RandomBytes(8 << 20)},
                                                {"B", '{' + RandomBytes(8 << 20)}};
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "{}", {"A", "B"}}, documents), IsOk());
  Open();
  ExpectDocument("A", documents[0].bytes);
  ExpectDocument("B", documents[1].bytes);
}

TEST_F(DocumentsTest, AVeryLargeOneIsStoredWholeOrRefusedForGood) {
  const std::vector<NamedDocument> documents = {{"A", RandomBytes(17 << 20)}};
  const Status saved = store_->SaveClusterRecord({"c1", "{}", {"A"}}, documents);
  if (testing::TestDatabase::kind() == testing::TestDatabase::Kind::kMysql) {
    EXPECT_THAT(saved, FailsWith(StatusReason::kBadRequest, HasSubstr("max_allowed_packet")));
    EXPECT_THAT(ReadTable(database_, kNamed), IsEmpty());
  } else {
    EXPECT_THAT(saved, IsOk());
    ExpectDocument("A", documents[0].bytes);
  }
  ASSERT_THAT(Save("c1", {"B"}, {"B"}), IsOk());
}

}  // namespace
}  // namespace pedia::storage

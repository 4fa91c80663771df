// WriteBatch: what one transaction does to many objects: found, compared, computed in memory, and
// written table by table, so that a database far away is asked seldom.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "meta/status.h"
#include "storage/dictionary_writer.h"
#include "storage/entry_changes.h"
#include "storage/object_columns.h"
#include "storage/scope_changes.h"
#include "storage/sql_connection.h"
#include "storage/store.h"

namespace pedia::storage {

// What is to become of one object.
struct ObjectWrite {
  const ObjectRow* row;  // nullptr: it is deleted, and the next two mean nothing.
  std::string_view cluster;
  DictionaryWriter::Type* type;
  int64_t type_id;
  std::string okey;
};

// For one use. One thread.
class WriteBatch {
 public:
  // `state`: of the transaction; ids are taken from it.
  WriteBatch(SqlConnection& connection, DictionaryWriter& dictionary, StoreState& state,
             const WriteStamp& stamp)
      : connection_(connection), dictionary_(dictionary), state_(state), stamp_(stamp) {}

  // Writes what differs from what is stored, and counts it in `result`. `objects`: in key order,
  // none twice.
  Status Write(std::span<const ObjectWrite> objects, ApplyResult* result);

 private:
  struct Item {
    const ObjectWrite* object;
    const FoundObject* stored;  // nullptr if it is new.
    int64_t id;
    std::vector<KeyedValue> entries{};  // Empty if it is deleted.
    std::string packed{};
  };

  Status Find(std::span<const ObjectWrite> objects);
  // Leaves out what is stored already.
  Status Compare(std::span<const ObjectWrite> objects);
  Status PackEntriesOfItems();
  Status WriteNew();
  Status WriteChanged();
  Status WriteDeleted();
  Status WriteEntriesAndScopes();

  SqlConnection& connection_;
  DictionaryWriter& dictionary_;
  StoreState& state_;
  const WriteStamp stamp_;
  std::vector<FoundObject> found_;
  std::vector<const FoundObject*> found_of_;  // By index of the objects; nullptr: not stored.
  std::vector<Item> new_, changed_, deleted_;
};

}  // namespace pedia::storage

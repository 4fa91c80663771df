#include "storage/write_batch.h"

#include <algorithm>
#include <utility>

namespace pedia::storage {
namespace {

// Of those that may be equal to what is stored: bounds what is read of them at a time.
constexpr size_t kBodiesPerRead = 64;

constexpr size_t kBodyColumns[] = {1, 2};  // entries, body

}  // namespace

Status WriteBatch::Write(std::span<const ObjectWrite> objects, ApplyResult* result) {
  if (Status status = Find(objects); !status.ok()) return status;
  if (Status status = Compare(objects); !status.ok()) return status;
  if (new_.empty() && changed_.empty() && deleted_.empty()) return Status();
  if (Status status = PackEntriesOfItems(); !status.ok()) return status;
  if (Status status = WriteDeleted(); !status.ok()) return status;
  if (Status status = WriteNew(); !status.ok()) return status;
  if (Status status = WriteChanged(); !status.ok()) return status;
  if (Status status = WriteEntriesAndScopes(); !status.ok()) return status;
  result->inserted += static_cast<int64_t>(new_.size());
  result->updated += static_cast<int64_t>(changed_.size());
  result->deleted += static_cast<int64_t>(deleted_.size());
  return Status();
}

Status WriteBatch::Find(std::span<const ObjectWrite> objects) {
  std::vector<ObjectRef> refs;
  refs.reserve(objects.size());
  for (const ObjectWrite& object : objects) refs.push_back({object.type_id, object.okey});
  Result<std::vector<FoundObject>> found = connection_.FindObjects(refs);
  if (!found.ok()) return found.status();
  found_ = *std::move(found);
  found_of_.assign(objects.size(), nullptr);
  for (const FoundObject& object : found_) found_of_[object.index] = &object;
  return Status();
}

Status WriteBatch::Compare(std::span<const ObjectWrite> objects) {
  // Objects of the same version are most often equal; if the version differs, so does the body.
  std::vector<size_t> similar;
  for (size_t i = 0; i < objects.size(); ++i) {
    const FoundObject* stored = found_of_[i];
    const ObjectRow* row = objects[i].row;
    if (stored != nullptr && row != nullptr && stored->resource_version == row->resource_version)
      similar.push_back(i);
  }
  std::vector<char> unchanged(objects.size(), 0);
  std::vector<std::string> bodies;
  for (size_t start = 0; start < similar.size(); start += kBodiesPerRead) {
    const size_t count = std::min(kBodiesPerRead, similar.size() - start);
    std::vector<int64_t> ids;
    for (size_t i = 0; i < count; ++i) ids.push_back(found_of_[similar[start + i]]->id);
    if (Status status = connection_.ReadBodies(ids, &bodies); !status.ok()) return status;
    for (size_t i = 0; i < count; ++i) {
      const size_t at = similar[start + i];
      unchanged[at] = bodies[i] == objects[at].row->body;
    }
  }
  for (size_t i = 0; i < objects.size(); ++i) {
    const FoundObject* stored = found_of_[i];
    if (unchanged[i]) continue;
    if (objects[i].row == nullptr) {
      if (stored != nullptr) deleted_.push_back({&objects[i], stored, stored->id});
    } else if (stored != nullptr) {
      changed_.push_back({&objects[i], stored, stored->id});
    } else {
      new_.push_back({&objects[i], nullptr, state_.next_object++});
    }
  }
  return Status();
}

Status WriteBatch::PackEntriesOfItems() {
  std::vector<DictionaryWriter::Packing> packings;
  packings.reserve(new_.size() + changed_.size());
  for (const std::vector<Item>* items : {&new_, &changed_}) {
    for (const Item& item : *items)
      packings.push_back({item.object->type, &item.object->row->entries});
  }
  if (Status status = dictionary_.Pack(packings); !status.ok()) return status;
  auto packing = packings.begin();
  for (std::vector<Item>* items : {&new_, &changed_}) {
    for (Item& item : *items) {
      item.entries = std::move(packing++->keyed);
      item.packed = PackEntries(item.entries);
    }
  }
  return Status();
}

Status WriteBatch::WriteNew() {
  if (new_.empty()) return Status();
  std::vector<SqlParameter> rows;
  rows.reserve(new_.size() * kObjectsTable.columns.size());
  for (const Item& item : new_) {
    const ObjectWrite& object = *item.object;
    AppendObject({item.id, object.type_id, object.okey, object.cluster}, *object.row, stamp_,
                 &rows);
  }
  if (Status status = connection_.Insert(kObjectsTable, rows); !status.ok()) return status;
  rows.clear();
  for (const Item& item : new_)
    rows.insert(rows.end(), {item.id, BlobView{item.packed}, BlobView{item.object->row->body}});
  return connection_.Insert(kBodiesTable, rows);
}

Status WriteBatch::WriteChanged() {
  if (changed_.empty()) return Status();
  std::vector<SqlParameter> plain, indexed, bodies;
  for (const Item& item : changed_) {
    const ObjectRow& row = *item.object->row;
    AppendPlain(item.id, row, &plain);
    plain.insert(plain.end(), {stamp_.synced, stamp_.revision});
    const bool moved =
        item.stored->created != CreatedOf(row) || item.stored->owner_uid != row.owner_uid;
    if (moved) AppendIndexed(item.id, row, &indexed);
    bodies.insert(bodies.end(), {item.id, BlobView{item.packed}, BlobView{row.body}});
  }
  Status status = connection_.Update(kObjectsTable, kPlainColumns, plain);
  if (status.ok() && !indexed.empty())
    status = connection_.Update(kObjectsTable, kIndexedColumns, indexed);
  if (status.ok()) status = connection_.Update(kBodiesTable, kBodyColumns, bodies);
  return status;
}

Status WriteBatch::WriteDeleted() {
  if (deleted_.empty()) return Status();
  std::vector<SqlParameter> ids, tombstones;
  for (const Item& item : deleted_) {
    ids.emplace_back(item.id);
    tombstones.insert(tombstones.end(),
                      {stamp_.revision, item.object->type_id, TextView{item.object->okey}});
  }
  Status status = connection_.Delete(kBodiesTable, ids);
  if (status.ok()) status = connection_.Delete(kObjectsTable, ids);
  if (status.ok()) status = connection_.Insert(kTombstonesTable, tombstones);
  return status;
}

Status WriteBatch::WriteEntriesAndScopes() {
  EntryChanges entries;
  ScopeChanges scopes;
  for (const Item& item : deleted_) {
    entries.Compare(item.stored->entries, {}, item.object->okey, item.id);
    scopes.Count(item.object->type_id, item.object->okey, -1);
  }
  for (const Item& item : new_) {
    entries.Compare({}, item.entries, item.object->okey, item.id);
    scopes.Count(item.object->type_id, item.object->okey, 1);
  }
  for (const Item& item : changed_)
    entries.Compare(item.stored->entries, item.entries, item.object->okey, item.id);
  if (Status status = entries.Write(connection_); !status.ok()) return status;
  return scopes.Write(connection_);
}

}  // namespace pedia::storage

#include "storage/object_row.h"

#include <algorithm>
#include <span>

#include "meta/json_reader.h"
#include "meta/time.h"
#include "query/field_scanner.h"
#include "storage/body_codec.h"
#include "storage/indexed_fields.h"

namespace pedia::storage {
namespace {

void ReadLabels(JsonReader& reader, std::vector<Entry>* entries) {
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) {
    if (reader.Peek() != JsonType::kString) {
      reader.Skip();
      continue;
    }
    std::string path = LabelPath(DecodeJsonString(key));
    entries->push_back({std::move(path), IndexedValue(reader.ReadString())});
  }
}

// The uid of the owner that says "controller": true; that of any other owner does not count.
void ReadControllerUid(JsonReader& reader, std::string* owner_uid) {
  if (!reader.BeginArray()) return;
  while (reader.NextElement()) {
    if (!reader.BeginObject()) continue;
    std::string uid;
    bool controller = false;
    for (std::string_view key; reader.NextMember(&key);) {
      if (key == "uid") {
        uid = reader.ReadString();
      } else if (key == "controller") {
        controller = reader.ReadBool().value_or(false);
      } else {
        reader.Skip();
      }
    }
    if (controller) *owner_uid = IndexedValue(uid);
  }
}

std::optional<int64_t> ReadTime(JsonReader& reader) { return ParseRfc3339(reader.ReadString()); }

void ReadMetadata(JsonReader& reader, ObjectRow* row) {
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "name") {
      row->name = reader.ReadString();
    } else if (key == "namespace") {
      row->name_space = reader.ReadString();
    } else if (key == "uid") {
      row->uid = IndexedValue(reader.ReadString());
    } else if (key == "resourceVersion") {
      row->resource_version = IndexedValue(reader.ReadString());
    } else if (key == "creationTimestamp") {
      row->created = ReadTime(reader).value_or(0);
    } else if (key == "deletionTimestamp") {
      row->deleted = ReadTime(reader);
    } else if (key == "labels") {
      ReadLabels(reader, &row->entries);
    } else if (key == "ownerReferences") {
      ReadControllerUid(reader, &row->owner_uid);
    } else {
      reader.Skip();
    }
  }
}

// The entries of the indexed fields: what a scan finds at their paths.
void AddFields(const GroupVersionResource& gvr, std::string_view body,
               std::vector<Entry>* entries) {
  const std::span<const std::string_view> fields = IndexedFields(gvr);
  std::vector<query::FieldTexts> texts;
  IndexedFieldScanner(gvr).Scan(body, &texts);
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!texts[i].empty())
      entries->push_back({"f:" + std::string(fields[i]), IndexedValue(texts[i][0])});
  }
}

// A repeated label counts with its last value, as in Go.
void SortEntries(std::vector<Entry>* entries) {
  std::stable_sort(entries->begin(), entries->end(),
                   [](const Entry& a, const Entry& b) { return a.key < b.key; });
  size_t kept = 0;
  for (size_t i = 0; i < entries->size(); ++i) {
    if (i + 1 < entries->size() && (*entries)[i + 1].key == (*entries)[i].key) continue;
    if (kept != i) (*entries)[kept] = std::move((*entries)[i]);
    ++kept;
  }
  entries->erase(entries->begin() + static_cast<std::ptrdiff_t>(kept), entries->end());
}

}  // namespace

Result<ObjectRow> EncodeObject(const GroupVersionResource& gvr, std::string_view body) {
  ObjectRow row;
  JsonReader reader(body);
  if (!reader.BeginObject()) return BadRequest("the object is no JSON object");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "metadata") {
      ReadMetadata(reader, &row);
    } else {
      reader.Skip();
    }
  }
  if (!reader.ok()) return BadRequest("the object is malformed JSON");
  if (row.name.empty()) return BadRequest("the object has no metadata.name");
  AddFields(gvr, body, &row.entries);
  SortEntries(&row.entries);
  Result<std::string> encoded = EncodeBody(body);
  if (!encoded.ok()) return encoded.status();
  row.body = std::move(*encoded);
  return row;
}

}  // namespace pedia::storage

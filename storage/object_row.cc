#include "storage/object_row.h"

#include <algorithm>
#include <span>

#include "meta/json_reader.h"
#include "meta/time.h"
#include "storage/body_codec.h"
#include "storage/indexed_fields.h"

namespace pedia::storage {
namespace {

using Fields = std::span<const std::string_view>;

void ReadLabels(JsonReader& reader, std::vector<Entry>* entries) {
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) {
    if (reader.Peek() != JsonType::kString) {
      reader.Skip();
      continue;
    }
    std::string name = "l:" + DecodeJsonString(key);
    entries->push_back({std::move(name), IndexedValue(reader.ReadString())});
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
    if (controller) *owner_uid = std::move(uid);
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
      row->uid = reader.ReadString();
    } else if (key == "resourceVersion") {
      row->resource_version = reader.ReadString();
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

// Those of `fields` (sorted, equal in their first `depth` bytes) that go on with `key`.
Fields FieldsBelow(Fields fields, size_t depth, std::string_view key) {
  const auto matches = [&](std::string_view path) {
    const std::string_view rest = path.substr(depth);
    return rest.starts_with(key) && (rest.size() == key.size() || rest[key.size()] == '.');
  };
  const auto first = std::find_if(fields.begin(), fields.end(), matches);
  return Fields(first, std::find_if_not(first, fields.end(), matches));
}

// Reads the value that stands next, which is at the first `depth` bytes of each path in `fields`:
// collects the scalars that the paths name and skips the rest. `depth` counts the dot too.
void ReadFields(JsonReader& reader, Fields fields, size_t depth, std::vector<Entry>* entries) {
  if (fields.empty()) {
    reader.Skip();
    return;
  }
  if (fields.front().size() < depth) {  // The path ends here: the value itself is wanted.
    if (std::optional<std::string> text = reader.ReadScalarText()) {
      entries->push_back({"f:" + std::string(fields.front()), IndexedValue(*text)});
    }
    return;
  }
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) {
    ReadFields(reader, FieldsBelow(fields, depth, key), depth + key.size() + 1, entries);
  }
}

// A repeated key counts with its last value, as in Go.
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
  const Fields fields = IndexedFields(gvr);
  JsonReader reader(body);
  if (!reader.BeginObject()) return BadRequest("the object is no JSON object");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "metadata") {
      ReadMetadata(reader, &row);
    } else {
      ReadFields(reader, FieldsBelow(fields, 0, key), key.size() + 1, &row.entries);
    }
  }
  if (!reader.ok()) return BadRequest("the object is malformed JSON");
  if (row.name.empty()) return BadRequest("the object has no metadata.name");
  SortEntries(&row.entries);
  Result<std::string> encoded = EncodeBody(body);
  if (!encoded.ok()) return encoded.status();
  row.body = std::move(*encoded);
  return row;
}

}  // namespace pedia::storage

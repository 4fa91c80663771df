#include "apiserver/field_tree.h"

namespace pedia::apiserver {

size_t FieldTree::Add(std::span<const std::string> path) {
  Node* node = &root_;
  for (const std::string& key : path) node = &Child(node, key);
  if (node->field < 0) node->field = static_cast<int>(size_++);
  return static_cast<size_t>(node->field);
}

void FieldTree::Scan(std::string_view object, std::span<std::string_view> fields) const {
  if (root_.field >= 0) fields[static_cast<size_t>(root_.field)] = object;
  JsonReader reader(object);
  ScanObject(root_, object, &reader, fields);
}

FieldTree::Node& FieldTree::Child(Node* parent, std::string_view key) {
  for (Node& child : parent->children) {
    if (child.key == key) return child;
  }
  parent->children.push_back({});
  parent->children.back().key = key;
  return parent->children.back();
}

const FieldTree::Node* FieldTree::FindChild(const Node& parent, std::string_view raw_key,
                                            bool has_escapes) {
  if (has_escapes) return FindChild(parent, DecodeJsonString(raw_key), false);
  for (const Node& child : parent.children) {
    if (child.key == raw_key) return &child;
  }
  return nullptr;
}

void FieldTree::ScanObject(const Node& node, std::string_view document, JsonReader* reader,
                           std::span<std::string_view> fields) {
  if (!reader->BeginObject()) return;
  for (std::string_view key; reader->NextMember(&key);) {
    const Node* child = FindChild(node, key, reader->had_escapes());
    if (child == nullptr) {
      reader->Skip();
      continue;
    }
    reader->Peek();  // To the first byte of the value.
    const size_t start = reader->offset();
    child->children.empty() ? void(reader->Skip()) : ScanObject(*child, document, reader, fields);
    if (child->field >= 0 && reader->ok())
      fields[static_cast<size_t>(child->field)] = document.substr(start, reader->offset() - start);
  }
}

}  // namespace pedia::apiserver

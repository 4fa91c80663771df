// FieldTree: finds the values at several paths of an object, such as {"status", "phase"}, in one
// pull scan over its bytes.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meta/json_reader.h"

namespace pedia::apiserver {

// Once all paths are added: immutable, safe from any thread.
class FieldTree {
 public:
  // Which of Scan's fields the value at `path` (names of members, root first; none: the object
  // itself) will be; the same for equal paths. A path may be the beginning of another one.
  size_t Add(std::span<const std::string> path);
  size_t size() const { return size_; }
  // Sets fields[n] to the JSON text of the value at path n, "null" included, and leaves it alone
  // where the object has none. The last of equal keys counts, as in Go. Requires: `fields` has
  // room for size() of them.
  void Scan(std::string_view object, std::span<std::string_view> fields) const;

 private:
  struct Node {
    std::string key;
    int field = -1;
    std::vector<Node> children;
  };

  static Node& Child(Node* parent, std::string_view key);
  static const Node* FindChild(const Node& parent, std::string_view raw_key, bool has_escapes);
  static void ScanObject(const Node& node, std::string_view document, JsonReader* reader,
                         std::span<std::string_view> fields);

  Node root_;
  size_t size_ = 0;
};

}  // namespace pedia::apiserver

// FieldScanner: the values at several field paths of one object, read from its bytes in one pass
// without a DOM. What no index answers is answered by this, so it must be fast.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "query/field_path.h"
#include "query/field_selector.h"

namespace pedia::query {

// The texts found at one path (FieldRequirement says what the text of a value is), in document
// order. Reused from object to object, so that it stops allocating.
class FieldTexts {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view operator[](size_t i) const {
    const Text& text = texts_[i];
    return text.is_decoded ? std::string_view(text.decoded) : text.view;
  }

 private:
  friend class FieldScanner;
  struct Text {
    std::string_view view;  // Into the object.
    bool is_decoded = false;
    std::string decoded;  // Of a string with escapes.
  };
  Text& Add();

  std::vector<Text> texts_;
  size_t size_ = 0;
};

// Immutable; several threads may scan at once, each with its own `texts`.
class FieldScanner {
 public:
  explicit FieldScanner(const std::vector<FieldPath>& paths);
  ~FieldScanner();
  FieldScanner(FieldScanner&&) noexcept;
  FieldScanner& operator=(FieldScanner&&) noexcept;

  // Fills (*texts)[i] for path i. `object`: JSON that must outlive the views; malformed JSON ends
  // the scan early and never reads outside. Of repeated keys in one object the first counts, so that
  // the scan can end as soon as every path is found; what follows is not even looked at. (API
  // servers never write a key twice.)
  void Scan(std::string_view object, std::vector<FieldTexts>* texts) const;

 private:
  struct Node;
  class Pass;
  // Each tree holds the next 64 paths, so that one word can say which members are still to come.
  std::vector<std::unique_ptr<const Node>> roots_;
  size_t paths_ = 0;
};

// Whether one requirement matches the texts at its path. Pure.
bool Matches(const FieldRequirement& requirement, const FieldTexts& texts);

// A whole selector over an object's bytes. One thread.
class FieldMatcher {
 public:
  explicit FieldMatcher(FieldSelector selector);
  bool Matches(std::string_view object);

 private:
  FieldSelector selector_;
  std::vector<std::string> order_keys_;  // Of what `>` and `<` compare with, by requirement.
  FieldScanner scanner_;
  std::vector<FieldTexts> texts_;
};

}  // namespace pedia::query

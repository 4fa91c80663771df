// Value: what a template computes with: the values that Go's text/template sees when it is given an
// object decoded from JSON. Source: pkg.go.dev/text/template; k8s.io/apimachinery, package
// unstructured (whole numbers are int64, others float64). Private to policy.
#pragma once
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace pedia::policy {

class Value;
using List = std::vector<Value>;
using Map = std::map<std::string_view, Value>;  // Sorted by bytes, as Go sorts keys.

enum class Kind {
  kMissing,  // No value: the field of an object that lacks it.
  kNil,
  kBool,
  kInt,    // Go's int: constants and results of functions.
  kInt64,  // The whole numbers of objects.
  kFloat,
  kString,
  kList,
  kMap,
};

// Points to texts, lists and objects that the TemplateRun it was made by owns; copies are cheap and
// share them. Of the accessors only those of its kind may be called.
class Value {
 public:
  Value() : integer_(0) {}
  static Value Nil() { return Value(Kind::kNil); }
  static Value Bool(bool value);
  static Value Int(int64_t value);
  static Value Int64(int64_t value);
  static Value Float(double value);
  static Value Text(std::string_view text);  // `text` must outlive the value.
  static Value Of(List* list);
  static Value Of(Map* map);

  Kind kind() const { return kind_; }
  bool IsNil() const { return kind_ == Kind::kMissing || kind_ == Kind::kNil; }
  bool IsInteger() const { return kind_ == Kind::kInt || kind_ == Kind::kInt64; }
  bool boolean() const { return integer_ != 0; }
  int64_t integer() const { return integer_; }
  double real() const { return real_; }
  std::string_view text() const { return text_; }
  List& list() const { return *list_; }
  Map& map() const { return *map_; }

  // What `if` makes of it: false for nothing, false, zero and what is empty.
  bool Truth() const;
  // The number of bytes, elements or members; 0 for what has none.
  size_t Size() const;
  // "string", "[]interface {}", "<nil>".
  std::string_view TypeName() const;
  // reflect.Kind: "string", "slice", "invalid".
  std::string_view KindName() const;

 private:
  explicit Value(Kind kind) : kind_(kind), integer_(0) {}

  Kind kind_ = Kind::kMissing;
  union {
    int64_t integer_;  // kBool too.
    double real_;
    List* list_;
    Map* map_;
  };
  std::string_view text_;
};

}  // namespace pedia::policy

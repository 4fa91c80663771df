#include "policy/template_value.h"

namespace pedia::policy {

Value Value::Bool(bool value) {
  Value result(Kind::kBool);
  result.integer_ = value ? 1 : 0;
  return result;
}

Value Value::Int(int64_t value) {
  Value result(Kind::kInt);
  result.integer_ = value;
  return result;
}

Value Value::Int64(int64_t value) {
  Value result(Kind::kInt64);
  result.integer_ = value;
  return result;
}

Value Value::Float(double value) {
  Value result(Kind::kFloat);
  result.real_ = value;
  return result;
}

Value Value::Text(std::string_view text) {
  Value result(Kind::kString);
  result.text_ = text;
  return result;
}

Value Value::Of(List* list) {
  Value result(Kind::kList);
  result.list_ = list;
  return result;
}

Value Value::Of(Map* map) {
  Value result(Kind::kMap);
  result.map_ = map;
  return result;
}

bool Value::Truth() const {
  switch (kind_) {
    case Kind::kMissing:
    case Kind::kNil:
      return false;
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kInt64:
      return integer_ != 0;
    case Kind::kFloat:
      return real_ != 0;
    case Kind::kString:
    case Kind::kList:
    case Kind::kMap:
      return Size() > 0;
  }
  return false;
}

size_t Value::Size() const {
  switch (kind_) {
    case Kind::kString:
      return text_.size();
    case Kind::kList:
      return list_->size();
    case Kind::kMap:
      return map_->size();
    default:
      return 0;
  }
}

std::string_view Value::TypeName() const {
  switch (kind_) {
    case Kind::kMissing:
    case Kind::kNil:
      return "<nil>";
    case Kind::kList:
      return "[]interface {}";
    case Kind::kMap:
      return "map[string]interface {}";
    default:
      return KindName();
  }
}

std::string_view Value::KindName() const {
  switch (kind_) {
    case Kind::kMissing:
    case Kind::kNil:
      return "invalid";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kInt64:
      return "int64";
    case Kind::kFloat:
      return "float64";
    case Kind::kString:
      return "string";
    case Kind::kList:
      return "slice";
    case Kind::kMap:
      return "map";
  }
  return "";
}

}  // namespace pedia::policy

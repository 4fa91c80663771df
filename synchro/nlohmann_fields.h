// JsonFields: reads the members of one JSON object of a manifest and remembers the first that has
// the wrong type. Private to synchro.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pedia::synchro {

// A member that is missing or null gives an empty value. `object` must outlive this. One thread.
class JsonFields {
 public:
  // `path` is where the object stands, for errors: "spec.syncResources[0]".
  JsonFields(const nlohmann::json& object, std::string path)
      : object_(object), path_(std::move(path)) {}

  std::string Text(const char* key) {
    const nlohmann::json* value = Find(key);
    if (value == nullptr) return {};
    if (!value->is_string()) return Fail(key, "must be a string"), std::string();
    return value->get<std::string>();
  }
  bool Flag(const char* key) {
    const nlohmann::json* value = Find(key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) return Fail(key, "must be true or false"), false;
    return value->get<bool>();
  }
  std::vector<std::string> Texts(const char* key) {
    std::vector<std::string> texts;
    const nlohmann::json* value = Find(key);
    if (value == nullptr) return texts;
    if (!value->is_array()) return Fail(key, "must be a list of strings"), texts;
    for (const nlohmann::json& element : *value) {
      if (!element.is_string()) return Fail(key, "must be a list of strings"), texts;
      texts.push_back(element.get<std::string>());
    }
    return texts;
  }
  // Null if missing.
  const nlohmann::json* Find(const char* key) const {
    const auto it = object_.find(key);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }
  // `why` follows the field's path: "must be a string".
  void Fail(const std::string& key, const std::string& why) {
    if (!error_) error_ = path_ + "." + key + (why.starts_with('.') ? "" : " ") + why;
  }
  const std::optional<std::string>& error() const { return error_; }

 private:
  const nlohmann::json& object_;
  std::string path_;
  std::optional<std::string> error_;
};

}  // namespace pedia::synchro

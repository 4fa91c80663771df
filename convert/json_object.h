// JsonObject: a JSON object taken apart one level deep, to be changed and put together again. What
// is not changed stays the bytes that it was, in its order; no number is read, no string decoded.
//   std::optional<JsonObject> event = JsonObject::Read(R"({"note":"a","count":1.0})");
//   event->Rename("note", "message");
//   event->ToString();  // {"message":"a","count":1.0}
// Private to convert.
#pragma once
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pedia::convert {

// Keys are compared as they are spelled, escapes not decoded; of repeated ones the first counts.
// Keys must outlive the object: literals, or pieces of the text that was read. Not thread-safe.
class JsonObject {
 public:
  JsonObject() = default;  // {}
  JsonObject(JsonObject&&) = default;
  JsonObject& operator=(JsonObject&&) = default;
  // Nothing if `text` is no object or malformed on its first level. `text` must outlive the result.
  static std::optional<JsonObject> Read(std::string_view text);

  bool empty() const { return members_.empty(); }
  // The bytes of a member's value. A member that is null counts as lacking, as in Kubernetes. Valid
  // as long as this object, also after changes.
  std::optional<std::string_view> Get(std::string_view key) const;
  // The member as an object, if it is one.
  std::optional<JsonObject> GetObject(std::string_view key) const;

  // Puts a value (JSON) in the member's place, or at the end.
  void Set(std::string_view key, std::string value);
  void SetText(std::string_view key, std::string_view text);  // A string.
  void Remove(std::string_view key);
  // Gives a member another name; one that has it already goes.
  void Rename(std::string_view key, std::string_view new_key);

  // Lets `change` alter a member that is an object; any other stays as it is.
  template <typename Change>
  void ChangeObject(std::string_view key, Change change) {
    std::optional<JsonObject> member = GetObject(key);
    if (!member) return;
    change(*member);
    Set(key, member->ToString());
  }
  // Lets `change` alter every object in a member that is an array.
  template <typename Change>
  void ChangeEach(std::string_view key, Change change);

  void AppendTo(std::string* out) const;
  std::string ToString() const;

 private:
  struct Member {
    std::string_view key;
    std::string_view value;  // Of the text that was read, or of owned_.
  };
  Member* Find(std::string_view key);

  std::vector<Member> members_;
  std::list<std::string> owned_;
};

// The elements of an array; nothing if `text` is none.
std::optional<std::vector<std::string_view>> ReadArray(std::string_view text);
std::string JoinArray(const std::vector<std::string>& elements);

template <typename Change>
void JsonObject::ChangeEach(std::string_view key, Change change) {
  const std::optional<std::string_view> value = Get(key);
  const auto elements = value ? ReadArray(*value) : std::nullopt;
  if (!elements) return;
  std::vector<std::string> changed;
  for (const std::string_view element : *elements) {
    std::optional<JsonObject> object = Read(element);
    if (object) change(*object);
    changed.push_back(object ? object->ToString() : std::string(element));
  }
  Set(key, JoinArray(changed));
}

}  // namespace pedia::convert

#include "convert/json_object.h"

#include <algorithm>
#include <utility>

#include "meta/json_reader.h"

namespace pedia::convert {

std::optional<JsonObject> JsonObject::Read(std::string_view text) {
  JsonReader reader(text);
  if (!reader.BeginObject()) return std::nullopt;
  JsonObject object;
  for (std::string_view key; reader.NextMember(&key);) {
    const std::string_view value = reader.Skip();
    object.members_.push_back({key, value});
  }
  reader.Peek();  // Past white space.
  if (!reader.ok() || reader.offset() != text.size()) return std::nullopt;
  return object;
}

JsonObject::Member* JsonObject::Find(std::string_view key) {
  const auto it = std::ranges::find(members_, key, &Member::key);
  return it == members_.end() ? nullptr : &*it;
}

std::optional<std::string_view> JsonObject::Get(std::string_view key) const {
  const auto it = std::ranges::find(members_, key, &Member::key);
  if (it == members_.end() || it->value == "null") return std::nullopt;
  return it->value;
}

std::optional<JsonObject> JsonObject::GetObject(std::string_view key) const {
  const std::optional<std::string_view> value = Get(key);
  return value ? Read(*value) : std::nullopt;
}

void JsonObject::Set(std::string_view key, std::string value) {
  const std::string_view kept = owned_.emplace_back(std::move(value));
  if (Member* member = Find(key)) {
    member->value = kept;
  } else {
    members_.push_back({key, kept});
  }
}

void JsonObject::SetText(std::string_view key, std::string_view text) {
  Set(key, JsonString(text));
}

void JsonObject::Remove(std::string_view key) {
  std::erase_if(members_, [&](const Member& member) { return member.key == key; });
}

void JsonObject::Rename(std::string_view key, std::string_view new_key) {
  if (Find(key) == nullptr) return;
  Remove(new_key);
  Find(key)->key = new_key;
}

void JsonObject::AppendTo(std::string* out) const {
  out->push_back('{');
  bool first = true;
  for (const Member& member : members_) {
    if (!first) out->push_back(',');
    first = false;
    out->append("\"").append(member.key).append("\":").append(member.value);
  }
  out->push_back('}');
}

std::string JsonObject::ToString() const {
  std::string text;
  AppendTo(&text);
  return text;
}

std::optional<std::vector<std::string_view>> ReadArray(std::string_view text) {
  JsonReader reader(text);
  if (!reader.BeginArray()) return std::nullopt;
  std::vector<std::string_view> elements;
  while (reader.NextElement()) elements.push_back(reader.Skip());
  if (!reader.ok()) return std::nullopt;
  return elements;
}

std::string JoinArray(const std::vector<std::string>& elements) {
  std::string text = "[";
  for (const std::string& element : elements) {
    if (text.size() > 1) text.push_back(',');
    text += element;
  }
  return text + "]";
}

}  // namespace pedia::convert

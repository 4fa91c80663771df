#include "discovery/credential_secrets.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "meta/base64.h"
#include "meta/json_reader.h"

namespace pedia::discovery {

void CredentialSecrets::Set(std::string_view name, std::string_view object) {
  Data& secret = secrets_[std::string(name)];
  secret.clear();
  if (!IsValidJson(object)) return;
  const auto json = nlohmann::json::parse(object, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return;
  // What stands in stringData counts more, as when the server merges them.
  for (const char* member : {"stringData", "data"}) {
    const auto entries = json.find(member);
    if (entries == json.end() || !entries->is_object()) continue;
    for (const auto& [key, value] : entries->items()) {
      if (!value.is_string()) continue;
      const auto& text = value.get_ref<const std::string&>();
      auto bytes = *member == 's' ? std::optional(text) : DecodeBase64(text);
      if (bytes) secret.try_emplace(key, *std::move(bytes));
    }
  }
}

void CredentialSecrets::Remove(std::string_view name) {
  if (const auto found = secrets_.find(name); found != secrets_.end()) secrets_.erase(found);
}

Result<std::string> CredentialSecrets::Get(std::string_view name, std::string_view key) const {
  const std::string quoted = "secret \"" + std::string(name) + "\"";
  const auto secret = secrets_.find(name);
  if (secret == secrets_.end()) return Status(StatusReason::kNotFound, quoted + " not found");
  const auto value = secret->second.find(key);
  if (value == secret->second.end())
    return Status(StatusReason::kNotFound, quoted + " has no key \"" + std::string(key) + "\"");
  return value->second;
}

}  // namespace pedia::discovery

#include "apiserver/client_trust.h"

#include <map>
#include <utility>

#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

constexpr char kUnreadable[] = "it is no ConfigMap";

// Nothing if it is something else than an object of texts.
std::optional<std::map<std::string, std::string>> ReadData(std::string_view config_map) {
  if (!IsValidJson(config_map)) return std::nullopt;
  std::map<std::string, std::string> data;
  JsonReader reader(config_map);
  if (!reader.BeginObject()) return std::nullopt;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "data" || !reader.BeginObject()) {
      if (key != "data") reader.Skip();
      continue;
    }
    for (std::string_view raw; reader.NextMember(&raw);) {
      const std::string name = DecodeJsonString(raw);
      data[name] = reader.ReadString();
    }
  }
  return data;
}

// ["a","b"]; "" and null, as Go writes it, are the empty list. Nothing for anything else.
std::optional<std::vector<std::string>> ReadList(std::string_view text) {
  std::vector<std::string> list;
  if (text.empty() || text == "null") return list;
  JsonReader reader(text);
  if (!IsValidJson(text) || reader.Peek() != JsonType::kArray || !reader.BeginArray())
    return std::nullopt;
  while (reader.NextElement()) {
    if (reader.Peek() != JsonType::kString) return std::nullopt;
    list.push_back(reader.ReadString());
  }
  return list;
}

}  // namespace

Result<TrustDocument> ParseTrustDocument(std::string_view config_map) {
  std::optional<std::map<std::string, std::string>> data = ReadData(config_map);
  if (!data) return BadRequest(kUnreadable);
  TrustDocument document;
  document.client_ca_pem = (*data)["client-ca-file"];
  document.front_proxy_ca_pem = (*data)["requestheader-client-ca-file"];
  UserHeaders& headers = document.front_proxy_headers;
  const std::pair<const char*, std::vector<std::string>*> lists[] = {
      {"requestheader-allowed-names", &document.front_proxy_names},
      {"requestheader-username-headers", &headers.name},
      {"requestheader-uid-headers", &headers.uid},
      {"requestheader-group-headers", &headers.groups},
      {"requestheader-extra-headers-prefix", &headers.extra_prefixes}};
  for (const auto& [key, list] : lists) {
    std::optional<std::vector<std::string>> read = ReadList((*data)[key]);
    if (!read) return BadRequest(std::string(key) + " is not a list of texts");
    *list = *std::move(read);
  }
  return document;
}

}  // namespace pedia::apiserver

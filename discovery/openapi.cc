#include "discovery/openapi.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "discovery/openapi_text.h"
#include "meta/json_reader.h"

namespace pedia::discovery {
namespace {

constexpr std::string_view kDocuments = "/openapi/v3/";

bool IsWrite(std::string_view member) {
  constexpr std::array<std::string_view, 7> kMethods = {"put",     "post", "patch", "delete",
                                                        "options", "head", "trace"};
  return std::find(kMethods.begin(), kMethods.end(), member) != kMethods.end();
}

// What can be read of a path; false if there is nothing: then what was appended is to be dropped.
bool AppendPathItem(JsonReader& reader, std::string* out) {
  if (!reader.BeginObject()) return false;
  ObjectText item(out);
  bool readable = false;
  for (std::string_view key; reader.NextMember(&key);) {
    readable = readable || (key == "get" && reader.Peek() == JsonType::kObject);
    const std::string_view value = reader.Skip();
    if (IsWrite(key)) continue;
    item.Key(key);
    AppendCompactJson(value, out);
  }
  item.End();
  return readable;
}

bool AppendPaths(JsonReader& reader, std::string* out) {
  if (!reader.BeginObject()) return false;
  ObjectText paths(out);
  for (std::string_view path; reader.NextMember(&path);) {
    if (IsWatchPath(path)) {
      reader.Skip();
      continue;
    }
    const ObjectText before = paths;
    const size_t size = out->size();
    paths.Key(path);
    if (AppendPathItem(reader, out)) continue;
    paths = before;
    out->resize(size);
  }
  paths.End();
  return true;
}

// Nothing if it is not below /openapi/v3, or could not stand in a request.
std::string_view DocumentUrl(std::string_view url) {
  const bool plain =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
  // What stands in front is the path below which the member is served; the client has it already.
  const size_t at = url.find(kDocuments);
  return plain && at != std::string_view::npos ? url.substr(at) : "";
}

std::string_view SourceOf(std::string_view url) {
  const size_t question = std::min(url.find('?'), url.size());
  std::string_view query = url.substr(std::min(question + 1, url.size()));
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.starts_with("hash=") && pair.size() > 5) return pair.substr(5);
  }
  return url;
}

std::string ReadUrl(JsonReader& reader) {
  std::string url;
  if (!reader.BeginObject()) return url;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "serverRelativeURL") {
      url = reader.ReadString();
    } else {
      reader.Skip();
    }
  }
  return url;
}

std::string Digest(std::string_view text, const EVP_MD* kind) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, kind, nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex.push_back("0123456789ABCDEF"[digest[i] >> 4]);
    hex.push_back("0123456789ABCDEF"[digest[i] & 15]);
  }
  return hex;
}

}  // namespace

std::string OpenApiPathOf(const GroupVersionResource& gvr) {
  return (gvr.group.empty() ? "api/" : "apis/") + gvr.GroupVersion();
}

Result<std::vector<OpenApiPath>> ParseOpenApiIndex(std::string_view json) {
  const Status malformed = BadRequest("not an index of OpenAPI documents");
  if (!IsValidJson(json)) return malformed;
  JsonReader reader(json);
  if (!reader.BeginObject()) return malformed;
  std::vector<OpenApiPath> found;
  bool has_paths = false;
  for (std::string_view member; reader.NextMember(&member);) {
    if (member != "paths" || !reader.BeginObject()) {
      if (member != "paths") reader.Skip();
      continue;
    }
    has_paths = true;
    for (std::string_view key; reader.NextMember(&key);) {
      const std::string path = DecodeJsonString(key);
      const std::string given = ReadUrl(reader);
      const std::string_view url = DocumentUrl(given);
      if (!url.empty()) found.push_back({path, std::string(url), std::string(SourceOf(url))});
    }
  }
  if (!has_paths) return malformed;
  return found;
}

Result<std::string> ReduceOpenApiDocument(std::string_view json) {
  if (!IsValidJson(json)) return BadRequest("the OpenAPI document is no well-formed JSON");
  std::string out;
  out.reserve(json.size() / 2);
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("the OpenAPI document is no object");
  ObjectText document(&out);
  bool is_version_3 = false;
  for (std::string_view key; reader.NextMember(&key);) {
    document.Key(key);
    if (key == "paths") {
      if (!AppendPaths(reader, &out))
        return BadRequest("the OpenAPI document's paths are no object");
      continue;
    }
    const std::string_view value = reader.Skip();
    is_version_3 = is_version_3 || (key == "openapi" && value.starts_with("\"3"));
    AppendCompactJson(value, &out);
  }
  document.End();
  if (!is_version_3) return BadRequest("not a document of OpenAPI version 3");
  out.shrink_to_fit();
  return out;
}

bool NamesContent(std::string_view source, std::string_view json) {
  return source == Digest(json, EVP_sha512());
}

std::string OpenApiHash(std::string_view document) { return Digest(document, EVP_sha256()); }

}  // namespace pedia::discovery

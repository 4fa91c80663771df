#include "apiserver/openapi_handler.h"

#include <ctime>
#include <utility>
#include <vector>

#include "apiserver/openapi_document.h"
#include "apiserver/openapi_own.h"
#include "apiserver/openapi_protobuf.h"
#include "apiserver/openapi_v2.h"
#include "discovery/openapi.h"
#include "meta/json_reader.h"
#include "query/url_query.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kCacheBytes = 32 << 20;
// Changes when the same documents are to give another one.
constexpr std::string_view kRules = "1";
constexpr std::time_t kYear = 365 * 24 * 3600;

// "Mon, 23 Nov 2026 16:59:02 GMT"
std::string HttpDate(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[40];
  const size_t size = std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text, size);
}

// The URL of one document, below the server.
std::string DocumentUrl(const RequestInfo& info, std::string_view path, std::string_view hash) {
  std::string url;
  if (info.inner) url = "/apis/clusterpedia.io/v1beta1/resources";
  if (!info.cluster.empty()) url += "/clusters/" + query::EncodeUrlComponent(info.cluster);
  url.append("/openapi/v3/").append(path);
  return url.append("?hash=").append(query::EncodeUrlComponent(hash));
}

void SetHeader(Exchange& exchange, std::string_view name, std::string value) {
  for (auto& [key, old] : exchange.headers) {
    if (key != name) continue;
    old = std::move(value);
    return;
  }
  exchange.headers.emplace_back(name, std::move(value));
}

void Redirect(Exchange& exchange, std::string url) {
  exchange.headers.emplace_back("Location", std::move(url));
  exchange.response->Send(301, exchange.headers, "");
}

}  // namespace

OpenApiHandler::OpenApiHandler(storage::Store& store, const std::string& version)
    : store_(store),
      own_document_(OwnOpenApi(version)),
      own_hash_(discovery::OpenApiHash(own_document_)),
      cache_(kCacheBytes) {}

void OpenApiHandler::Handle(Exchange& exchange) {
  const bool version2 = exchange.info.endpoint == Endpoint::kOpenApiV2;
  const Result<MediaType> media = NegotiateMediaType(
      exchange.request.headers, version2 ? MediaScope::kOpenApiV2 : MediaScope::kDocument);
  if (!media.ok()) return SendStatus(exchange, media.status());
  const Sources sources = FindSources(exchange);
  // As of clusters without OpenAPI.
  if (sources.empty()) return SendStatus(exchange, UnknownResource());
  if (version2) return SendV2(exchange, *media, sources);
  if (exchange.info.document.empty()) return SendIndex(exchange, *media, sources);
  const auto one = sources.find(exchange.info.document);
  if (one == sources.end()) return SendStatus(exchange, UnknownResource());
  SendV3(exchange, *media, one->second);
}

OpenApiHandler::Sources OpenApiHandler::FindSources(const Exchange& exchange) const {
  if (exchange.info.inner) return FindOpenApiSources(*exchange.clusters, exchange.info.cluster);
  return {{std::string(kOwnOpenApiPath), {{own_hash_}}}};
}

void OpenApiHandler::SendIndex(Exchange& exchange, const MediaType& media, const Sources& sources) {
  std::string index = "{\"paths\":{";
  for (const auto& [path, one] : sources) {
    if (index.back() == '}') index.push_back(',');
    AppendJsonString(path, &index);
    index.append(":{\"serverRelativeURL\":");
    AppendJsonString(DocumentUrl(exchange.info, path, one.Hash()), &index);
    index.push_back('}');
  }
  index.append("}}");
  if (!SendIfUnchanged(exchange, discovery::OpenApiHash(index)))
    SendDocument(exchange, media, index);
}

void OpenApiHandler::SendV3(Exchange& exchange, const MediaType& media,
                            const OpenApiSources& sources) {
  const std::string hash = sources.Hash();
  const std::string_view wanted = exchange.query.Get("hash");
  if (!wanted.empty() && wanted != hash)
    return Redirect(exchange, DocumentUrl(exchange.info, exchange.info.document, hash));
  if (!wanted.empty()) {
    SetHeader(exchange, "Cache-Control", "public, immutable");
    SetHeader(exchange, "Expires", HttpDate(std::time(nullptr) + kYear));
  }
  if (SendIfUnchanged(exchange, hash)) return;
  const Result<DocumentCache::Document> document = LoadMerged(sources);
  if (document.ok()) return SendDocument(exchange, media, **document);
  SetHeader(exchange, "Cache-Control", "no-store");
  SendStatus(exchange, document.status());
}

// What is stored under `name`, or pedia's own description.
Result<std::string> OpenApiHandler::Load(const std::string& name) {
  if (name == own_hash_) return own_document_;
  Result<std::string> bytes = store_.LoadDocument(name);
  if (!bytes.ok() && bytes.status().reason() == StatusReason::kNotFound)
    return ServiceUnavailable("the description has just changed; try again");
  return bytes;
}

Result<DocumentCache::Document> OpenApiHandler::LoadMerged(const OpenApiSources& sources) {
  if (sources.documents.size() == 1) {
    Result<std::string> bytes = Load(sources.documents[0]);
    if (!bytes.ok()) return bytes.status();
    return std::make_shared<const std::string>(*std::move(bytes));
  }
  return cache_.Get(sources.Hash(), [&]() -> Result<std::string> {
    std::vector<std::string> documents;
    for (const std::string& name : sources.documents) {
      Result<std::string> bytes = Load(name);
      if (!bytes.ok()) return bytes.status();
      documents.push_back(*std::move(bytes));
    }
    return MergeOpenApi(documents);
  });
}

void OpenApiHandler::SendV2(Exchange& exchange, const MediaType& media, const Sources& sources) {
  const bool protobuf = media.format == BodyFormat::kOpenApiProtobuf;
  std::string names = std::string(kRules) + (protobuf ? " protobuf\n" : " json\n");
  for (const auto& [path, one] : sources) names += one.Hash() + '\n';
  const std::string hash = discovery::OpenApiHash(names);
  if (SendIfUnchanged(exchange, hash)) return;
  const Result<DocumentCache::Document> document = cache_.Get(hash, [&]() -> Result<std::string> {
    Result<std::string> json = BuildV2(sources);
    if (!json.ok() || !protobuf) return json;
    return OpenApiV2ToProtobuf(*json);
  });
  if (!document.ok()) return SendStatus(exchange, document.status());
  SendDocument(exchange, media, **document);
}

// Documents of one path newest first, so that what they share is as the newest has it.
Result<std::string> OpenApiHandler::BuildV2(const Sources& sources) {
  OpenApiV2Builder builder;
  for (const auto& [path, one] : sources) {
    for (const std::string& name : one.documents) {
      const Result<std::string> document = Load(name);
      if (!document.ok()) return document.status();
      builder.Add(*document);
    }
  }
  return builder.Finish();
}

}  // namespace pedia::apiserver

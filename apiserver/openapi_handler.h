// /openapi/v2 and /openapi/v3: of the member clusters below /resources, and of pedia itself.
// Source: Kubernetes documentation "The Kubernetes API", OpenAPI V2 and V3; kube-openapi handlers.
#pragma once
#include <map>
#include <string>

#include "apiserver/document_cache.h"
#include "apiserver/exchange.h"
#include "apiserver/openapi_sources.h"
#include "storage/store.h"

namespace pedia::apiserver {

// Thread-safe. `store` must outlive it.
class OpenApiHandler {
 public:
  // `version`: of pedia.
  OpenApiHandler(storage::Store& store, const std::string& version);

  // Requires: the endpoint is kOpenApiV2 or kOpenApiV3; the cluster, if any, exists.
  void Handle(Exchange& exchange);

 private:
  using Sources = std::map<std::string, OpenApiSources>;  // By path.

  Sources FindSources(const Exchange& exchange) const;
  void SendIndex(Exchange& exchange, const MediaType& media, const Sources& sources);
  void SendV3(Exchange& exchange, const MediaType& media, const OpenApiSources& sources);
  void SendV2(Exchange& exchange, const MediaType& media, const Sources& sources);
  Result<std::string> Load(const std::string& name);
  Result<DocumentCache::Document> LoadMerged(const OpenApiSources& sources);
  Result<std::string> BuildV2(const Sources& sources);

  storage::Store& store_;
  const std::string own_document_;
  const std::string own_hash_;
  DocumentCache cache_;
};

}  // namespace pedia::apiserver

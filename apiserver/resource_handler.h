// ResourceHandler: get and list of the member clusters' objects, from the store.
// Source: k8s.io/apiserver/pkg/endpoints/handlers (get.go, rest.go); Clusterpedia's
// ResourceHandler.
#pragma once
#include "apiserver/exchange.h"
#include "discovery/cluster_catalog.h"
#include "storage/store.h"

namespace pedia::apiserver {

// Thread-safe. `store` must outlive it.
class ResourceHandler {
 public:
  explicit ResourceHandler(storage::Store& store) : store_(store) {}
  // Requires: endpoint kObjects, inner, method GET; the cluster, if there is one, exists.
  void Handle(Exchange& exchange) const;

 private:
  void Get(Exchange& exchange, const discovery::ApiResource& resource) const;
  void List(Exchange& exchange, const discovery::ApiResource& resource) const;

  storage::Store& store_;
};

}  // namespace pedia::apiserver

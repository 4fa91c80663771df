// CollectionHandler: list and get of collection resources, e.g. GET
// /apis/clusterpedia.io/v1beta1/collectionresources/workloads?namespaces=shop: their definitions,
// and the objects of all their resources in one list.
// Source: Clusterpedia's collectionresources.
#pragma once
#include <utility>

#include "apiserver/collection_catalog.h"
#include "apiserver/exchange.h"
#include "apiserver/list_streamer.h"

namespace pedia::apiserver {

// Thread-safe. `lists` must outlive it.
class CollectionHandler {
 public:
  CollectionHandler(CollectionCatalog catalog, ListStreamer& lists)
      : catalog_(std::move(catalog)), lists_(lists) {}
  // Requires: endpoint kCollections, method GET; the cluster, if there is one, exists.
  void Handle(Exchange& exchange) const;

 private:
  void List(Exchange& exchange) const;
  void Get(Exchange& exchange) const;

  const CollectionCatalog catalog_;
  ListStreamer& lists_;
};

}  // namespace pedia::apiserver

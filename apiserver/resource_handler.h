// ResourceHandler: get and list of the member clusters' objects, from the store.
// Source: k8s.io/apiserver/pkg/endpoints/handlers (get.go, rest.go); Clusterpedia's
// ResourceHandler.
#pragma once
#include "apiserver/exchange.h"
#include "apiserver/list_streamer.h"
#include "apiserver/printer_lookup.h"
#include "discovery/cluster_catalog.h"
#include "storage/store.h"

namespace pedia::apiserver {

// Thread-safe. What it is given must outlive it.
class ResourceHandler {
 public:
  ResourceHandler(storage::Store& store, ListStreamer& lists, PrinterLookup& printers)
      : store_(store), lists_(lists), printers_(printers) {}
  // Requires: endpoint kObjects, inner, method GET; the cluster, if there is one, exists.
  void Handle(Exchange& exchange) const;

 private:
  void Get(Exchange& exchange, const discovery::ApiResource& resource) const;
  void List(Exchange& exchange, const discovery::ApiResource& resource) const;

  storage::Store& store_;
  ListStreamer& lists_;
  PrinterLookup& printers_;
};

}  // namespace pedia::apiserver

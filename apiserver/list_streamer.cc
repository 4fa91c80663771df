#include "apiserver/list_streamer.h"

#include <string>
#include <utility>

#include "apiserver/body_stream.h"
#include "apiserver/list_encoder.h"
#include "meta/log.h"
#include "query/continue_token.h"

namespace pedia::apiserver {
namespace {

ListMetadata MetadataOf(const storage::ListResult& result, const ListRequest& request) {
  ListMetadata metadata;
  metadata.resource_version = std::to_string(result.revision);
  if (!result.next_key.empty() && request.options.with_continue.value_or(true)) {
    metadata.continue_token = query::FormatContinueToken(request.fingerprint, result.next_key);
  }
  metadata.remaining_item_count = result.remaining_count;
  if (!request.options.facets.empty()) metadata.facets = FormatFacets(result);
  return metadata;
}

}  // namespace

void ListStreamer::NoteHead(Exchange& exchange, const storage::ListHead& head) {
  exchange.headers.emplace_back("Pedia-Query-Plan", head.scan ? "scan" : "index");
  if (!head.scan) return;
  ++scans_;
  scanned_objects_ += head.scanned;
  exchange.headers.emplace_back("Pedia-Objects-Scanned",
                                std::to_string(head.scanned) + (head.scan_done ? "" : "+"));
}

void ListStreamer::Stream(Exchange& exchange, ListRequest request) {
  // What has no place in the answer need not be read.
  if (!request.format.CarriesEvents()) request.options.inject_events = false;
  for (const std::string& warning : request.options.warnings) AddWarning(exchange, warning);
  BodyStream stream(exchange, request.media);
  ListEncoder encoder(stream, request.format);
  const auto head = [&](const storage::ListHead& known) {
    NoteHead(exchange, known);
    encoder.Begin();
  };
  const auto result = store_.List(request.scope, request.options, head, encoder);
  // A list that cannot be completed must never look complete.
  if (!result.ok() && !stream.started()) return SendStatus(exchange, result.status());
  if (!result.ok()) {
    LogWarning("a list for " + exchange.request.remote_address +
               " was broken off: " + result.status().message());
  }
  if (!result.ok() || result->cancelled) return exchange.response->Abort();
  encoder.End(MetadataOf(*result, request));
  stream.Finish();
}

std::vector<MetricSample> ListStreamer::Samples() const {
  return {{"pedia_list_scans_total",
           "Lists with a condition or an order that no index has.",
           true,
           {},
           static_cast<double>(scans_.load())},
          {"pedia_list_scanned_objects_total",
           "Objects that such lists read before their first row.",
           true,
           {},
           static_cast<double>(scanned_objects_.load())}};
}

}  // namespace pedia::apiserver

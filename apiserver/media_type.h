// Content negotiation: which form of a document the client wants, from Accept, e.g.
// "application/json;as=Table;v=v1;g=meta.k8s.io,application/json", and whether it takes gzip, from
// Accept-Encoding. Source: Kubernetes API concepts "Alternate representations of resources",
// "Receiving resources as Tables"; RFC 9110 12.5.
#pragma once
#include <string>
#include <string_view>

#include "apiserver/http_server.h"
#include "meta/result.h"

namespace pedia::apiserver {

// kOpenApiProtobuf: of /openapi/v2 only; what is written is that already.
enum class BodyFormat { kJson, kYaml, kOpenApiProtobuf };

// What the document is turned into before it is written down.
enum class Transform {
  kNone,
  kTable,
  kPartialObjectMetadata,
  kPartialObjectMetadataList,
  kAggregatedDiscovery
};

struct MediaType {
  BodyFormat format = BodyFormat::kJson;
  Transform transform = Transform::kNone;
  std::string version;  // Of the transform: "v1", "v1beta1"; kAggregatedDiscovery: "v2", "v2beta1".
                        // Else "".

  std::string ContentType() const;  // "application/json"
};

// Which transforms the endpoint knows; clauses of Accept that ask for others are passed over.
enum class MediaScope { kDocument, kObjects, kDiscovery, kOpenApiV2 };

// The best clause of all Accept headers by q, then by specificity, then by position. No Accept:
// JSON. Errors: NotAcceptable "only the following media types are accepted: ...". Pure.
Result<MediaType> NegotiateMediaType(const HeaderFields& headers, MediaScope scope);

// Whether Accept-Encoding names gzip (or *) with a q above 0. Pure.
bool AcceptsGzip(const HeaderFields& headers);

}  // namespace pedia::apiserver

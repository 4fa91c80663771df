// The forms in which one stored object goes out, cut from its bytes by one scan: whole, with its
// events, or its metadata only. Source: metav1.PartialObjectMetadata, metav1.TypeMeta;
// Clusterpedia's annotation for events.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace pedia::apiserver {

// What the bytes of an object need not say about itself, as items of a member's list do not.
struct TypeMeta {
  std::string kind;         // "Deployment"
  std::string api_version;  // "apps/v1"
};

// `body` is always the well-formed JSON of one object. All append to `*out`. Pure.

// The object, with "kind" and "apiVersion" put in front where it has none.
void AppendObject(std::string_view body, const TypeMeta& type, std::string* out);
// {"kind":...,"apiVersion":...,"metadata":<as stored>}
void AppendMetadataOnly(std::string_view body, const TypeMeta& type, std::string* out);
// As AppendMetadataOnly, of kind PartialObjectMetadata. `version`: of meta.k8s.io, "v1" or
// "v1beta1".
void AppendPartialObject(std::string_view body, std::string_view version, std::string* out);
// As AppendPartialObject, as Clusterpedia has it in the Table of a collection and in the metadata of
// custom resources: with all annotations, without the numbers generation and
// deletionGracePeriodSeconds.
void AppendPartialObjectWithoutNumbers(std::string_view body, std::string_view version,
                                       std::string* out);
// The object with the annotation "shadow.clusterpedia.io/events": the JSON array of `events`, each
// the stored JSON of an Event, which goes in without its own cluster annotation. An object without
// events, or without metadata, stays as it is.
void AppendWithEvents(std::string_view body, std::span<const std::string> events, std::string* out);

// metadata.resourceVersion, "" if there is none.
std::string ResourceVersionOf(std::string_view body);

}  // namespace pedia::apiserver

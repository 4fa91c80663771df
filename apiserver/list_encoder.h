// ListEncoder: turns the rows of a list into one document while they come from the store, without
// parsing what need not be:
// {"kind":"PodList","apiVersion":"v1","items":[...],"metadata":{...}}, a PartialObjectMetadataList,
// a Table, or a CollectionResource. What is known only after the rows stands last: metadata, and of
// a CollectionResource its resourceTypes.
// Source: metav1.ListMeta, metav1.Table, metav1.PartialObjectMetadataList; Clusterpedia's
// CollectionResource.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "apiserver/body_stream.h"
#include "apiserver/list_format.h"
#include "apiserver/object_forms.h"
#include "storage/store.h"

namespace pedia::apiserver {

struct ListMetadata {
  std::string resource_version;
  std::string continue_token;  // "" = none.
  std::optional<int64_t> remaining_item_count;
  std::string facets;  // The document of FormatFacets, "" = none.
};

// The counts as one JSON document:
// {"total":3,"facets":[{"facet":"cluster","values":[{"value":"c1","count":3}],"missing":0}]}
std::string FormatFacets(const storage::ListResult& result);

// One thread. Begin, Row*, End. `stream` must outlive it.
class ListEncoder : public storage::RowSink {
 public:
  ListEncoder(BodyStream& stream, ListFormat format)
      : stream_(stream), format_(std::move(format)) {}
  void Begin();
  bool Row(const storage::ListRow& row) override;
  bool Cancelled() const override { return stream_.ClientGone(); }
  void End(const ListMetadata& metadata);  // Does not finish the stream.

 private:
  // A type that rows of a collection have had.
  struct SeenType {
    const storage::RowType* row_type;  // Of the store; not there any more when the list has ended.
    GroupVersionResource gvr;
    TypeMeta meta;
  };

  const TypeMeta& TypeOf(const storage::RowType& row_type);
  std::string_view WithEvents(const storage::ListRow& row);
  void AppendTableRow(std::string_view body, const TypeMeta& type);
  void AppendPartial(std::string_view body);
  std::string ListTail(const ListMetadata& metadata) const;
  std::string CollectionTail(const ListMetadata& metadata) const;
  std::string ResourceTypes() const;

  BodyStream& stream_;
  const ListFormat format_;
  bool begun_ = false;
  std::deque<SeenType> seen_;         // In order of appearance; as many as there are resources.
  const SeenType* latest_ = nullptr;  // Of the last row.
  std::string scratch_;
  std::string events_scratch_;
  std::string conversion_scratch_;
};

}  // namespace pedia::apiserver

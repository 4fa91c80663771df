// ListEncoder: turns the rows of a list into one document while they come from the store, without
// parsing what need not be:
// {"kind":"PodList","apiVersion":"v1","items":[...],"metadata":{...}}, a PartialObjectMetadataList
// or a Table. metadata stands last, since continue and the remaining count are known only after the
// rows. Source: metav1.ListMeta, metav1.Table, metav1.PartialObjectMetadataList.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apiserver/body_stream.h"
#include "apiserver/object_forms.h"
#include "apiserver/table.h"
#include "storage/store.h"

namespace pedia::apiserver {

struct ListFormat {
  enum class Rows { kObjects, kMetadataOnly, kPartialObjects, kTable };
  enum class IncludeObject { kNone, kMetadata, kObject };

  Rows rows = Rows::kObjects;
  TypeMeta type;             // Of the items: {"Pod", "v1"}.
  std::string meta_version;  // kPartialObjects, kTable: of meta.k8s.io, "v1" or "v1beta1".
  const TablePrinter* printer = nullptr;                    // kTable; not owned.
  IncludeObject include_object = IncludeObject::kMetadata;  // kTable.
  int64_t now = 0;                                          // kTable: Unix seconds, for ages.
};

struct ListMetadata {
  std::string resource_version;
  std::string continue_token;  // "" = none.
  std::optional<int64_t> remaining_item_count;
};

// One thread. Begin, Row*, End. `stream` must outlive it.
class ListEncoder : public storage::RowSink {
 public:
  ListEncoder(BodyStream& stream, ListFormat format)
      : stream_(stream), format_(std::move(format)) {}
  void Begin();
  bool Row(std::string_view body) override;
  void End(const ListMetadata& metadata);  // Does not finish the stream.

 private:
  void AppendTableRow(std::string_view body);

  BodyStream& stream_;
  const ListFormat format_;
  bool begun_ = false;
  std::string scratch_;
};

}  // namespace pedia::apiserver

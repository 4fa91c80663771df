// ListFormat: which form a list goes out in, from what Accept and `includeObject` ask for.
// Source: metav1.Table, metav1.TableOptions, metav1.PartialObjectMetadataList.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "apiserver/exchange.h"
#include "apiserver/object_forms.h"
#include "apiserver/table.h"
#include "convert/version_families.h"
#include "discovery/cluster_catalog.h"
#include "meta/result.h"

namespace pedia::apiserver {

struct ListFormat {
  enum class Rows { kObjects, kMetadataOnly, kPartialObjects, kTable };
  enum class IncludeObject { kNone, kMetadata, kObject };

  Rows rows = Rows::kObjects;
  TypeMeta type;  // Of the items, {"Pod", "v1"}; empty for a collection resource.
  const convert::Conversion* conversion = nullptr;  // From the stored version; null: to none.
  std::string collection;    // The name of a collection resource, "" for a list of one resource.
  std::string meta_version;  // kPartialObjects, kTable: of meta.k8s.io, "v1" or "v1beta1".
  std::shared_ptr<const TablePrinter> printer;              // kTable.
  IncludeObject include_object = IncludeObject::kMetadata;  // kTable.
  int64_t now = 0;                                          // kTable: Unix seconds, for ages.
  bool metadata_without_numbers = false;                    // AppendPartialObjectWithoutNumbers.

  // `body`, or its conversion, which stands in `*scratch` then. An object that cannot be converted
  // stays what it is, and says so by its apiVersion.
  std::string_view Converted(std::string_view body, std::string* scratch) const;
  // Whether items have a place for the events of their object.
  bool CarriesEvents() const {
    return rows == Rows::kObjects ||
           (rows == Rows::kTable && include_object != IncludeObject::kNone);
  }
};

// Of a list of `resource` at the version that the request names; as a Table, by the printer of its
// kind. Errors: BadRequest for a bad includeObject; NotAcceptable for a transform of single objects.
Result<ListFormat> FormatOfList(const Exchange& exchange, const discovery::ApiResource& resource,
                                const MediaType& media);
// Of one object of `resource`. Errors: as FormatOfList.
Result<ListFormat> FormatOfObject(const Exchange& exchange, const discovery::ApiResource& resource,
                                  const MediaType& media);
// Of the objects of a collection resource, which is one object to Kubernetes, but has items.
// Errors: as FormatOfList; NotAcceptable for everything but objects and Tables.
Result<ListFormat> FormatOfCollection(const Exchange& exchange, const std::string& collection,
                                      const MediaType& media);

// 406, for a list and for one object asked for in the other's metadata form.
Status RefusePartialObjectOfList();
Status RefusePartialListOfObject();

}  // namespace pedia::apiserver

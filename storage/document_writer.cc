#include "storage/document_writer.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "storage/body_codec.h"

namespace pedia::storage {
namespace {

constexpr size_t kLooksAtOnce = 32;

using Names = std::set<std::string>;

Result<Names> NamesOf(SqlConnection& connection, std::string_view cluster) {
  Names names;
  SqlStatement find = connection.Prepare("SELECT name FROM cluster_documents WHERE cluster=?");
  find.BindText(cluster);
  while (find.Step()) names.emplace(find.Text(0));
  if (!find.ok()) return find.status();
  return names;
}

Names Without(const Names& names, const Names& others) {
  Names left;
  std::set_difference(names.begin(), names.end(), others.begin(), others.end(),
                      std::inserter(left, left.end()));
  return left;
}

// Those of `names` for which `look`, a scalar subquery, finds nothing. Several of them make one
// statement, so that a database far away is asked seldom.
Result<Names> NotFoundBy(SqlConnection& connection, const std::string& look, const Names& names) {
  const std::vector<std::string_view> all(names.begin(), names.end());
  std::string text = "SELECT ";
  for (size_t i = 0; i < kLooksAtOnce; ++i) text += (i == 0 ? "" : ",") + look;
  SqlStatement find = connection.Prepare(text);
  Names missing;
  for (size_t start = 0; start < all.size(); start += kLooksAtOnce) {
    const size_t count = std::min(kLooksAtOnce, all.size() - start);
    for (size_t i = 0; i < kLooksAtOnce; ++i) find.BindText(all[start + std::min(i, count - 1)]);
    if (!find.Step()) return find.ok() ? InternalError("no row") : find.status();
    for (size_t i = 0; i < count; ++i) {
      if (find.IsNull(static_cast<int>(i))) missing.emplace(all[start + i]);
    }
    find.Reset();
  }
  return missing;
}

std::vector<SqlParameter> Rows(std::string_view cluster, const Names& names) {
  std::vector<SqlParameter> rows;
  for (const std::string& name : names) {
    rows.emplace_back(TextView{cluster});
    rows.emplace_back(TextView{name});
  }
  return rows;
}

// One after the other: a document may be large.
Status StoreNew(SqlConnection& connection, const Names& names,
                std::span<const NamedDocument> given) {
  const Result<Names> missing =
      NotFoundBy(connection, "(SELECT d.name FROM documents d WHERE d.name=?)", names);
  if (!missing.ok()) return missing.status();
  for (const std::string& name : *missing) {
    const auto document = std::find_if(given.begin(), given.end(),
                                       [&](const NamedDocument& d) { return d.name == name; });
    if (document == given.end())
      return BadRequest("the document '" + name + "' is neither stored nor given");
    const Result<std::string> bytes = EncodeBody(document->bytes);
    if (!bytes.ok()) return bytes.status();
    const std::vector<SqlParameter> row = {TextView{name}, BlobView{*bytes}};
    Status status = connection.Insert(kDocumentsTable, row);
    if (status.reason() == StatusReason::kBadRequest)
      return BadRequest("the document '" + name + "' cannot be stored: " + status.message());
    if (!status.ok()) return status;
  }
  return Status();
}

Status DeleteUnnamed(SqlConnection& connection, const Names& names) {
  const Result<Names> unnamed =
      NotFoundBy(connection,
                 "(SELECT d.cluster FROM cluster_documents d WHERE d.name=? "
                 "ORDER BY d.cluster LIMIT 1)",
                 names);
  if (!unnamed.ok()) return unnamed.status();
  std::vector<SqlParameter> rows;
  for (const std::string& name : *unnamed) rows.emplace_back(TextView{name});
  return rows.empty() ? Status() : connection.Delete(kDocumentsTable, rows);
}

}  // namespace

Status SaveDocuments(SqlConnection& connection, std::string_view cluster,
                     std::span<const std::string> names, std::span<const NamedDocument> given) {
  for (const std::string& name : names) {
    if (name.size() > kMaxDocumentName) return BadRequest("the name of a document is too long");
  }
  const Result<Names> before = NamesOf(connection, cluster);
  if (!before.ok()) return before.status();
  const Names after(names.begin(), names.end());
  if (const Names added = Without(after, *before); !added.empty()) {
    if (Status status = StoreNew(connection, added, given); !status.ok()) return status;
    Status status = connection.Insert(kClusterDocumentsTable, Rows(cluster, added));
    if (!status.ok()) return status;
  }
  if (const Names removed = Without(*before, after); !removed.empty()) {
    Status status = connection.Delete(kClusterDocumentsTable, Rows(cluster, removed));
    if (status.ok()) status = DeleteUnnamed(connection, removed);
    if (!status.ok()) return status;
  }
  return Status();
}

}  // namespace pedia::storage

#include "storage/table.h"

#include <array>

namespace pedia::storage {
namespace {

using enum ColumnType;

constexpr std::array kObjects = std::to_array<Column>({{"id", kInt},
                                                       {"type_id", kInt},
                                                       {"okey", kText},
                                                       {"cluster", kText},
                                                       {"namespace", kText},
                                                       {"name", kText},
                                                       {"uid", kText},
                                                       {"owner_uid", kText},
                                                       {"rv", kText},
                                                       {"rv_number", kInt},
                                                       {"created", kInt},
                                                       {"deleted", kInt},
                                                       {"synced", kInt},
                                                       {"revision", kInt}});
constexpr std::array kBodies =
    std::to_array<Column>({{"id", kInt}, {"entries", kBlob}, {"body", kBlob}});
constexpr std::array kEntries =
    std::to_array<Column>({{"key_id", kInt}, {"value", kText}, {"okey", kText}, {"id", kInt}});
constexpr std::array kTombstones =
    std::to_array<Column>({{"revision", kInt}, {"type_id", kInt}, {"okey", kText}});
constexpr std::array kEpochs = std::to_array<Column>({{"after_revision", kInt}, {"epoch", kInt}});
constexpr std::array kScopes = std::to_array<Column>(
    {{"type_id", kInt}, {"cluster", kText}, {"namespace", kText}, {"n", kInt}});
constexpr std::array kTypes = std::to_array<Column>(
    {{"type_id", kInt}, {"grp", kText}, {"version", kText}, {"resource", kText}, {"kind", kText}});
constexpr std::array kEntryKeys =
    std::to_array<Column>({{"key_id", kInt}, {"type_id", kInt}, {"path", kText}});
constexpr std::array kKeySets =
    std::to_array<Column>({{"set_id", kInt}, {"type_id", kInt}, {"key_ids", kBlob}});
constexpr std::array kClusters = std::to_array<Column>({{"cluster", kText}, {"document", kText}});
constexpr std::array kDocuments = std::to_array<Column>({{"name", kText}, {"bytes", kBlob}});
constexpr std::array kClusterDocuments =
    std::to_array<Column>({{"cluster", kText}, {"name", kText}});
constexpr std::array kClaims = std::to_array<Column>(
    {{"cluster", kText}, {"token", kInt}, {"claimed", kInt}, {"holder", kText}});

}  // namespace

const Table kObjectsTable = {"objects", kObjects, 1};
const Table kBodiesTable = {"bodies", kBodies, 1};
const Table kEntriesTable = {"entries", kEntries, 3};
const Table kTombstonesTable = {"tombstones", kTombstones, 3};
const Table kEpochsTable = {"epochs", kEpochs, 1};
const Table kScopesTable = {"scopes", kScopes, 3};
const Table kTypesTable = {"types", kTypes, 1};
const Table kEntryKeysTable = {"entry_keys", kEntryKeys, 1};
const Table kKeySetsTable = {"key_sets", kKeySets, 1};
const Table kClustersTable = {"clusters", kClusters, 1};
const Table kDocumentsTable = {"documents", kDocuments, 1};
const Table kClusterDocumentsTable = {"cluster_documents", kClusterDocuments, 2};
const Table kClaimsTable = {"claims", kClaims, 1};

}  // namespace pedia::storage

// Loads a recorded cluster: a file of {path: document} with discovery and lists, plain or
// compressed by gzip, e.g. tests/testdata/world/world.json.gz, tests/testdata/world-1.22/world.json.
#pragma once
#include <filesystem>
#include <string>

#include "meta/result.h"
#include "tests/member/world.h"

namespace pedia::member {

struct RecordedOptions {
  std::filesystem::path file;
  // "" = exactly as recorded. Else uids and node names become those of a cluster of this name
  // (consistently, references included), so that several clusters can be told apart.
  std::string cluster;
};

// Adds API, version and objects to `world`. Errors: BadRequest naming the file.
Status LoadRecordedWorld(World& world, const RecordedOptions& options);

// The whole content of such a file, decompressed. Errors: as above.
Result<std::string> ReadWorldFile(const std::filesystem::path& file);

}  // namespace pedia::member

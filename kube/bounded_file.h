// Reads small files whole: kubeconfigs, certificates, tokens.
#pragma once
#include <filesystem>
#include <string>

#include "meta/result.h"

namespace pedia::kube {

// Errors: NotFound if there is no such file; BadRequest for what cannot be read, is a folder, or is
// larger than `max_bytes`. The message says why, without the path.
Result<std::string> ReadBoundedFile(const std::filesystem::path& path, size_t max_bytes);

}  // namespace pedia::kube

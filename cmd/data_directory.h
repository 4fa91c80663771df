// DataDirectory: the folder that `pedia standalone` owns: database, certificates, token,
// kubeconfig; one process at a time. Source: XDG Base Directory Specification (default place);
// Kubernetes docs "Organizing Cluster Access Using kubeconfig Files".
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "certs/key_pair.h"
#include "meta/result.h"

namespace pedia::cmd {

// $XDG_DATA_HOME/pedia, else ~/.local/share/pedia, else ./pedia-data.
std::filesystem::path DefaultDataDirectory();

// What clients need to trust pedia, and pedia to trust clients.
struct Credentials {
  std::string ca_pem;
  certs::KeyPair serving;
  certs::KeyPair client;  // Common name kClientName.
  std::string token;
};

inline constexpr std::string_view kClientName = "pedia:admin";
inline constexpr std::string_view kKubeconfigName = "pedia.kubeconfig";

// Move-only; holds the folder's lock until it is destroyed. One thread.
class DataDirectory {
 public:
  // Creates the folder (mode 0700) if needed and locks it. Errors: Conflict naming the process that
  // holds it; InternalError naming the path that cannot be used.
  static Result<DataDirectory> Open(const std::filesystem::path& path);
  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&&) = delete;
  ~DataDirectory();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path KubeconfigPath() const { return path_ / kKubeconfigName; }

  // Reads the credentials, making what is missing, damaged, for other addresses, or within 30 days
  // of its end at `now` (Unix seconds). `addresses`: host names and IP addresses that clients will
  // use. The CA and the token are kept as long as they can be.
  Result<Credentials> LoadCredentials(const std::vector<std::string>& addresses, int64_t now) const;

  // Writes pedia.kubeconfig (mode 0600): context "pedia" for all clusters, and one per member
  // cluster.
  Status WriteKubeconfig(const Credentials& credentials, std::string_view server,
                         const std::vector<std::string>& clusters) const;

 private:
  DataDirectory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  int lock_;  // File descriptor; -1 after a move.
};

bool IsIpAddress(const std::string& text);

// Replaces a file as a whole, mode 0600; a crash leaves the old or the new one. Errors:
// InternalError naming the path.
Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes);
Result<std::string> ReadFile(const std::filesystem::path& path);

}  // namespace pedia::cmd

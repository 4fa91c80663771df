#include "cmd/data_directory.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "meta/base64.h"

namespace pedia::cmd {
namespace {

constexpr int64_t kDay = 86400;
constexpr int64_t kRenewBefore = 30 * kDay;
constexpr int64_t kCaLifetime = 3650 * kDay;
constexpr int64_t kLeafLifetime = 365 * kDay;

Status FileError(std::string_view what, const std::filesystem::path& path) {
  return {StatusReason::kInternalError,
          std::string(what) + " " + path.string() + ": " + std::strerror(errno)};
}

bool Covers(const certs::CertificateInfo& info, const std::vector<std::string>& addresses) {
  return std::all_of(addresses.begin(), addresses.end(), [&](const std::string& address) {
    const auto& names = IsIpAddress(address) ? info.ip_addresses : info.dns_names;
    return std::find(names.begin(), names.end(), address) != names.end();
  });
}

// A pair of PEM files, <name>.crt and <name>.key.
certs::KeyPair ReadPair(const std::filesystem::path& folder, const std::string& name) {
  auto certificate = ReadFile(folder / (name + ".crt"));
  auto key = ReadFile(folder / (name + ".key"));
  return {certificate.ok() ? *certificate : "", key.ok() ? *key : ""};
}

Status WritePair(const std::filesystem::path& folder, const std::string& name,
                 const certs::KeyPair& pair) {
  if (Status status = WriteFileAtomically(folder / (name + ".key"), pair.key_pem); !status.ok())
    return status;
  return WriteFileAtomically(folder / (name + ".crt"), pair.certificate_pem);
}

bool IsFresh(const certs::KeyPair& pair, int64_t now) {
  if (!certs::CheckKeyPair(pair).ok()) return false;
  const auto info = certs::ReadCertificate(pair.certificate_pem);
  return info.ok() && info->not_before <= now && now + kRenewBefore < info->not_after;
}

Result<certs::KeyPair> LoadAuthority(const std::filesystem::path& folder, int64_t now) {
  certs::KeyPair ca = ReadPair(folder, "ca");
  if (IsFresh(ca, now)) return ca;
  auto made = certs::MakeCertificateAuthority("pedia-ca", kCaLifetime);
  if (!made.ok()) return made;
  if (Status status = WritePair(folder, "ca", *made); !status.ok()) return status;
  return made;
}

Result<certs::KeyPair> LoadLeaf(const std::filesystem::path& folder, const std::string& name,
                                const certs::KeyPair& ca, const certs::CertificateRequest& request,
                                const std::vector<std::string>& addresses, int64_t now) {
  certs::KeyPair pair = ReadPair(folder, name);
  if (IsFresh(pair, now) && certs::IsIssuedBy(pair, ca.certificate_pem)) {
    const auto info = certs::ReadCertificate(pair.certificate_pem);
    if (info.ok() && info->common_name == request.common_name && Covers(*info, addresses))
      return pair;
  }
  auto made = certs::IssueCertificate(ca, request);
  if (!made.ok()) return made;
  if (Status status = WritePair(folder, name, *made); !status.ok()) return status;
  return made;
}

Result<std::string> LoadToken(const std::filesystem::path& folder) {
  auto token = ReadFile(folder / "token");
  if (token.ok() && token->size() == 64) return token;
  auto made = certs::MakeToken();
  if (!made.ok()) return made;
  if (Status status = WriteFileAtomically(folder / "token", *made); !status.ok()) return status;
  return made;
}

}  // namespace

std::filesystem::path DefaultDataDirectory() {
  if (const char* data_home = std::getenv("XDG_DATA_HOME");
      data_home != nullptr && *data_home == '/') {
    return std::filesystem::path(data_home) / "pedia";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::filesystem::path(home) / ".local/share/pedia";
  }
  return "pedia-data";
}

Result<std::string> ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return FileError("cannot read", path);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return FileError("cannot read", path);
  return bytes;
}

Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return FileError("cannot write", temporary);
  bool done = fchmod(fd, 0600) == 0;
  for (size_t sent = 0; done && sent < bytes.size();) {
    const ssize_t count = write(fd, bytes.data() + sent, bytes.size() - sent);
    done = count > 0 || (count < 0 && errno == EINTR);
    if (count > 0) sent += static_cast<size_t>(count);
  }
  done = done && fsync(fd) == 0;
  Status status = done ? Status() : FileError("cannot write", temporary);
  close(fd);
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0)
    status = FileError("cannot write", path);
  return status;
}

Result<DataDirectory> DataDirectory::Open(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    return Status(StatusReason::kInternalError,
                  "cannot create " + path.string() + ": " + error.message());
  chmod(path.c_str(), 0700);
  const std::filesystem::path lock_path = path / "lock";
  const int fd = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return FileError("cannot open", lock_path);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = "";
    const ssize_t length = read(fd, holder, sizeof holder - 1);
    close(fd);
    const std::string process = length > 0
                                    ? "process " + std::string(holder, static_cast<size_t>(length))
                                    : "another process";
    return Status(StatusReason::kConflict, "the data directory " + path.string() +
                                               " is in use by " + process +
                                               "; stop it, or choose another with --data-dir");
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(fd, 0) != 0 || write(fd, pid.data(), pid.size()) < 0) {
    Status status = FileError("cannot write", lock_path);
    close(fd);
    return status;
  }
  return DataDirectory(path, fd);
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

Result<Credentials> DataDirectory::LoadCredentials(const std::vector<std::string>& addresses,
                                                   int64_t now) const {
  auto ca = LoadAuthority(path_, now);
  if (!ca.ok()) return ca.status();
  certs::CertificateRequest serving{.common_name = "pedia",
                                    .organizations = {},
                                    .dns_names = {},
                                    .ip_addresses = {},
                                    .usage = certs::Usage::kServer,
                                    .lifetime_seconds = kLeafLifetime};
  for (const std::string& address : addresses)
    (IsIpAddress(address) ? serving.ip_addresses : serving.dns_names).push_back(address);
  auto serving_pair = LoadLeaf(path_, "serving", *ca, serving, addresses, now);
  if (!serving_pair.ok()) return serving_pair.status();
  const certs::CertificateRequest client{.common_name = std::string(kClientName),
                                         .organizations = {},
                                         .dns_names = {},
                                         .ip_addresses = {},
                                         .usage = certs::Usage::kClient,
                                         .lifetime_seconds = kLeafLifetime};
  auto client_pair = LoadLeaf(path_, "client", *ca, client, {}, now);
  if (!client_pair.ok()) return client_pair.status();
  auto token = LoadToken(path_);
  if (!token.ok()) return token.status();
  return Credentials{ca->certificate_pem, *std::move(serving_pair), *std::move(client_pair),
                     *std::move(token)};
}

Status DataDirectory::WriteKubeconfig(const Credentials& credentials, std::string_view server,
                                      const std::vector<std::string>& clusters) const {
  using Json = nlohmann::ordered_json;
  const std::string root = std::string(server) + "/apis/clusterpedia.io/v1beta1/resources";
  Json cluster_list = Json::array(), context_list = Json::array();
  const auto add = [&](const std::string& name, const std::string& url) {
    cluster_list.push_back(
        {{"name", name},
         {"cluster",
          {{"certificate-authority-data", EncodeBase64(credentials.ca_pem)}, {"server", url}}}});
    context_list.push_back({{"name", name}, {"context", {{"cluster", name}, {"user", "pedia"}}}});
  };
  add("pedia", root);
  for (const std::string& cluster : clusters) {
    // The name "pedia" is taken by the context of all clusters.
    add(cluster == "pedia" ? "pedia-cluster" : cluster, root + "/clusters/" + cluster);
  }
  const Json user = {{"client-certificate-data", EncodeBase64(credentials.client.certificate_pem)},
                     {"client-key-data", EncodeBase64(credentials.client.key_pem)},
                     {"token", credentials.token}};
  const Json document = {{"apiVersion", "v1"},
                         {"kind", "Config"},
                         {"clusters", std::move(cluster_list)},
                         {"users", Json::array({{{"name", "pedia"}, {"user", user}}})},
                         {"contexts", std::move(context_list)},
                         {"current-context", "pedia"}};
  return WriteFileAtomically(KubeconfigPath(), document.dump(2) + "\n");
}

bool IsIpAddress(const std::string& text) {
  unsigned char buffer[16];
  return inet_pton(AF_INET, text.c_str(), buffer) == 1 ||
         inet_pton(AF_INET6, text.c_str(), buffer) == 1;
}

}  // namespace pedia::cmd

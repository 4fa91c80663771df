#include "cmd/serving_certificate.h"

#include <filesystem>
#include <utility>

#include "certs/key_pair.h"
#include "cmd/data_directory.h"
#include "meta/log.h"

namespace pedia::cmd {
namespace {

constexpr int64_t kDay = 86400;
constexpr int64_t kLifetime = 365 * kDay;
constexpr int64_t kRenewBefore = 30 * kDay;

Result<certs::KeyPair> ReadPair(const std::string& certificate, const std::string& key) {
  auto certificate_pem = ReadFile(certificate);
  if (!certificate_pem.ok()) return BadRequest(certificate_pem.status().message());
  auto key_pem = ReadFile(key);
  if (!key_pem.ok()) return BadRequest(key_pem.status().message());
  certs::KeyPair pair{*std::move(certificate_pem), *std::move(key_pem)};
  if (Status status = certs::CheckKeyPair(pair); !status.ok())
    return BadRequest(certificate + " and " + key + ": " + status.message());
  return pair;
}

Result<certs::KeyPair> MakeSelfSigned(const std::vector<std::string>& host_names) {
  const auto ca = certs::MakeCertificateAuthority("pedia-self-signed-ca", kLifetime);
  if (!ca.ok()) return ca;
  certs::CertificateRequest request;
  request.common_name = "pedia-apiserver";
  for (const std::string& name : host_names) {
    (IsIpAddress(name) ? request.ip_addresses : request.dns_names).push_back(name);
  }
  auto pair = certs::IssueCertificate(*ca, request);
  // The authority's certificate is sent along, so that a client can be told to trust it.
  if (pair.ok()) pair->certificate_pem += ca->certificate_pem;
  return pair;
}

bool IsFresh(const certs::KeyPair& pair, int64_t now) {
  const auto info = certs::ReadCertificate(pair.certificate_pem);
  return info.ok() && info->not_before <= now && now + kRenewBefore < info->not_after;
}

}  // namespace

Result<SniFiles> ParseSniFlag(const std::string& text) {
  SniFiles files;
  const size_t colon = text.find(':');
  const std::string pair = text.substr(0, colon);
  const size_t comma = pair.find(',');
  if (comma == std::string::npos || comma == 0 || comma + 1 == pair.size())
    return BadRequest("--tls-sni-cert-key: \"" + text +
                      "\" is not CERTIFICATE,KEY or CERTIFICATE,KEY:NAME,NAME");
  files.certificate = pair.substr(0, comma);
  files.key = pair.substr(comma + 1);
  if (colon == std::string::npos) return files;
  for (size_t at = colon + 1; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    if (end > at) files.names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return files;
}

Status ServingCertificate::Load(int64_t now) {
  if (options_.certificate_file.empty() != options_.key_file.empty())
    return BadRequest("--tls-cert-file and --tls-private-key-file belong together");
  auto tls = options_.certificate_file.empty() ? LoadOwn(now) : Read();
  if (!tls.ok()) return tls.status();
  tls_ = *std::move(tls);
  return {};
}

bool ServingCertificate::Reload(int64_t now) {
  const bool own = options_.certificate_file.empty();
  if (own && options_.sni.empty() && IsFresh({tls_.certificate_pem, tls_.key_pem}, now))
    return false;
  auto tls = own ? LoadOwn(now) : Read();
  if (!tls.ok()) {
    const std::string& why = tls.status().message();
    if (why != failed_) LogError("the serving certificate stays as it was: " + why);
    failed_ = why;
    return false;
  }
  failed_.clear();
  const bool changed = tls->certificate_pem != tls_.certificate_pem ||
                       tls->key_pem != tls_.key_pem || tls->sni != tls_.sni;
  if (changed) tls_ = *std::move(tls);
  return changed;
}

Result<apiserver::TlsOptions> ServingCertificate::Read() const {
  apiserver::TlsOptions tls;
  if (!options_.certificate_file.empty()) {
    auto pair = ReadPair(options_.certificate_file, options_.key_file);
    if (!pair.ok()) return pair.status();
    tls.certificate_pem = std::move(pair->certificate_pem);
    tls.key_pem = std::move(pair->key_pem);
  }
  for (const SniFiles& files : options_.sni) {
    auto pair = ReadPair(files.certificate, files.key);
    if (!pair.ok()) return pair.status();
    tls.sni.push_back({std::move(pair->certificate_pem), std::move(pair->key_pem), files.names});
  }
  return tls;
}

Result<apiserver::TlsOptions> ServingCertificate::LoadOwn(int64_t now) const {
  auto tls = Read();  // Those for other names.
  if (!tls.ok()) return tls;
  certs::KeyPair pair{tls_.certificate_pem, tls_.key_pem};
  const auto folder = std::filesystem::path(options_.directory);
  if (pair.certificate_pem.empty()) {
    auto kept = ReadPair(folder / "apiserver.crt", folder / "apiserver.key");
    if (kept.ok()) pair = *std::move(kept);
  }
  if (!IsFresh(pair, now)) {
    auto made = MakeSelfSigned(options_.host_names);
    if (!made.ok()) return made.status();
    pair = *std::move(made);
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    Status kept = WriteFileAtomically(folder / "apiserver.key", pair.key_pem);
    if (kept.ok()) kept = WriteFileAtomically(folder / "apiserver.crt", pair.certificate_pem);
    if (!kept.ok())
      LogWarning("the self-signed certificate is kept in memory only: " + kept.message());
  }
  tls->certificate_pem = std::move(pair.certificate_pem);
  tls->key_pem = std::move(pair.key_pem);
  return tls;
}

}  // namespace pedia::cmd

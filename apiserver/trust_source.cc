#include "apiserver/trust_source.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "kube/bounded_file.h"
#include "kube/informer.h"
#include "meta/guarded.h"
#include "meta/log.h"

namespace pedia::apiserver {
namespace {

constexpr char kNamespace[] = "kube-system";
constexpr char kConfigMap[] = "extension-apiserver-authentication";
constexpr size_t kMaxFile = 4 << 20;

}  // namespace

class TrustSource::Core : public kube::InformerHandler {
 public:
  explicit Core(TrustOptions options) : options_(std::move(options)) {}
  Status Start(kube::Client* client);
  std::shared_ptr<const ClientTrust> Get() const {
    return trust_.With([](const auto& trust) { return trust; });
  }

  void OnObject(std::string_view name_space, std::string_view name, std::string_view json) override;
  void OnDelete(std::string_view name_space, std::string_view name) override;
  void OnSynced() override { SetLookup(Status()); }
  void OnError(const Status& status) override;

 private:
  Status ReadFiles();
  Status SetClients(std::string ca_pem);
  Status SetFrontProxy(std::string ca_pem, std::vector<std::string> names, UserHeaders headers);
  void SetLookup(const Status& status);
  Status AwaitLookup();
  void FollowFiles(const std::stop_token& stop);
  bool LooksUpClients() const { return options_.client_ca_file.empty(); }
  bool LooksUpFrontProxy() const { return options_.requestheader_client_ca_file.empty(); }

  const TrustOptions options_;
  Guarded<std::shared_ptr<const ClientTrust>> trust_{std::make_shared<const ClientTrust>()};
  std::mutex lookup_mutex_;
  std::condition_variable looked_up_;
  bool synced_ = false;
  Status lookup_error_;  // Of the last try, until one succeeds.
  std::unique_ptr<kube::Informer> informer_;
  std::mutex files_mutex_;
  std::condition_variable_any files_changed_;  // Only ever by being stopped.
  std::jthread files_;
};

// Takes the check that there is if the authorities are the same: it knows the connections.
Status TrustSource::Core::SetClients(std::string ca_pem) {
  const std::shared_ptr<const ClientTrust> old = Get();
  if (old->clients && old->clients->ca_pem() == ca_pem) return {};
  Result<std::shared_ptr<CertificateCheck>> check = CertificateCheck::Make(std::move(ca_pem));
  if (!check.ok()) return check.status();
  trust_.With([&](auto& trust) {
    ClientTrust next = *trust;
    next.clients = *std::move(check);
    trust = std::make_shared<const ClientTrust>(std::move(next));
  });
  return {};
}

Status TrustSource::Core::SetFrontProxy(std::string ca_pem, std::vector<std::string> names,
                                        UserHeaders headers) {
  const std::shared_ptr<const ClientTrust> old = Get();
  FrontProxyTrust proxy{nullptr, std::move(names), std::move(headers)};
  if (old->front_proxy && old->front_proxy->certificates->ca_pem() == ca_pem) {
    proxy.certificates = old->front_proxy->certificates;
  } else {
    Result<std::shared_ptr<CertificateCheck>> check = CertificateCheck::Make(std::move(ca_pem));
    if (!check.ok()) return check.status();
    proxy.certificates = *std::move(check);
  }
  trust_.With([&](auto& trust) {
    ClientTrust next = *trust;
    next.front_proxy = std::move(proxy);
    trust = std::make_shared<const ClientTrust>(std::move(next));
  });
  return {};
}

Status TrustSource::Core::ReadFiles() {
  const auto read = [](const std::string& file, const auto& use) -> Status {
    Result<std::string> pem = kube::ReadBoundedFile(file, kMaxFile);
    const Status used = pem.ok() ? use(*std::move(pem)) : pem.status();
    return used.ok() ? used : BadRequest(file + ": " + used.message());
  };
  Status status;
  if (!LooksUpClients()) {
    status = read(options_.client_ca_file,
                  [this](std::string pem) { return SetClients(std::move(pem)); });
  }
  if (!LooksUpFrontProxy()) {
    const Status proxy = read(options_.requestheader_client_ca_file, [this](std::string pem) {
      return SetFrontProxy(
          std::move(pem), options_.requestheader_allowed_names,
          {options_.requestheader_username_headers, options_.requestheader_uid_headers,
           options_.requestheader_group_headers, options_.requestheader_extra_headers_prefix});
    });
    if (status.ok()) status = proxy;
  }
  return status;
}

void TrustSource::Core::FollowFiles(const std::stop_token& stop) {
  std::string logged;
  std::unique_lock lock(files_mutex_);
  while (!stop.stop_requested()) {
    files_changed_.wait_for(lock, stop, options_.file_interval, [] { return false; });
    if (stop.stop_requested()) return;
    const Status status = ReadFiles();
    const std::string problem = status.ok() ? "" : status.message();
    if (problem != logged && !status.ok())
      LogError("authorities are not read again, the old ones stay: " + problem);
    logged = problem;
  }
}

void TrustSource::Core::OnObject(std::string_view name_space, std::string_view name,
                                 std::string_view json) {
  if (name_space != kNamespace || name != kConfigMap) return;
  const auto complain = [](const std::string& problem) {
    LogError(std::string("ConfigMap ") + kNamespace + "/" + kConfigMap +
             " cannot be used, what was known before stays: " + problem);
  };
  Result<TrustDocument> document = ParseTrustDocument(json);
  if (!document.ok()) return complain(document.status().message());
  // There need not be client certificates.
  if (LooksUpClients() && (!document->client_ca_pem.empty() || Get()->clients)) {
    const Status status = SetClients(std::move(document->client_ca_pem));
    if (!status.ok()) complain("client-ca-file: " + status.message());
  }
  if (LooksUpFrontProxy()) {
    const Status status = SetFrontProxy(std::move(document->front_proxy_ca_pem),
                                        std::move(document->front_proxy_names),
                                        std::move(document->front_proxy_headers));
    if (!status.ok()) complain("requestheader-client-ca-file: " + status.message());
  }
}

void TrustSource::Core::OnDelete(std::string_view, std::string_view) {
  LogWarning(std::string("ConfigMap ") + kNamespace + "/" + kConfigMap +
             " was deleted; what it said stays in force");
}

void TrustSource::Core::OnError(const Status& status) { SetLookup(status); }

void TrustSource::Core::SetLookup(const Status& status) {
  const std::scoped_lock lock(lookup_mutex_);
  if (status.ok()) synced_ = true;
  lookup_error_ = status;
  if (status.ok()) looked_up_.notify_all();
}

Status TrustSource::Core::AwaitLookup() {
  std::unique_lock lock(lookup_mutex_);
  const std::string what = std::string("ConfigMap ") + kNamespace + "/" + kConfigMap;
  if (!looked_up_.wait_for(lock, options_.lookup_timeout, [this] { return synced_; })) {
    return ServiceUnavailable(what + " cannot be read: " +
                              (lookup_error_.ok() ? "no answer yet" : lookup_error_.message()));
  }
  if (LooksUpFrontProxy() && !Get()->front_proxy)
    return ServiceUnavailable(what + " has no usable requestheader-client-ca-file");
  return {};
}

Status TrustSource::Core::Start(kube::Client* client) {
  if (Status status = ReadFiles(); !status.ok()) return status;
  if (!LooksUpClients() || !LooksUpFrontProxy()) {
    files_ = std::jthread([this](const std::stop_token& stop) { FollowFiles(stop); });
  }
  const bool lookup = !options_.skip_lookup && (LooksUpClients() || LooksUpFrontProxy());
  if (!lookup || client == nullptr) return {};
  kube::InformerOptions informer;
  informer.path = std::string("/api/v1/namespaces/") + kNamespace + "/configmaps";
  informer.field_selector = std::string("metadata.name=") + kConfigMap;
  informer_ = std::make_unique<kube::Informer>(*client, std::move(informer), *this);
  const Status status = AwaitLookup();
  if (status.ok() || !options_.tolerate_lookup_failure) return status;
  LogWarning(status.message() + "; users cannot be recognised by what it should say");
  return {};
}

TrustSource::TrustSource(std::unique_ptr<Core> core) : core_(std::move(core)) {}
TrustSource::~TrustSource() = default;

Result<std::unique_ptr<TrustSource>> TrustSource::Start(TrustOptions options,
                                                        kube::Client* client) {
  auto core = std::make_unique<Core>(std::move(options));
  if (Status status = core->Start(client); !status.ok()) return status;
  return std::unique_ptr<TrustSource>(new TrustSource(std::move(core)));
}

std::shared_ptr<const ClientTrust> TrustSource::Get() const { return core_->Get(); }

}  // namespace pedia::apiserver

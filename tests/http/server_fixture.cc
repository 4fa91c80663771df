#include "server_fixture.h"

#include <thread>

namespace pedia::apiserver {
namespace {

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return *std::move(result);
}

TlsWorld MakeWorld() {
  TlsWorld world;
  world.server_ca = Must(certs::MakeCertificateAuthority("server-ca", 86400));
  world.client_ca = Must(certs::MakeCertificateAuthority("client-ca", 86400));
  world.foreign_ca = Must(certs::MakeCertificateAuthority("foreign-ca", 86400));
  certs::CertificateRequest request{.common_name = "alice",
                                    .organizations = {"dev", "ops"},
                                    .dns_names = {},
                                    .ip_addresses = {},
                                    .usage = certs::Usage::kClient};
  world.alice = Must(certs::IssueCertificate(world.client_ca, request));
  world.mallory = Must(certs::IssueCertificate(world.foreign_ca, request));
  request.lifetime_seconds = -60;
  world.expired = Must(certs::IssueCertificate(world.client_ca, request));
  return world;
}

}  // namespace

const TlsWorld& TlsWorld::Get() {
  static const TlsWorld world = MakeWorld();
  return world;
}

TlsOptions TlsWorld::Serving(const std::string& common_name) const {
  const auto pair = Must(certs::IssueCertificate(server_ca, {.common_name = common_name,
                                                             .organizations = {},
                                                             .dns_names = {"localhost"},
                                                             .ip_addresses = {"127.0.0.1"}}));
  return {.certificate_pem = pair.certificate_pem,
          .key_pem = pair.key_pem,
          .client_ca_pem = client_ca.certificate_pem};
}

void Event::Set() {
  {
    const std::scoped_lock lock(mutex_);
    set_ = true;
  }
  changed_.notify_all();
}

bool Event::Wait(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] { return set_; });
}

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

void ServerTest::Start(HttpHandler handler, HttpServerOptions options) {
  if (is_tls() && !options.tls) options.tls = TlsWorld::Get().Serving("first");
  server_ = Must(is_beast() ? StartBeastServer(std::move(options), std::move(handler))
                            : StartPistacheServer(std::move(options), std::move(handler)));
}

ServerTest::Running ServerTest::Run(HttpHandler handler, HttpServerOptions options) {
  Start(std::move(handler), std::move(options));
  return {*this};
}

void ServerTest::StartEcho(HttpServerOptions options) {
  Start(
      [](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
        response->Send(200, {{"Content-Type", "text/plain"}},
                       request.method + " " + request.target);
      },
      std::move(options));
}

std::unique_ptr<TestClient> ServerTest::Connect() {
  const ClientTls tls{.ca_pem = TlsWorld::Get().server_ca.certificate_pem,
                      .key_pair = std::nullopt};
  return std::make_unique<TestClient>(server_->port(), is_tls() ? &tls : nullptr);
}

HttpAnswer ServerTest::GetOnce(const std::string& target) { return Connect()->Get(target); }

}  // namespace pedia::apiserver

// Debian's libpistache is not instrumented: ThreadSanitizer misses its atomics and its reference
// counts.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:libpistache\nrace:Pistache::\n";
}

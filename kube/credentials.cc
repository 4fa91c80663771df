#include "kube/credentials.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "kube/bounded_file.h"
#include "kube/server_url.h"
#include "meta/base64.h"
#include "meta/json_reader.h"
#include "meta/time.h"

namespace pedia::kube {
namespace {

constexpr std::chrono::seconds kTokenFileAge{60};
constexpr std::chrono::seconds kPluginTimeout{60};
constexpr std::chrono::seconds kPluginRetry{
    5};  // A failure is not asked for again sooner by the many requests of a cluster.
constexpr std::chrono::seconds kRejectAgain{
    10};  // A plugin whose fresh credential is refused too is not run in a loop.
constexpr int64_t kMaxRefreshLead = 60;  // Seconds before the expiry.
constexpr size_t kMaxTokenFile = 1 << 20;

std::string StaticAuthorization(const RestConfig& config) {
  if (!config.token.empty()) return "Bearer " + config.token;
  if (config.username.empty() && config.password.empty()) return "";
  return "Basic " + EncodeBase64(config.username + ":" + config.password);
}

bool Within(const std::optional<std::chrono::steady_clock::time_point>& since,
            std::chrono::seconds span) {
  return since && std::chrono::steady_clock::now() - *since < span;
}

}  // namespace

Credentials::Credentials(std::shared_ptr<EventLoop::Core> loop,
                         std::shared_ptr<const RestConfig> config)
    : loop_(std::move(loop)),
      config_(std::move(config)),
      uses_exec_(!config_->exec.empty() && config_->token_file.empty() &&
                 StaticAuthorization(*config_).empty()) {
  if (!uses_exec_) current_ = NewCredential(StaticAuthorization(*config_));
}

Credentials::~Credentials() { Stop(); }

void Credentials::Stop() {
  alive_.reset();
  waiting_.clear();
  plugin_thread_.request_stop();
}

CredentialPtr Credentials::NewCredential(std::string authorization) const {
  auto credential = std::make_shared<Credential>();
  credential->generation = current_ == nullptr ? 1 : current_->generation + 1;
  credential->authorization = std::move(authorization);
  credential->client_cert_pem = config_->client_cert_pem;
  credential->client_key_pem = config_->client_key_pem;
  return credential;
}

void Credentials::Get(Callback callback) {
  if (!uses_exec_) {
    const bool read = !config_->token_file.empty() && !Within(token_read_at_, kTokenFileAge);
    const Result<CredentialPtr> result = read ? ReadTokenFile() : Result<CredentialPtr>(current_);
    return callback(result);
  }
  if (ExecIsFresh()) return callback(current_);
  if (!running_ && Within(failed_at_, kPluginRetry)) {
    const bool usable = current_ != nullptr && expires_ && UnixNow() < *expires_;
    return callback(usable ? Result<CredentialPtr>(current_) : Result<CredentialPtr>(failure_));
  }
  waiting_.push_back(std::move(callback));
  if (!running_) StartPlugin();
}

Result<CredentialPtr> Credentials::ReadTokenFile() {
  Result<std::string> content = ReadBoundedFile(config_->token_file, kMaxTokenFile);
  std::string token;
  if (content.ok()) {
    const size_t first = content->find_first_not_of(" \t\r\n");
    if (first != std::string::npos)
      token = content->substr(first, content->find_last_not_of(" \t\r\n") - first + 1);
  }
  if (token.empty() || HasControlCharacters(token)) {
    if (config_->token.empty()) {
      const std::string why = !content.ok() ? content.status().message() : "it holds no token";
      return ServiceUnavailable("token file " + JsonString(config_->token_file) + ": " + why);
    }
    token = config_->token;
  }
  token_read_at_ = Clock::now();
  if (const std::string authorization = "Bearer " + token;
      authorization != current_->authorization) {
    current_ = NewCredential(authorization);
  }
  return current_;
}

bool Credentials::ExecIsFresh() const {
  return current_ != nullptr && (!expires_ || UnixNow() < refresh_at_);
}

bool Credentials::Reject(uint64_t generation) {
  if (current_ != nullptr && current_->generation != generation) return true;
  if (!uses_exec_) {
    return !config_->token_file.empty() && ReadTokenFile().ok() &&
           current_->generation != generation;
  }
  if (running_ || !ExecIsFresh()) return true;  // Another request of this generation was first.
  if (Within(rejected_at_, kRejectAgain)) return false;
  rejected_at_ = Clock::now();
  expires_ = refresh_at_ = 0;  // Kept for its generation, but neither fresh nor usable.
  return true;
}

void Credentials::StartPlugin() {
  running_ = true;
  const auto deliver = [this, alive = std::weak_ptr<int>(alive_),
                        loop = loop_](Result<ExecCredential> result) {
    loop->Post([this, alive, result = std::move(result)] {
      if (!alive.expired()) OnPluginEnd(result);
    });
  };
  try {
    plugin_thread_ = std::jthread([deliver, config = config_](const std::stop_token& stop) {
      deliver(RunExecPlugin(*config, kPluginTimeout, stop));
    });
  } catch (const std::system_error&) {
    deliver(ServiceUnavailable("there are no threads left to run the exec plugin on"));
  }
}

void Credentials::OnPluginEnd(const Result<ExecCredential>& result) {
  running_ = false;
  const int64_t now = UnixNow();
  if (result.ok()) {
    auto credential = std::make_shared<Credential>(
        *NewCredential(result->token.empty() ? "" : "Bearer " + result->token));
    if (!result->client_cert_pem.empty()) {
      credential->client_cert_pem = result->client_cert_pem;
      credential->client_key_pem = result->client_key_pem;
    }
    current_ = std::move(credential);
    expires_ = result->expires;
    if (expires_)
      refresh_at_ = *expires_ - std::clamp<int64_t>((*expires_ - now) / 4, 0, kMaxRefreshLead);
    failed_at_.reset();
  } else {
    failure_ = result.status();
    failed_at_ = Clock::now();
  }
  const bool usable = result.ok() || (current_ != nullptr && expires_ && now < *expires_);
  const Result<CredentialPtr> outcome =
      usable ? Result<CredentialPtr>(current_) : Result<CredentialPtr>(failure_);
  const std::weak_ptr<int> alive = alive_;
  const std::vector<Callback> waiting = std::exchange(waiting_, {});
  for (const Callback& callback : waiting) {
    callback(outcome);
    if (alive.expired()) return;  // The callback has stopped this.
  }
}

}  // namespace pedia::kube

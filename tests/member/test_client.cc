#include "tests/member/test_client.h"

#include <algorithm>
#include <memory>

namespace pedia::member {
namespace {

constexpr std::chrono::seconds kPatience{10};

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  const auto& sink = *static_cast<std::function<bool(const std::string&)>*>(user);
  return sink(std::string(data, size * count)) ? size * count : 0;
}

size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  const std::string line(data, size * count);
  const size_t colon = line.find(": ");
  if (colon == std::string::npos) return size * count;
  std::string name = line.substr(0, colon);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  (*static_cast<std::map<std::string, std::string>*>(user))[name] =
      line.substr(colon + 2, line.size() - colon - 4);
  return size * count;
}

// So that a broken-off watch notices at once, also while nothing comes.
int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::atomic<bool>*>(user)->load() ? 1 : 0;
}

void SetBlob(CURL* curl, CURLoption option, const std::string& pem) {
  curl_blob blob{const_cast<char*>(pem.data()), pem.size(),
                 CURL_BLOB_COPY};  // NOLINT: curl copies it.
  curl_easy_setopt(curl, option, &blob);
}

void SetCredential(CURL* curl, const MemberServer& server, Credential credential,
                   curl_slist** headers) {
  const std::string token = credential == Credential::kToken ? server.token() : "wrong";
  if (credential == Credential::kToken || credential == Credential::kWrongToken) {
    *headers = curl_slist_append(*headers, ("Authorization: Bearer " + token).c_str());
  }
  if (credential == Credential::kCertificate) {
    SetBlob(curl, CURLOPT_SSLCERT_BLOB, server.client().certificate_pem);
    SetBlob(curl, CURLOPT_SSLKEY_BLOB, server.client().key_pem);
  }
}

Answer Perform(const MemberServer& server, const std::string& path, const RequestOptions& options,
               std::atomic<bool>* stop) {
  const std::unique_ptr<CURL, void (*)(CURL*)> handle(curl_easy_init(), curl_easy_cleanup);
  CURL* curl = handle.get();
  Answer answer;
  std::function<bool(const std::string&)> sink = options.sink;
  if (!sink) sink = [&](const std::string& bytes) { return answer.body += bytes, true; };
  curl_slist* headers = curl_slist_append(nullptr, ("Accept: " + options.accept).c_str());
  for (const std::string& header : options.headers)
    headers = curl_slist_append(headers, header.c_str());
  SetCredential(curl, server, options.credential, &headers);
  curl_easy_setopt(curl, CURLOPT_URL, (server.url() + path).c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, options.method.c_str());
  if (!options.body.empty()) curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, options.body.c_str());
  SetBlob(curl, CURLOPT_CAINFO_BLOB, server.ca_pem());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, options.timeout_ms);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer.headers);
  if (stop != nullptr) {
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, OnProgress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, stop);
  }
  answer.error = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.code);
  curl_slist_free_all(headers);
  return answer;
}

}  // namespace

Answer Fetch(const MemberServer& server, const std::string& path, const RequestOptions& options) {
  return Perform(server, path, options, nullptr);
}

WatchClient::WatchClient(const MemberServer& server, const std::string& path) {
  thread_ = std::jthread([this, &server, path] {
    RequestOptions options;
    options.timeout_ms = 60'000;
    options.sink = [this](const std::string& bytes) {
      std::scoped_lock lock(mutex_);
      rest_ += bytes;
      for (size_t end; (end = rest_.find('\n')) != std::string::npos; rest_.erase(0, end + 1)) {
        lines_.push_back(rest_.substr(0, end));
      }
      changed_.notify_all();
      return true;
    };
    Answer answer = Perform(server, path, options, &stop_);
    std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
    answer_.body = rest_;
    ended_ = true;
    changed_.notify_all();
  });
}

WatchClient::~WatchClient() {
  stop_ = true;
  thread_.join();
}

std::vector<std::string> WatchClient::WaitForLines(size_t count) {
  return WaitUntil(
      [count](const std::vector<std::string>& lines) { return lines.size() >= count; });
}

std::vector<std::string> WatchClient::WaitUntil(
    const std::function<bool(const std::vector<std::string>&)>& enough) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return ended_ || enough(lines_); });
  return lines_;
}

Answer WatchClient::WaitForEnd() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [this] { return ended_; });
  return answer_;
}

bool WatchClient::ended() {
  std::scoped_lock lock(mutex_);
  return ended_;
}

}  // namespace pedia::member

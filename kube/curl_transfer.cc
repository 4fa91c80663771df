#include "kube/curl_transfer.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <system_error>

#include "kube/server_url.h"

namespace pedia::kube {
namespace {

constexpr long kConnectTimeoutMs = 30'000;
constexpr long kBufferBytes = 16 * 1024;  // One TLS record; thousands of watches have one each.
constexpr size_t kMaxHeaderBytes = 256 * 1024;
constexpr int kMaxRetryAfter = 86'400;  // Seconds.
constexpr size_t kMaxCause = 300;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos
             ? ""
             : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Seconds, or an HTTP date.
std::optional<int> ParseRetryAfter(const std::string& value) {
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size()) {
    const time_t date = curl_getdate(value.c_str(), nullptr);
    if (date < 0) return std::nullopt;
    seconds = date - std::time(nullptr);
  }
  return static_cast<int>(std::clamp<int64_t>(seconds, 0, kMaxRetryAfter));
}

// Sockets must not leak into credential plugins.
int CloseOnExec(void*, curl_socket_t fd, curlsocktype) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return CURL_SOCKOPT_OK;
}

void SetBlob(CURL* easy, CURLoption option, const std::string& bytes) {
  if (bytes.empty()) return;
  curl_blob blob{const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy, option, &blob);
}

bool Append(curl_slist** list, const std::string& text) {
  curl_slist* const longer = curl_slist_append(*list, text.c_str());
  if (longer != nullptr) *list = longer;
  return longer != nullptr;
}

}  // namespace

Status CancelledStatus() { return ServiceUnavailable("the request was cancelled"); }

Transfer::Transfer(Client::RequestId request_id, Request the_request,
                   std::unique_ptr<ResponseHandler> handler)
    : id(request_id), request(std::move(the_request)), handler_(std::move(handler)) {}

Transfer::~Transfer() {
  Conclude(CancelledStatus());
  FreeHandle();
}

void Transfer::FreeHandle() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
  curl_slist_free_all(connect_to_);
  easy_ = nullptr;
  headers_ = connect_to_ = nullptr;
}

Status Transfer::Prepare(const Endpoint& endpoint, CredentialPtr credential, Events events) {
  FreeHandle();
  const bool valid_path = request.path_and_query.starts_with('/') &&
                          !HasControlCharacters(request.path_and_query) &&
                          request.path_and_query.find_first_of(" #") == std::string::npos;
  if (!valid_path || HasControlCharacters(request.accept) ||
      HasControlCharacters(request.if_none_match))
    return ServiceUnavailable("the request is not valid");
  credential_ = std::move(credential);
  events_ = std::move(events);
  retried_ = retried_ || wants_retry_;
  wants_retry_ = head_complete_ = false;
  header_bytes_ = 0;
  head_ = ResponseHead();
  error_.fill('\0');
  easy_ = curl_easy_init();
  if (easy_ == nullptr || !SetHeaders(endpoint)) return ServiceUnavailable("out of memory");

  curl_easy_setopt(easy_, CURLOPT_URL, (endpoint.base_url + request.path_and_query).c_str());
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::WriteCallback);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::HeaderCallback);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &Transfer::PreRequestCallback);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  SetConnectionOptions(endpoint);
  SetTlsOptions(*endpoint.config);
  last_activity = Clock::now();
  return Status();
}

bool Transfer::SetHeaders(const Endpoint& endpoint) {
  bool complete = Append(&headers_, "Accept: " + request.accept);
  if (!request.if_none_match.empty())
    complete = Append(&headers_, "If-None-Match: " + request.if_none_match) && complete;
  if (!credential_->authorization.empty()) {
    complete = Append(&headers_, "Authorization: " + credential_->authorization) && complete;
  }
  for (const std::string& header : endpoint.headers)
    complete = Append(&headers_, header) && complete;
  if (!endpoint.connect_to.empty())
    complete = Append(&connect_to_, endpoint.connect_to) && complete;
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy_, CURLOPT_HEADEROPT,
                   static_cast<long>(CURLHEADER_SEPARATE));  // A proxy sees none of them.
  curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
  return complete;
}

void Transfer::SetConnectionOptions(const Endpoint& endpoint) {
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, "pedia");
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  // Never waits for a thread that resolves a name.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // A second stream of a connection rather than a second connection. Without TLS there are no
  // streams, and libcurl would wait for the first response to find that out.
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, endpoint.base_url.starts_with("https:") ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kBufferBytes);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, 10L);
  curl_easy_setopt(easy_, CURLOPT_SOCKOPTFUNCTION, &CloseOnExec);
  curl_easy_setopt(easy_, CURLOPT_PROXY,
                   endpoint.proxy_url.c_str());  // "" also hides the environment's from libcurl.
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, endpoint.no_proxy.c_str());
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

void Transfer::SetTlsOptions(const RestConfig& config) {
  const long verify = config.insecure_skip_tls_verify ? 0 : 1;
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, verify);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, verify * 2);
  curl_easy_setopt(easy_, CURLOPT_PROXY_SSL_VERIFYPEER, verify);
  curl_easy_setopt(easy_, CURLOPT_PROXY_SSL_VERIFYHOST, verify * 2);
  SetBlob(easy_, CURLOPT_CAINFO_BLOB, config.ca_pem);
  SetBlob(easy_, CURLOPT_PROXY_CAINFO_BLOB, config.ca_pem);
  if (credential_->client_cert_pem.empty()) return;
  SetBlob(easy_, CURLOPT_SSLCERT_BLOB, credential_->client_cert_pem);
  SetBlob(easy_, CURLOPT_SSLKEY_BLOB, credential_->client_key_pem);
  curl_easy_setopt(easy_, CURLOPT_KEYPASSWD,
                   "");  // Else OpenSSL would ask for one on the terminal.
}

int Transfer::PreRequestCallback(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.last_activity = Clock::now();
  transfer.events_.connected();
  return CURL_PREREQFUNC_OK;
}

size_t Transfer::HeaderCallback(char* data, size_t size, size_t count, void* self) {
  return static_cast<Transfer*>(self)->OnHeaderLine({data, size * count});
}

size_t Transfer::OnHeaderLine(std::string_view line) {
  last_activity = Clock::now();
  if (abort_reason_ || done_) return 0;
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    Abort(ServiceUnavailable(
        Describe("the header is larger than " + std::to_string(kMaxHeaderBytes) + " bytes")));
    return 0;
  }
  if (head_complete_) return line.size();  // A trailer.
  const size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    head_ = ResponseHead();  // The one before was "100 Continue" or its like.
    const size_t space = std::min(line.find(' '), line.size() - 1);
    std::from_chars(line.data() + space + 1, line.data() + line.size(), head_.code);
  } else if (Trim(line).empty()) {
    if (head_.code >= 200) OnHeadersEnd();
  } else if (colon != std::string_view::npos) {
    const std::string_view name = line.substr(0, colon);
    const std::string value(Trim(line.substr(colon + 1)));
    if (EqualsIgnoringCase(name, "content-type")) head_.content_type = value;
    if (EqualsIgnoringCase(name, "etag")) head_.etag = value;
    if (EqualsIgnoringCase(name, "retry-after")) head_.retry_after_seconds = ParseRetryAfter(value);
  }
  return abort_reason_ || done_ ? 0 : line.size();
}

void Transfer::OnHeadersEnd() {
  head_complete_ = true;
  if (head_.code == 401 && !retried_ && events_.unauthorized(credential_->generation)) {
    wants_retry_ = true;
    return;
  }
  handler_->OnHead(head_);
}

size_t Transfer::WriteCallback(char* data, size_t size, size_t count, void* self) {
  return static_cast<Transfer*>(self)->OnBytes({data, size * count});
}

size_t Transfer::OnBytes(std::string_view bytes) {
  last_activity = Clock::now();
  if (abort_reason_ || done_) return CURL_WRITEFUNC_ERROR;
  if (wants_retry_) return bytes.size();
  const Flow flow = handler_->OnData(bytes);
  if (abort_reason_ || done_) return CURL_WRITEFUNC_ERROR;
  switch (flow) {
    case Flow::kContinue:
      return bytes.size();
    case Flow::kPause:
      paused_ = true;
      return CURL_WRITEFUNC_PAUSE;
    case Flow::kAbort:
      break;
  }
  Abort(ServiceUnavailable("the response was not wanted any more"));
  return CURL_WRITEFUNC_ERROR;
}

void Transfer::Unpause() {
  paused_ = false;
  last_activity = Clock::now();
  curl_easy_pause(easy_, CURLPAUSE_CONT);
}

void Transfer::Abort(Status why) {
  if (!abort_reason_) abort_reason_ = std::move(why);
}

Status Transfer::Outcome(CURLcode code) const {
  if (abort_reason_) return *abort_reason_;
  if (code == CURLE_OK) return Status();
  std::string cause = error_[0] != '\0' ? std::string(error_.data()) : curl_easy_strerror(code);
  if (cause.size() > kMaxCause) cause.resize(kMaxCause);
  long os_error = 0;
  if (code == CURLE_COULDNT_CONNECT &&
      curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_error) == CURLE_OK && os_error != 0) {
    cause += " (" + std::generic_category().message(static_cast<int>(os_error)) + ")";
  }
  const std::string message = Describe(cause);
  return code == CURLE_OPERATION_TIMEDOUT ? Timeout(message) : ServiceUnavailable(message);
}

void Transfer::Conclude(const Status& status) {
  if (done_) return;
  done_ = true;
  handler_->OnDone(status);
}

}  // namespace pedia::kube

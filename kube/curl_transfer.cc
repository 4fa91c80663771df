#include "kube/curl_transfer.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <system_error>

#include "kube/curl_options.h"
#include "kube/request_check.h"

namespace pedia::kube {
namespace {

constexpr long kBufferBytes = 16 * 1024;      // One TLS record.
constexpr long kSmallBufferBytes = 4 * 1024;  // Thousands of watches have one each.
// The least that libcurl takes. It keeps it with HTTP/1.1 as long as the response lasts.
constexpr long kUploadBufferBytes = 16 * 1024;
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

// " after 3 ms", " after 30001 milliseconds": the same failure is to read the same each time, for
// it becomes the message of a condition, and a new message would be a change.
void EraseDurations(std::string* text) {
  constexpr std::string_view kAfter = " after ";
  for (size_t at = 0; (at = text->find(kAfter, at)) != std::string::npos; ++at) {
    const size_t number = at + kAfter.size();
    const size_t unit = text->find_first_not_of("0123456789", number);
    if (unit == number || unit == std::string::npos) continue;
    for (const std::string_view word : {" milliseconds", " ms"}) {
      if (text->compare(unit, word.size(), word) != 0) continue;
      text->erase(at, unit + word.size() - at);
      break;
    }
  }
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
  if (Status status = CheckRequest(request); !status.ok()) return status;
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
  SetMethod();
  SetConnectionOptions(easy_, endpoint);
  SetTlsOptions(easy_, *endpoint.config, *credential_);
  SetProtocol(endpoint);
  last_activity = Clock::now();
  return Status();
}

// The body stays in `request`: libcurl reads it there, again if there is a second attempt.
void Transfer::SetMethod() {
  if (request.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool may_have_body =
      request.method != "GET" && request.method != "DELETE" && request.method != "OPTIONS";
  if (may_have_body || !request.body.empty()) {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (request.method != "GET" || !request.body.empty())
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

bool Transfer::SetHeaders(const Endpoint& endpoint) {
  bool complete = true;
  // libcurl takes "Name:" for the wish to send no such header, and "Name;" for an empty one.
  const auto add = [&](const std::string& name, const std::string& value) {
    const bool blank = Trim(value).empty();
    complete = Append(&headers_, blank ? name + ";" : name + ": " + value) && complete;
  };
  const auto add_if = [&](const char* name, const std::string& value) {
    if (!value.empty()) add(name, value);
  };
  add_if("Accept", request.accept);
  add_if("If-None-Match", request.if_none_match);
  add_if("Content-Type", request.content_type);
  add_if("Authorization", credential_->authorization);
  for (const auto& [name, value] : request.headers) add(name, value);
  for (const std::string& header : endpoint.headers)
    complete = Append(&headers_, header) && complete;
  // Neither a type that libcurl makes up for a body nor a round trip before it.
  const bool has_type =
      !request.content_type.empty() ||
      std::any_of(request.headers.begin(), request.headers.end(), [](const auto& field) {
        return EqualsIgnoringCase(field.first, "content-type");
      });
  if (!has_type) complete = Append(&headers_, "Content-Type:") && complete;
  complete = Append(&headers_, "Expect:") && complete;
  if (!endpoint.connect_to.empty())
    complete = Append(&connect_to_, endpoint.connect_to) && complete;
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy_, CURLOPT_HEADEROPT,
                   static_cast<long>(CURLHEADER_SEPARATE));  // A proxy sees none of them.
  curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
  return complete;
}

// A response that is paused must hold up no other, as it would on one connection.
void Transfer::SetProtocol(const Endpoint& endpoint) {
  const bool streams = !request.own_connection && endpoint.base_url.starts_with("https:");
  curl_easy_setopt(
      easy_, CURLOPT_HTTP_VERSION,
      static_cast<long>(request.own_connection ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  // A second stream of a connection rather than a second connection. Without TLS there are no
  // streams, and libcurl would wait for the first response to find that out.
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, streams ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE,
                   request.long_lived ? kSmallBufferBytes : kBufferBytes);
  curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
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
    head_.headers.emplace_back(name, value);
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
  EraseDurations(&cause);
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

#include "kube/resource_streams.h"

#include <string>
#include <utility>

namespace pedia::kube {
namespace {

constexpr size_t kMaxErrorBody = 64 << 10;

void KeepErrorBody(std::string_view bytes, std::string* body) {
  body->append(bytes.substr(0, kMaxErrorBody - body->size()));
}

char SeparatorAfter(std::string_view collection) {
  return collection.find('?') == std::string_view::npos ? '?' : '&';
}

Status FailureOf(const ResponseHead& head, std::string_view body) {
  Status status = StatusFromResponse(head.code, body, head.retry_after_seconds);
  return status.ok() ? ServiceUnavailable("unexpected answer, code " + std::to_string(head.code))
                     : status;
}

}  // namespace

std::string EscapeQueryValue(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

std::string ListPath(std::string_view collection, int64_t limit, std::string_view continue_token) {
  std::string path(collection);
  if (limit <= 0) return path;
  path.push_back(SeparatorAfter(collection));
  path.append("limit=").append(std::to_string(limit));
  if (!continue_token.empty()) path.append("&continue=").append(EscapeQueryValue(continue_token));
  return path;
}

Request WatchRequest(std::string_view collection, std::string_view resource_version,
                     std::chrono::seconds timeout, std::chrono::milliseconds grace) {
  Request request;
  request.path_and_query =
      std::string(collection) + SeparatorAfter(collection) +
      "watch=1&allowWatchBookmarks=true&resourceVersion=" + EscapeQueryValue(resource_version) +
      "&timeoutSeconds=" + std::to_string(timeout.count());
  // Without a limit of the whole it has no part in the room of short requests.
  request.timeout = std::chrono::milliseconds(0);
  request.idle_timeout = timeout + grace;
  request.long_lived = true;
  return request;
}

ListPageHandler::ListPageHandler(Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      parser_([this](std::string_view item) { callbacks_.item(item); }) {}

void ListPageHandler::OnHead(const ResponseHead& head) { head_ = head; }

Flow ListPageHandler::OnData(std::string_view bytes) {
  if (const Flow flow = callbacks_.gate(); flow != Flow::kContinue) return flow;
  if (head_.code != 200) {
    KeepErrorBody(bytes, &error_body_);
    return Flow::kContinue;
  }
  malformed_ = parser_.Feed(bytes);
  return malformed_.ok() ? Flow::kContinue : Flow::kAbort;
}

Status ListPageHandler::FinishPage(const Status& transport) {
  if (!malformed_.ok()) return malformed_;
  if (!transport.ok()) return transport;
  if (head_.code != 200) return FailureOf(head_, error_body_);
  malformed_ = parser_.Finish();
  if (malformed_.ok() &&
      (!parser_.kind().ends_with("List") || parser_.resource_version().empty())) {
    malformed_ = BadRequest("the answer is no list");
  }
  return malformed_;
}

void ListPageHandler::OnDone(const Status& status) {
  ListPageEnd end;
  end.status = FinishPage(status);
  end.code = head_.code;
  end.malformed = !malformed_.ok();
  if (end.status.ok()) {
    end.resource_version = parser_.resource_version();
    end.continue_token = parser_.continue_token();
    end.remaining = parser_.remaining_item_count();
  }
  callbacks_.done(end);
}

void WatchHandler::OnHead(const ResponseHead& head) {
  head_ = head;
  if (head.code == 200) callbacks_.started();
}

Flow WatchHandler::OnData(std::string_view bytes) {
  if (const Flow flow = callbacks_.gate(); flow != Flow::kContinue) return flow;
  if (head_.code != 200) {
    KeepErrorBody(bytes, &error_body_);
    return Flow::kContinue;
  }
  bool wanted = true;
  malformed_ = parser_.Feed(
      bytes, [&](const WatchEvent& event) { return wanted = callbacks_.event(event); });
  return malformed_.ok() && wanted ? Flow::kContinue : Flow::kAbort;
}

void WatchHandler::OnDone(const Status& status) {
  StreamEnd end;
  end.code = head_.code;
  end.malformed = !malformed_.ok();
  if (!malformed_.ok()) {
    end.status = malformed_;
  } else if (!status.ok()) {
    end.status = status;
  } else if (head_.code != 200) {
    end.status = FailureOf(head_, error_body_);
  } else if (parser_.HasPartialLine()) {
    end.status = BadRequest("the watch ended within an event");
    end.malformed = true;
  }
  callbacks_.done(end);
}

}  // namespace pedia::kube

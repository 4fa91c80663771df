// The two kinds of response that reflectors and informers read: one page of a list, and a watch;
// bytes in, items and events out. Source: Kubernetes API concepts (list chunking, watch).
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "kube/client.h"
#include "kube/list_parser.h"
#include "kube/watch_parser.h"
#include "meta/status.h"

namespace pedia::kube {

// `text` as a value in a query: "app=x" becomes "app%3Dx". Pure.
std::string EscapeQueryValue(std::string_view text);

// Path and query of a page: "/api/v1/pods?limit=500&continue=x". `collection`: "/api/v1/pods", a
// query with selectors may follow. limit 0: all in one; continue_token "": the first page. Pure.
std::string ListPath(std::string_view collection, int64_t limit, std::string_view continue_token);
// A watch with bookmarks that the server is to end after `timeout`, and that is over anyway when no
// byte has come for `grace` longer than that. Pure.
Request WatchRequest(std::string_view collection, std::string_view resource_version,
                     std::chrono::seconds timeout, std::chrono::milliseconds grace);

// How a response ended. `status` is the first thing that went wrong: the member's own Status, what
// was malformed, or the transport's error; details carry Retry-After.
struct StreamEnd {
  Status status;
  int code = 0;            // HTTP; 0 = no answer.
  bool malformed = false;  // The answer came and could not be read.
};

struct ListPageEnd : StreamEnd {
  std::string resource_version;
  std::string continue_token;
  std::string remaining;  // Digits or "".
};

// Asked before bytes are read: kPause while the receiver has no room, kAbort if nobody wants them
// any more.
using FlowGate = std::function<Flow()>;

// A page is well only if it was complete, of a kind "...List", and carried a resourceVersion: what
// some proxy answers in a member's place must never pass for an empty list.
class ListPageHandler : public ResponseHandler {
 public:
  struct Callbacks {
    FlowGate gate;
    std::function<void(std::string_view item)> item;
    std::function<void(const ListPageEnd&)> done;
  };
  explicit ListPageHandler(Callbacks callbacks);

  void OnHead(const ResponseHead& head) override;
  Flow OnData(std::string_view bytes) override;
  void OnDone(const Status& status) override;

 private:
  Status FinishPage(const Status& transport);

  Callbacks callbacks_;
  ListParser parser_;
  ResponseHead head_;
  std::string error_body_;
  Status malformed_;
};

class WatchHandler : public ResponseHandler {
 public:
  struct Callbacks {
    FlowGate gate;
    std::function<void()> started;                       // The member has accepted the watch.
    std::function<bool(const WatchEvent& event)> event;  // False ends the watch.
    std::function<void(const StreamEnd&)> done;
  };
  explicit WatchHandler(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  void OnHead(const ResponseHead& head) override;
  Flow OnData(std::string_view bytes) override;
  void OnDone(const Status& status) override;

 private:
  Callbacks callbacks_;
  WatchParser parser_;
  ResponseHead head_;
  std::string error_body_;
  Status malformed_;
};

}  // namespace pedia::kube

// Recording: what a ResponseHandler was told, readable from the test's thread while it grows.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "kube/client.h"

namespace pedia::kube {

// Thread-safe.
class Recording {
 public:
  // Waits for OnDone. Fails with InternalError after a minute.
  Status WaitDone() {
    WaitFor([](const Recording& r) { return r.done_.has_value(); });
    std::scoped_lock lock(mutex_);
    return done_ ? *done_ : InternalError("OnDone did not come");
  }
  bool WaitForBytes(size_t count) {
    return WaitFor([count](const Recording& r) { return r.body_.size() >= count; });
  }
  bool WaitForHead() {
    return WaitFor([](const Recording& r) { return r.heads_ > 0; });
  }
  bool WaitForPause() {
    return WaitFor([](const Recording& r) { return r.pauses_ > 0; });
  }
  std::string body() const { return Get(&Recording::body_); }
  ResponseHead head() const { return Get(&Recording::head_); }
  int heads() const { return Get(&Recording::heads_); }
  int dones() const { return Get(&Recording::dones_); }
  int after_done() const { return Get(&Recording::after_done_); }

  // Decides what OnData answers; called on the loop's thread without the lock. Set before the
  // start.
  std::function<Flow(std::string_view)> flow;
  std::function<void(const Status&)> on_done;

 private:
  friend class RecordingHandler;

  template <typename T>
  T Get(T Recording::*member) const {
    std::scoped_lock lock(mutex_);
    return this->*member;
  }
  bool WaitFor(const std::function<bool(const Recording&)>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] {
      return condition(*this) || done_;
    }) && condition(*this);
  }
  // At the start of a callback: none may come after OnDone.
  template <typename F>
  void Change(F&& f) {
    ChangeQuietly([&] {
      if (done_) ++after_done_;
      f();
    });
  }
  template <typename F>
  void ChangeQuietly(F&& f) {
    {
      std::scoped_lock lock(mutex_);
      f();
    }
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  ResponseHead head_;
  std::string body_;
  std::optional<Status> done_;
  int heads_ = 0, dones_ = 0, pauses_ = 0, after_done_ = 0;
};

class RecordingHandler : public ResponseHandler {
 public:
  explicit RecordingHandler(std::shared_ptr<Recording> recording)
      : recording_(std::move(recording)) {}
  void OnHead(const ResponseHead& head) override {
    recording_->Change([&] {
      recording_->head_ = head;
      ++recording_->heads_;
    });
  }
  Flow OnData(std::string_view bytes) override {
    recording_->Change([] {});
    const Flow flow = recording_->flow ? recording_->flow(bytes) : Flow::kContinue;
    recording_->ChangeQuietly([&] {
      if (flow == Flow::kContinue) recording_->body_.append(bytes);
      if (flow == Flow::kPause) ++recording_->pauses_;
    });
    return flow;
  }
  void OnDone(const Status& status) override {
    if (recording_->on_done) recording_->on_done(status);
    recording_->Change([&] {
      recording_->done_ = status;
      ++recording_->dones_;
    });
  }

 private:
  std::shared_ptr<Recording> recording_;
};

inline std::shared_ptr<Recording> StartRecorded(Client& client, Request request,
                                                Client::RequestId* id = nullptr) {
  auto recording = std::make_shared<Recording>();
  const Client::RequestId started =
      client.Start(std::move(request), std::make_unique<RecordingHandler>(recording));
  if (id != nullptr) *id = started;
  return recording;
}

// Get(), as a blocking call.
inline Result<Client::Document> GetDocument(Client& client, Request request,
                                            size_t max_bytes = 64 << 20) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Result<Client::Document>> result;
  client.Get(
      std::move(request),
      [&](Result<Client::Document> document) {
        std::scoped_lock lock(mutex);
        result = std::move(document);
        changed.notify_all();
      },
      max_bytes);
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return result.has_value(); });
  return *std::move(result);
}

inline Request MakeRequest(std::string path,
                           std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
  Request request;
  request.path_and_query = std::move(path);
  request.timeout = timeout;
  return request;
}

}  // namespace pedia::kube

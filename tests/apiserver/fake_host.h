// FakeHost: a management cluster that reviews tokens and access and has one ConfigMap. It counts
// what it is asked, and can be out of order.
#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "apiserver/http_server.h"
#include "kube/client.h"
#include "kube/event_loop.h"

namespace pedia::apiserver {

// Thread-safe.
class FakeHost {
 public:
  enum class Mode {
    kWell,
    kForbids,    // 403, as if pedia itself had no rights.
    kFails,      // 500
    kHangsUp,    // Closes each connection.
    kSaysWrong,  // 200 with something else.
  };

  FakeHost();
  ~FakeHost();

  // `status`: of the TokenReview, as JSON: {"authenticated":true,"user":{"username":"jane"}}.
  void SetToken(const std::string& token, const std::string& status);
  // Whether a SubjectAccessReview (its JSON) is allowed. Nobody is, at first.
  void SetAccess(std::function<bool(const std::string& review)> allowed);
  // Creates or changes it; {"client-ca-file", "-----BEGIN..."}.
  void SetConfigMap(const std::map<std::string, std::string>& data);
  void SetMode(Mode mode);
  void FailOnce() {
    Locked([this] { failures_ = 1; });
  }  // 500, then well again.
  // From now on reviews wait until so many are waiting.
  void WaitForCompany(size_t count) {
    Locked([&] { company_ = count; });
  }

  kube::Client& client() { return *client_; }
  int token_reviews();
  int access_reviews();
  std::string last_review();  // Its JSON.

 private:
  void Handle(const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response);
  void Review(const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response);
  void ServeConfigMap(const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response);
  std::string ConfigMap() const;
  void Locked(const std::function<void()>& change) {
    const std::scoped_lock lock(mutex_);
    change();
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Mode mode_ = Mode::kWell;
  int failures_ = 0;
  size_t company_ = 0, waiting_ = 0;
  std::map<std::string, std::string> tokens_;
  std::function<bool(const std::string&)> allowed_;
  std::map<std::string, std::string> config_map_;  // Empty: there is none.
  int version_ = 1;
  std::vector<std::shared_ptr<ResponseWriter>> watches_;
  int token_reviews_ = 0, access_reviews_ = 0;
  std::string last_review_;
  kube::EventLoop loop_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<kube::Client> client_;
};

}  // namespace pedia::apiserver

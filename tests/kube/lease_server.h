// LeaseServer: the part of a kube-apiserver that Leases need, over HTTP: versions, conflicts, lists
// by label, and what can go wrong when a test says so.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kube/event_loop.h"
#include "kube/rest_config.h"
#include "tests/kube/raw_server.h"

namespace pedia::kube {

inline bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// Stops a loop's thread, as a stop signal does a process, from construction to destruction.
class PausedLoop {
 public:
  explicit PausedLoop(EventLoop& loop) {
    loop.Post([this] {
      std::unique_lock lock(mutex_);
      paused_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return resumed_; });
      paused_ = false;
      changed_.notify_all();
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return paused_; });
  }
  ~PausedLoop() {
    std::unique_lock lock(mutex_);
    resumed_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !paused_; });
  }
  PausedLoop(const PausedLoop&) = delete;
  PausedLoop& operator=(const PausedLoop&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool paused_ = false, resumed_ = false;
};

// Thread-safe. Plain HTTP.
class LeaseServer {
 public:
  using Json = nlohmann::json;
  // Called with the server's lock held, before a request is answered.
  using Hook = std::function<void(const std::string& method, const std::string& target)>;

  // By somebody else: writes the Lease, in a new version.
  void Put(const std::string& name, const Json& spec, const Json& labels = Json::object()) {
    std::scoped_lock lock(mutex_);
    Json& lease = leases_[name];
    lease["metadata"]["name"] = name;
    if (!labels.empty()) lease["metadata"]["labels"] = labels;
    lease["spec"] = spec;
    Touch(lease);
  }
  void Delete(const std::string& name) {
    std::scoped_lock lock(mutex_);
    leases_.erase(name);
  }
  // Null if there is none.
  Json Get(const std::string& name) {
    std::scoped_lock lock(mutex_);
    return leases_.contains(name) ? leases_[name] : Json();
  }
  std::string HolderOf(const std::string& name) {
    const Json lease = Get(name);
    return lease.is_null() ? "" : lease["spec"]["holderIdentity"].get<std::string>();
  }
  std::vector<std::string> names() {
    std::scoped_lock lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, lease] : leases_) names.push_back(name);
    return names;
  }

  // Connections end without an answer.
  void SetDown(bool down) { Set(down_, down); }
  // Requests are not answered until it is over.
  void SetHanging(bool hanging) { Set(hanging_, hanging); }
  // What is answered, with code 200, to requests with this method, in the place of the truth.
  void Answer(const std::string& method, std::optional<std::string> body) {
    std::scoped_lock lock(mutex_);
    answers_[method] = std::move(body);
  }
  void SetHook(Hook hook) {
    std::scoped_lock lock(mutex_);
    hook_ = std::move(hook);
  }
  // For hooks.
  Json& lease(const std::string& name) { return leases_[name]; }
  void Touch(Json& lease) { lease["metadata"]["resourceVersion"] = std::to_string(++version_); }

  // How many requests of this method had arrived.
  int Count(const std::string& method) {
    std::scoped_lock lock(mutex_);
    return counts_[method];
  }
  // The holders that clients have written, one for each write that succeeded.
  std::vector<std::string> writers() {
    std::scoped_lock lock(mutex_);
    return writers_;
  }
  RestConfig config() const {
    RestConfig config;
    config.server = server_.url();
    return config;
  }

  ~LeaseServer() { SetHanging(false); }

 private:
  struct Reply {
    int code;
    std::string body;
  };

  void Set(bool& flag, bool value) {
    {
      std::scoped_lock lock(mutex_);
      flag = value;
    }
    changed_.notify_all();
  }

  static Reply Failure(int code, const std::string& reason) {
    return {code, Json{{"kind", "Status"},
                       {"status", "Failure"},
                       {"reason", reason},
                       {"message", reason},
                       {"code", code}}
                      .dump()};
  }

  void Serve(const RawConnection& connection) {
    std::string header;
    while (!(header = connection.ReadHeader()).empty()) {
      std::string body(BodyLength(header), '\0');
      if (!body.empty() && recv(connection.fd(), body.data(), body.size(), MSG_WAITALL) !=
                               static_cast<ssize_t>(body.size()))
        return;
      const std::string method = header.substr(0, header.find(' '));
      const std::string target =
          header.substr(method.size() + 1, header.find(" HTTP/") - method.size() - 1);
      std::unique_lock lock(mutex_);
      ++counts_[method];
      changed_.wait(lock, [this] { return !hanging_; });
      if (down_) return;
      if (hook_) hook_(method, target);
      const Reply reply =
          answers_[method] ? Reply{200, *answers_[method]} : Handle(method, target, body);
      lock.unlock();
      connection.Send("HTTP/1.1 " + std::to_string(reply.code) +
                      " X\r\nContent-Type: application/json\r\nContent-Length: " +
                      std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body);
    }
  }
  static size_t BodyLength(const std::string& header) {
    const size_t at = header.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(header.substr(at + 16));
  }

  Reply Handle(const std::string& method, const std::string& target, const std::string& body) {
    const std::string collection = "/apis/coordination.k8s.io/v1/namespaces/ns/leases";
    const std::string path = target.substr(0, target.find('?'));
    if (!path.starts_with(collection)) return Failure(404, "NotFound");
    const bool named = path.size() > collection.size();
    const std::string name = named ? path.substr(collection.size() + 1) : "";
    const Json sent = Json::parse(body, nullptr, false);
    if (method == "POST") return Create(sent);
    if (!named) return List(target);
    const auto found = leases_.find(name);
    if (found == leases_.end()) return Failure(404, "NotFound");
    if (method == "GET") return {200, found->second.dump()};
    const Json version =
        method == "DELETE" ? sent.is_discarded() ? Json() : sent["preconditions"]["resourceVersion"]
                           : sent["metadata"]["resourceVersion"];
    if (!version.is_null() && version != found->second["metadata"]["resourceVersion"])
      return Failure(409, "Conflict");
    if (method == "PUT") return Store(name, sent, 200);
    leases_.erase(found);
    return {200, R"({"kind":"Status","status":"Success"})"};
  }
  Reply Create(const Json& sent) {
    const std::string name = sent["metadata"]["name"];
    return leases_.contains(name) ? Failure(409, "AlreadyExists") : Store(name, sent, 201);
  }
  Reply Store(const std::string& name, const Json& sent, int code) {
    if (sent["spec"]["leaseDurationSeconds"] < 1) return Failure(422, "Invalid");
    leases_[name] = sent;
    Touch(leases_[name]);
    writers_.push_back(sent["spec"]["holderIdentity"]);
    return {code, leases_[name].dump()};
  }
  // Of a label selector "key=value", with "/" and "=" escaped.
  Reply List(const std::string& target) {
    const std::string prefix = "?labelSelector=clusterpedia.io%2Flease-group%3D";
    const size_t at = target.find(prefix);
    if (at == std::string::npos) return Failure(400, "BadRequest");
    const std::string group = target.substr(at + prefix.size());
    Json items = Json::array();
    for (const auto& [name, lease] : leases_) {
      if (lease["metadata"].value("/labels/clusterpedia.io~1lease-group"_json_pointer, "") == group)
        items.push_back(lease);
    }
    return {200,
            Json{{"kind", "LeaseList"}, {"metadata", {{"resourceVersion", "1"}}}, {"items", items}}
                .dump()};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Json> leases_;
  std::map<std::string, std::optional<std::string>> answers_;
  std::map<std::string, int> counts_;
  std::vector<std::string> writers_;
  Hook hook_;
  int version_ = 10;
  bool down_ = false, hanging_ = false;
  RawServer server_{[this](const RawConnection& connection) { Serve(connection); }};
};

}  // namespace pedia::kube

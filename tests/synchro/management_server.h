// ManagementServer: the part of a kube-apiserver that a controller needs, over HTTP: collections that
// are listed and watched, merge patches with conflicts, objects that finalizers hold.
#pragma once
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kube/rest_config.h"
#include "tests/kube/raw_server.h"

namespace pedia::synchro {

// Thread-safe. A collection is named by its path.
class ManagementServer {
 public:
  using Json = nlohmann::json;

  ~ManagementServer() {
    Change([&] { ending_ = true; });
  }

  // Changes the object, or makes it.
  void Put(const std::string& collection, const std::string& name, const Json& members) {
    Change([&] {
      Json& object = collections_[collection][name];
      const bool added = object.is_null();
      object.merge_patch(members);
      object["metadata"]["name"] = name;
      Announce(collection, added ? "ADDED" : "MODIFIED", &object);
    });
  }
  // As a client's DELETE: it is only marked while a finalizer holds it. `force`: nothing holds it.
  void Delete(const std::string& collection, const std::string& name, bool force = false) {
    Change([&] {
      Json& object = collections_[collection].at(name);
      if (force) object["metadata"].erase("finalizers");
      object["metadata"]["deletionTimestamp"] = "2026-11-24T00:00:00Z";
      Settle(collection, name);
    });
  }
  // Null if there is none.
  Json Get(const std::string& collection, const std::string& name) const {
    std::scoped_lock lock(mutex_);
    const auto found = collections_.find(collection);
    if (found == collections_.end() || !found->second.contains(name)) return {};
    return found->second.at(name);
  }
  // The code of all answers to PATCH, 0 for the right ones.
  void FailPatches(int code) {
    Change([&] { patch_code_ = code; });
  }
  // The code of all answers to requests for a collection, 0 for the right ones.
  void Refuse(const std::string& collection, int code) {
    Change([&] { refused_[collection] = code; });
  }
  int patches() const {
    std::scoped_lock lock(mutex_);
    return patches_;
  }
  // Until `condition` is true of the object (null if there is none).
  bool WaitFor(const std::string& collection, const std::string& name,
               const std::function<bool(const Json&)>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] {
      const Json& objects = collections_[collection];
      return condition(objects.contains(name) ? objects[name] : Json());
    });
  }
  kube::RestConfig config() const {
    kube::RestConfig config;
    config.server = server_.url();
    return config;
  }

 private:
  struct Event {
    std::string collection, line;
    int version;
  };

  template <typename F>
  void Change(F&& f) {
    {
      std::scoped_lock lock(mutex_);
      f();
    }
    changed_.notify_all();
  }
  void Announce(const std::string& collection, const char* type, Json* object) {
    (*object)["metadata"]["resourceVersion"] = std::to_string(++version_);
    events_.push_back({collection, Json{{"type", type}, {"object", *object}}.dump(), version_});
  }
  // Announces a change, or the end of what nothing holds any more.
  void Settle(const std::string& collection, const std::string& name) {
    Json& object = collections_[collection][name];
    const Json& metadata = object["metadata"];
    const bool held = metadata.contains("finalizers") && !metadata["finalizers"].empty();
    const bool gone = metadata.contains("deletionTimestamp") && !held;
    Announce(collection, gone ? "DELETED" : "MODIFIED", &object);
    if (gone) collections_[collection].erase(name);
  }

  static std::string Response(int code, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(code) +
           " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  void Serve(const kube::RawConnection& connection) {
    std::string header;
    while (!(header = connection.ReadHeader()).empty()) {
      const size_t space = header.find(' ');
      const std::string method = header.substr(0, space);
      const std::string target = header.substr(space + 1, header.find(" HTTP/") - space - 1);
      const std::string path = target.substr(0, target.find('?'));
      std::string body;
      const size_t at = header.find("Content-Length: ");
      size_t left = at == std::string::npos ? 0 : std::stoul(header.substr(at + 16));
      for (char byte; left > 0 && recv(connection.fd(), &byte, 1, 0) == 1; --left)
        body.push_back(byte);
      if (method == "PATCH") {
        connection.Send(Patch(path, body));
      } else if (target.find("watch=1") != std::string::npos) {
        return Watch(connection, path, target);
      } else {
        connection.Send(List(path));
      }
    }
  }

  std::string Patch(std::string path, const std::string& body) {
    std::string answer;
    Change([&] {
      ++patches_;
      if (patch_code_ != 0) return void(answer = Response(patch_code_, "{}"));
      const bool status = path.ends_with("/status");
      if (status) path.resize(path.size() - 7);
      const size_t slash = path.rfind('/');
      const std::string collection = path.substr(0, slash), name = path.substr(slash + 1);
      Json& objects = collections_[collection];
      if (!objects.contains(name)) return void(answer = Response(404, "{}"));
      Json patch = Json::parse(body);
      Json& object = objects[name];
      const Json wanted = patch.value(Json::json_pointer("/metadata/resourceVersion"), Json());
      if (!wanted.is_null() && wanted != object["metadata"]["resourceVersion"])
        return void(answer = Response(409, R"({"reason":"Conflict","code":409})"));
      patch.erase(status ? "metadata" : "status");
      object.merge_patch(patch);
      const Json after = object;
      Settle(collection, name);
      answer = Response(200, objects.contains(name) ? objects[name].dump() : after.dump());
    });
    return answer;
  }

  std::string List(const std::string& path) {
    std::scoped_lock lock(mutex_);
    if (const int code = refused_[path]; code != 0) {
      return Response(code, Json{{"kind", "Status"}, {"code", code}}.dump());
    }
    Json list = {{"kind", "List"},
                 {"apiVersion", "v1"},
                 {"metadata", {{"resourceVersion", std::to_string(version_)}}},
                 {"items", Json::array()}};
    for (const auto& [name, object] : collections_[path].items()) list["items"].push_back(object);
    return Response(200, list.dump());
  }

  void Watch(const kube::RawConnection& connection, const std::string& path,
             const std::string& target) {
    const size_t at = target.find("resourceVersion=");
    int version = std::stoi(target.substr(at + 16));
    connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::unique_lock lock(mutex_);
    for (size_t next = 0; !ending_;) {
      if (next == events_.size()) {
        changed_.wait(lock);
        continue;
      }
      const Event& event = events_[next++];
      if (event.collection != path || event.version <= version) continue;
      char size[32];
      std::snprintf(size, sizeof size, "%zx\r\n", event.line.size() + 1);
      connection.Send(size + event.line + "\n\r\n");
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Json> collections_;
  std::map<std::string, int> refused_;
  std::vector<Event> events_;
  int version_ = 10, patch_code_ = 0, patches_ = 0;
  bool ending_ = false;
  kube::RawServer server_{[this](const kube::RawConnection& connection) { Serve(connection); }};
};

}  // namespace pedia::synchro

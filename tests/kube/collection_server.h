// CollectionServer: the part of a kube-apiserver that one collection needs: lists in pages, watches
// from a resourceVersion on, and all that can go wrong with them when a test says so.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "kube/rest_config.h"
#include "tests/kube/raw_server.h"

namespace pedia::kube {

// Thread-safe. Plain HTTP; objects are named "namespace/name" or "name".
class CollectionServer {
 public:
  ~CollectionServer() {
    Change([&] { down_ = true; });
  }

  // `spec` may go on with more members: {"a":1},"status":{}
  void Put(const std::string& key, const std::string& spec = "{}") {
    Change([&] {
      const char* type = objects_.contains(key) ? "MODIFIED" : "ADDED";
      objects_[key] = Object(key, spec, ++version_);
      AddEvent(type, objects_[key]);
    });
  }
  void Delete(const std::string& key) {
    Change([&] {
      objects_.erase(key);
      AddEvent("DELETED", Object(key, "{}", ++version_));
    });
  }
  void Bookmark() {
    Change([&] {
      AddEvent("BOOKMARK",
               R"({"metadata":{"resourceVersion":")" + std::to_string(++version_) + "\"}}");
    });
  }
  // One line, as it is, to all watches that are open.
  void SendLine(const std::string& line) {
    Change([&] { events_.push_back({version_, line}); });
  }
  // Ends the watches that are open.
  void EndWatches() {
    Change([&] { ++watch_generation_; });
  }
  // Forgets all events, as etcd's compaction does: who is behind gets 410.
  void Compact() {
    Change([&] {
      ++version_;
      oldest_ = version_;
      events_.clear();
      ++watch_generation_;
    });
  }
  // Closes all connections at once, those that are open too.
  void SetDown(bool down) {
    Change([&] { down_ = down; });
  }
  // Every page but the first of a list is 410.
  void ExpirePages(bool expire) {
    Change([&] { expire_pages_ = expire; });
  }
  // Whole responses in the place of lists or watches; "" = none.
  void AnswerLists(const std::string& response) {
    Change([&] { list_answer_ = response; });
  }
  void AnswerWatches(const std::string& response) {
    Change([&] { watch_answer_ = response; });
  }
  static std::string Response(int code, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(code) +
           " X\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  bool WaitForRequests(std::string_view part, size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return Count(part) >= count; });
  }
  bool WaitForWatches(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return watches_ == count; });
  }
  // Until so many watches were begun, whether they are still open or not.
  bool WaitForBegunWatches(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return begun_ >= count; });
  }
  // How many requests had `part` in their target.
  size_t CountRequests(std::string_view part) {
    std::scoped_lock lock(mutex_);
    return Count(part);
  }
  std::vector<std::string> targets() {
    std::scoped_lock lock(mutex_);
    return targets_;
  }
  RestConfig config() const {
    RestConfig config;
    config.server = server_.url();
    return config;
  }

 private:
  struct Event {
    int version;
    std::string line;
  };

  template <typename F>
  void Change(F&& f) {
    {
      std::scoped_lock lock(mutex_);
      f();
    }
    changed_.notify_all();
  }
  size_t Count(std::string_view part) const {
    size_t count = 0;
    for (const std::string& target : targets_) count += target.find(part) != std::string::npos;
    return count;
  }
  void AddEvent(const std::string& type, const std::string& object) {
    events_.push_back({version_, R"({"type":")" + type + R"(","object":)" + object + "}"});
  }
  static std::string Object(const std::string& key, const std::string& spec, int version) {
    const size_t slash = key.find('/');
    const std::string name = slash == std::string::npos ? key : key.substr(slash + 1);
    const std::string space =
        slash == std::string::npos ? "" : R"("namespace":")" + key.substr(0, slash) + "\",";
    return R"({"metadata":{)" + space + R"("name":")" + name + R"(","resourceVersion":")" +
           std::to_string(version) + R"("},"spec":)" + spec + "}";
  }
  // The value of a query parameter.
  static std::string Parameter(const std::string& target, const std::string& name) {
    const size_t at = target.find(name + "=");
    if (at == std::string::npos) return "";
    const size_t start = at + name.size() + 1;
    return target.substr(start, target.find('&', start) - start);
  }

  void Serve(const RawConnection& connection) {
    std::string header;
    while (!(header = connection.ReadHeader()).empty()) {
      const std::string target = header.substr(4, header.find(" HTTP/") - 4);
      Change([&] { targets_.push_back(target); });
      {
        std::scoped_lock lock(mutex_);
        if (down_) return;
      }
      const bool watch = target.find("watch=1") != std::string::npos;
      if (!(watch ? ServeWatch(connection, target) : ServeList(connection, target))) return;
    }
  }

  // False: the connection is over.
  bool ServeList(const RawConnection& connection, const std::string& target) {
    std::unique_lock lock(mutex_);
    std::string response = list_answer_;
    if (expire_pages_ && target.find("continue=") != std::string::npos)
      response = Response(410, "{}");
    if (response.empty()) {
      const std::string limit = Parameter(target, "limit");
      size_t left = limit.empty() ? objects_.size() : std::stoul(limit);
      std::string items;
      std::string next;
      for (auto at = objects_.upper_bound(Parameter(target, "continue")); at != objects_.end();
           ++at) {
        if (left-- == 0) break;
        if (!items.empty()) items += ",";
        items += at->second;
        next = std::next(at) == objects_.end() ? "" : at->first;
      }
      response = Response(200, R"({"kind":"ThingList","metadata":{"resourceVersion":")" +
                                   std::to_string(version_) + R"(","continue":")" + next +
                                   R"("},"items":[)" + items + "]}");
    }
    lock.unlock();
    connection.Send(response);
    return response.find("Content-Length") != std::string::npos;
  }

  bool ServeWatch(const RawConnection& connection, const std::string& target) {
    const int from = std::stoi(Parameter(target, "resourceVersion"));
    std::unique_lock lock(mutex_);
    if (!watch_answer_.empty()) {
      connection.Send(watch_answer_);
      return false;
    }
    const bool late = from < oldest_;
    connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const int generation = watch_generation_;
    size_t at = 0;
    while (at < events_.size() && events_[at].version <= from) ++at;
    ++watches_;
    ++begun_;
    changed_.notify_all();
    if (late) {
      SendChunk(
          connection,
          R"({"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","code":410,"message":"too old"}})");
    }
    while (!late && !down_ && generation == watch_generation_) {
      if (at == events_.size()) {
        changed_.wait(lock);
        continue;
      }
      SendChunk(connection, events_[at++].line);
    }
    --watches_;
    changed_.notify_all();
    if (!down_) connection.Send("0\r\n\r\n");
    return !down_;
  }
  static void SendChunk(const RawConnection& connection, const std::string& line) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", line.size() + 1);
    connection.Send(size + line + "\n\r\n");
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> objects_;
  std::vector<Event> events_;
  std::vector<std::string> targets_;
  std::string list_answer_, watch_answer_;
  int version_ = 10, oldest_ = 0, watch_generation_ = 0;
  size_t watches_ = 0, begun_ = 0;
  bool down_ = false, expire_pages_ = false;
  RawServer server_{[this](const RawConnection& connection) { Serve(connection); }};
};

}  // namespace pedia::kube

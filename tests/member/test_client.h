// A small HTTP client for the simulator's tests: whole answers, and watches that collect their
// lines.
#pragma once
#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/member/member_server.h"

namespace pedia::member {

struct Answer {
  CURLcode error = CURLE_OK;  // CURLE_OK only if the body is complete.
  long code = 0;
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body;
};

enum class Credential { kToken, kCertificate, kWrongToken, kNone };

struct RequestOptions {
  std::string method = "GET";
  std::string body = {};
  std::string accept = "application/json";
  std::vector<std::string> headers = {};
  Credential credential = Credential::kToken;
  long timeout_ms = 20'000;
  std::function<bool(const std::string& bytes)> sink =
      {};  // Instead of Answer::body; false breaks off.
};

Answer Fetch(const MemberServer& server, const std::string& path,
             const RequestOptions& options = {});

// One running watch on a thread of its own. Destroying it closes the connection.
class WatchClient {
 public:
  WatchClient(const MemberServer& server, const std::string& path);
  ~WatchClient();

  // Waits until `count` whole lines have come, or the stream has ended, or 10 s are over.
  std::vector<std::string> WaitForLines(size_t count);
  // Waits until `enough(lines)`, as above.
  std::vector<std::string> WaitUntil(
      const std::function<bool(const std::vector<std::string>&)>& enough);
  Answer WaitForEnd();  // Body: what came after the last whole line.
  bool ended();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::string rest_;
  bool ended_ = false;
  Answer answer_;
  std::atomic<bool> stop_ = false;
  std::jthread thread_;
};

}  // namespace pedia::member

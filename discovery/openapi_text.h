// Writing parts of OpenAPI documents as JSON text.
#pragma once
#include <string>
#include <string_view>

namespace pedia::discovery {

// Appends the members of one JSON object to a text.
class ObjectText {
 public:
  explicit ObjectText(std::string* out) : out_(out) {}

  // `raw_key`: as JsonReader gives it. The value is to be appended next.
  void Key(std::string_view raw_key) {
    out_->append(empty_ ? "{\"" : ",\"").append(raw_key).append("\":");
    empty_ = false;
  }
  void End() { out_->append(empty_ ? "{}" : "}"); }
  bool empty() const { return empty_; }

 private:
  std::string* out_;
  bool empty_ = true;
};

// `json` without the white space between its tokens.
void AppendCompactJson(std::string_view json, std::string* out);

// "api/v1" of "/api/v1/pods", "apis/apps/v1" of "/apis/apps/v1/deployments"; "" for other paths.
std::string_view GroupVersionPathOf(std::string_view path);
// Whether it is one of the deprecated paths "/api/v1/watch/...", which pedia does not serve.
bool IsWatchPath(std::string_view path);

}  // namespace pedia::discovery

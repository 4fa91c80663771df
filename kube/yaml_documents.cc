#include "kube/yaml_documents.h"

#include <yaml-cpp/yaml.h>

#include <charconv>

#include "meta/json_reader.h"

namespace pedia::kube {
namespace {

constexpr size_t kMaxText = 16 << 20;
constexpr size_t kMaxJson = 64 << 20;
constexpr int kMaxDepth = 100;

bool IsNumber(const std::string& text) {
  // What JSON calls a number is what JSON readers can take; everything else (0x1F, .inf, 1_000)
  // stays a string.
  return !text.empty() && text.find_first_not_of("+-0123456789.eE") == std::string::npos &&
         IsValidJson(text);
}

class Converter {
 public:
  // False: too deep or too large.
  bool Append(const YAML::Node& node, int depth) {
    if (depth > kMaxDepth || out_.size() > kMaxJson) return false;
    switch (node.Type()) {
      case YAML::NodeType::Map:
        return AppendMap(node, depth);
      case YAML::NodeType::Sequence:
        return AppendSequence(node, depth);
      case YAML::NodeType::Scalar:
        AppendScalar(node);
        return true;
      default:
        out_ += "null";
        return true;
    }
  }
  std::string TakeText() { return std::move(out_); }

 private:
  bool AppendMap(const YAML::Node& node, int depth) {
    out_ += '{';
    for (const auto& member : node) {
      if (out_.back() != '{') out_ += ',';
      AppendJsonString(member.first.IsScalar() ? member.first.Scalar() : std::string(), &out_);
      out_ += ':';
      if (!Append(member.second, depth + 1)) return false;
    }
    out_ += '}';
    return true;
  }
  bool AppendSequence(const YAML::Node& node, int depth) {
    out_ += '[';
    for (const auto& element : node) {
      if (out_.back() != '[') out_ += ',';
      if (!Append(element, depth + 1)) return false;
    }
    out_ += ']';
    return true;
  }
  void AppendScalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    const bool plain = node.Tag() == "?";  // Not quoted, no tag of its own.
    if (plain && (text == "true" || text == "True" || text == "TRUE")) {
      out_ += "true";
    } else if (plain && (text == "false" || text == "False" || text == "FALSE")) {
      out_ += "false";
    } else if (plain && (text.empty() || text == "~" || text == "null" || text == "Null" ||
                         text == "NULL")) {
      out_ += "null";
    } else if (plain && IsNumber(text)) {
      out_ += text;
    } else {
      AppendJsonString(text, &out_);
    }
  }

  std::string out_;
};

// yaml-cpp parses recursively: brackets nested too deep would exhaust the stack before we see a
// node.
bool NestsTooDeep(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') {
      if (++depth > 4 * kMaxDepth) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<std::vector<std::string>> YamlToJsonDocuments(std::string_view text) {
  if (text.size() > kMaxText) return BadRequest("the file is larger than 16 MB");
  if (NestsTooDeep(text)) return BadRequest("the document is nested too deep");
  std::vector<std::string> documents;
  try {
    for (const YAML::Node& node : YAML::LoadAll(std::string(text))) {
      if (node.IsNull()) continue;
      Converter converter;
      if (!converter.Append(node, 0))
        return BadRequest("the document is nested too deep, or its aliases make it too large");
      documents.push_back(converter.TakeText());
    }
  } catch (const YAML::Exception& error) {
    return BadRequest("line " + std::to_string(error.mark.line + 1) + ", column " +
                      std::to_string(error.mark.column + 1) + ": " + error.msg);
  } catch (const std::exception& error) {
    return BadRequest(std::string("not YAML: ") + error.what());
  }
  return documents;
}

}  // namespace pedia::kube

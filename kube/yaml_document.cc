#include "kube/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>

#include "meta/json_reader.h"

namespace pedia::kube {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kNodeBytes = 1;  // What a node counts for besides its text.

int Line(const YAML::Mark& mark) { return mark.line + 1; }

// Builds the tree from the parser's events, counting what aliases would expand to.
class TreeBuilder : public YAML::EventHandler {
 public:
  std::shared_ptr<const YamlNode> root() const { return root_; }
  const YAML::Mark& start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(mark, anchor, NewNode(mark, YamlNode::Kind::kNull), kNodeBytes);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag == "?";
    const bool null = plain && (value.empty() || value == "~" || value == "null" ||
                                value == "Null" || value == "NULL");
    auto node = NewNode(mark, null ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar);
    node->text = value;
    node->plain = plain;
    Add(mark, anchor, std::move(node), kNodeBytes + value.size());
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw YAML::ParserException(mark, "an alias inside the node that it names");
    Add(mark, 0, found->second.node, found->second.bytes);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    std::shared_ptr<YamlNode> node;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    size_t bytes;  // Aliases expanded.
    bool has_key;
    std::optional<std::string>
        key;  // Empty with has_key: a key that is not a scalar; its value is dropped.
  };
  struct Anchored {
    std::shared_ptr<const YamlNode> node;
    size_t bytes;
  };

  static std::shared_ptr<YamlNode> NewNode(const YAML::Mark& mark, YamlNode::Kind kind) {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = Line(mark);
    return node;
  }
  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (levels_.size() >= kMaxDepth) throw YAML::ParserException(mark, "nested too deeply");
    levels_.push_back({NewNode(mark, kind), mark, anchor, kNodeBytes, false, {}});
  }
  void Close() {
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    Add(level.mark, level.anchor, level.node, level.bytes);
  }
  void Add(const YAML::Mark& mark, YAML::anchor_t anchor, std::shared_ptr<const YamlNode> node,
           size_t bytes) {
    if (anchor != 0) anchors_[anchor] = {node, bytes};
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& parent = levels_.back();
    parent.bytes += bytes;
    if (parent.bytes > kMaxYamlBytes * 4)
      throw YAML::ParserException(mark, "aliases expand to too much");
    if (parent.node->kind == YamlNode::Kind::kSequence) {
      parent.node->elements.push_back(std::move(node));
    } else if (!parent.has_key) {
      parent.has_key = true;
      if (node->kind == YamlNode::Kind::kScalar) parent.key = node->text;
    } else {
      if (parent.key) parent.node->members.emplace_back(std::move(*parent.key), std::move(node));
      parent.has_key = false;
      parent.key.reset();
    }
  }

  YAML::Mark start_ = YAML::Mark::null_mark();
  std::shared_ptr<const YamlNode> root_ = std::make_shared<YamlNode>();
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, Anchored> anchors_;
};

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key && value->kind != Kind::kNull) return value.get();
  }
  return nullptr;
}

Result<std::vector<std::shared_ptr<const YamlNode>>> ParseYamlDocuments(std::string_view text) {
  if (text.size() > kMaxYamlBytes)
    return BadRequest("larger than " + std::to_string(kMaxYamlBytes >> 20) + " MB");
  if (text.find('\0') != std::string_view::npos) return BadRequest("it has NUL bytes");
  std::vector<std::shared_ptr<const YamlNode>> documents;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    int last_start = -1;
    while (parser) {
      TreeBuilder builder;
      if (!parser.HandleNextDocument(builder)) break;
      // At a token that cannot begin a document, such as ',', yaml-cpp gives empty ones for ever.
      if (builder.start().pos == last_start)
        throw YAML::ParserException(builder.start(), "unexpected text");
      last_start = builder.start().pos;
      if (builder.root()->kind != YamlNode::Kind::kNull) documents.push_back(builder.root());
    }
    return documents;
  } catch (const YAML::Exception& error) {
    return BadRequest("line " + std::to_string(error.mark.is_null() ? 1 : Line(error.mark)) + ": " +
                      error.msg);
  } catch (const std::exception&) {
    return BadRequest("it is not YAML");
  }
}

Result<std::shared_ptr<const YamlNode>> ParseYaml(std::string_view text) {
  auto documents = ParseYamlDocuments(text);
  if (!documents.ok()) return documents.status();
  return documents->empty() ? std::make_shared<const YamlNode>() : documents->front();
}

std::string FormatJson(const YamlNode& node) {
  std::string json;
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "null";
    case YamlNode::Kind::kScalar:
      return node.plain && !node.text.starts_with('"') && IsValidJson(node.text)
                 ? node.text
                 : JsonString(node.text);
    case YamlNode::Kind::kSequence:
      for (const auto& element : node.elements)
        json += (json.empty() ? "" : ",") + FormatJson(*element);
      return "[" + json + "]";
    case YamlNode::Kind::kMap:
      for (const auto& [key, value] : node.members) {
        json += (json.empty() ? "" : ",") + JsonString(key) + ":" + FormatJson(*value);
      }
      return "{" + json + "}";
  }
  return json;
}

}  // namespace pedia::kube

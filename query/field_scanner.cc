#include "query/field_scanner.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "meta/json_reader.h"
#include "query/typed_value.h"

namespace pedia::query {
namespace {

constexpr size_t kPathsPerTree = 64;
constexpr size_t kMaxSteps = 512;

}  // namespace

FieldTexts::Text& FieldTexts::Add() {
  if (size_ == texts_.size()) texts_.emplace_back();
  Text& text = texts_[size_++];
  text.is_decoded = false;
  return text;
}

// A tree of the steps that several paths have in common.
struct FieldScanner::Node {
  std::string name;            // If it is a member of its parent.
  size_t index = 0;            // If it is one element of its parent.
  std::vector<size_t> paths;   // That end here.
  std::vector<Node> members;   // By name; at most 64.
  std::vector<Node> elements;  // By index, ascending.
  std::unique_ptr<Node> any;   // Below every element.
  bool is_leaf() const { return members.empty() && elements.empty() && any == nullptr; }

  Node& Child(const FieldStep& step) {
    if (step.kind == FieldStep::Kind::kAnyElement) {
      if (any == nullptr) any = std::make_unique<Node>();
      return *any;
    }
    const bool is_member = step.kind == FieldStep::Kind::kMember;
    std::vector<Node>& children = is_member ? members : elements;
    auto at = std::find_if(children.begin(), children.end(), [&](const Node& child) {
      return is_member ? child.name == step.name : child.index >= step.index;
    });
    if (at != children.end() && (is_member || at->index == step.index)) return *at;
    at = children.emplace(at);
    at->name = step.name;
    at->index = step.index;
    return *at;
  }
};

// One scan of one text.
class FieldScanner::Pass {
 public:
  Pass(std::string_view text, std::vector<FieldTexts>* texts) : reader_(text), texts_(*texts) {}

  // Reads the value that stands next. `last`: nothing behind it is wanted, so that the pass may end
  // anywhere once `node` has all it can get.
  void Value(const Node& node, bool last) {
    if (node.is_leaf()) {
      Leaf(node);
      return;
    }
    if (!node.paths.empty()) {
      const std::string_view raw = Leaf(node);
      if (raw.size() > 1) Pass(raw, &texts_).Below(node, true);
      return;
    }
    Below(node, last);
  }

 private:
  void Below(const Node& node, bool last) {
    const JsonType type = reader_.Peek();
    if (type == JsonType::kObject && !node.members.empty()) {
      Object(node, last);
    } else if (type == JsonType::kArray && (node.any != nullptr || !node.elements.empty())) {
      Array(node, last);
    } else {
      reader_.Skip();
    }
  }

  void Object(const Node& node, bool last) {
    if (!reader_.BeginObject()) return;
    uint64_t wanted = ~uint64_t{0} >> (kPathsPerTree - node.members.size());
    for (std::string_view key; reader_.NextMember(&key);) {
      const int i = reader_.had_escapes() ? Find(node, DecodeJsonString(key), wanted)
                                          : Find(node, key, wanted);
      if (i < 0) {
        reader_.Skip();
        continue;
      }
      wanted &= ~(uint64_t{1} << i);
      Value(node.members[static_cast<size_t>(i)], last && wanted == 0);
      if (wanted != 0) continue;
      if (!last) reader_.SkipRest();
      return;
    }
  }

  void Array(const Node& node, bool last) {
    if (!reader_.BeginArray()) return;
    auto next = node.elements.begin();
    for (size_t i = 0; reader_.NextElement(); ++i) {
      const Node* element = nullptr;
      if (next != node.elements.end() && next->index == i) element = &*next++;
      if (node.any == nullptr) {
        const bool done = next == node.elements.end();
        if (element != nullptr) {
          Value(*element, last && done);
        } else {
          reader_.Skip();
        }
        if (!done) continue;
        if (!last) reader_.SkipRest();
        return;
      }
      if (element == nullptr) {
        Value(*node.any, false);
        continue;
      }
      const std::string_view raw = reader_.Skip();
      Pass(raw, &texts_).Value(*element, true);
      Pass(raw, &texts_).Value(*node.any, true);
    }
  }

  // Which of the `wanted` members has this key, or -1.
  static int Find(const Node& node, std::string_view key, uint64_t wanted) {
    for (; wanted != 0; wanted &= wanted - 1) {
      const int i = __builtin_ctzll(wanted);
      if (node.members[static_cast<size_t>(i)].name == key) return i;
    }
    return -1;
  }

  // Keeps the text of the value that stands next for the paths that end at `node`; gives its JSON.
  std::string_view Leaf(const Node& node) {
    const JsonType type = reader_.Peek();
    const std::string_view raw = reader_.Skip();
    if (!reader_.ok() || type == JsonType::kNull) return {};
    for (const size_t path : node.paths) {
      FieldTexts::Text& text = texts_[path].Add();
      text.view = raw;
      if (type != JsonType::kString) continue;
      text.view = raw.substr(1, raw.size() - 2);
      if (!reader_.had_escapes()) continue;
      DecodeJsonString(text.view, &text.decoded);
      text.is_decoded = true;
    }
    return raw;
  }

  JsonReader reader_;
  std::vector<FieldTexts>& texts_;
};

FieldScanner::FieldScanner(const std::vector<FieldPath>& paths) : paths_(paths.size()) {
  for (size_t begin = 0; begin < paths.size(); begin += kPathsPerTree) {
    auto root = std::make_unique<Node>();
    const size_t end = std::min(paths.size(), begin + kPathsPerTree);
    for (size_t i = begin; i < end; ++i) {
      // Documents are never nested deeper, and neither must the tree be.
      if (paths[i].steps.size() > kMaxSteps) continue;
      Node* node = root.get();
      for (const FieldStep& step : paths[i].steps) node = &node->Child(step);
      node->paths.push_back(i);
    }
    roots_.push_back(std::move(root));
  }
}

FieldScanner::~FieldScanner() = default;
FieldScanner::FieldScanner(FieldScanner&&) noexcept = default;
FieldScanner& FieldScanner::operator=(FieldScanner&&) noexcept = default;

void FieldScanner::Scan(std::string_view object, std::vector<FieldTexts>* texts) const {
  texts->resize(paths_);
  for (FieldTexts& found : *texts) found.size_ = 0;
  for (const auto& root : roots_) {
    if (!root->is_leaf()) Pass(object, texts).Value(*root, true);
  }
}

namespace {

// `order_key`: of requirement.values[0]; used by `>` and `<` only.
bool MatchesOrdered(const FieldRequirement& requirement, std::string_view order_key,
                    const FieldTexts& texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::optional<std::string> key = OrderKeyUnlessText(texts[i]);
    if (!key || key->front() != order_key.front()) continue;
    if (requirement.op == SelectorOperator::kGreaterThan ? *key > order_key : *key < order_key)
      return true;
  }
  return false;
}

bool MatchesAny(const FieldRequirement& requirement, const FieldTexts& texts) {
  const std::vector<std::string>& values = requirement.values;
  if (texts.empty()) return requirement.or_missing;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (std::find(values.begin(), values.end(), texts[i]) != values.end()) return true;
  }
  return false;
}

std::string OrderKeyOf(const FieldRequirement& requirement) {
  const bool ordered = requirement.op == SelectorOperator::kGreaterThan ||
                       requirement.op == SelectorOperator::kLessThan;
  if (!ordered || requirement.values.empty()) return "";
  // Nothing is greater or less than a text.
  return OrderKeyUnlessText(requirement.values[0]).value_or("");
}

bool MatchesWithKey(const FieldRequirement& requirement, std::string_view order_key,
                    const FieldTexts& texts) {
  switch (requirement.op) {
    case SelectorOperator::kEquals:
    case SelectorOperator::kIn:
      return MatchesAny(requirement, texts);
    case SelectorOperator::kNotEquals:
    case SelectorOperator::kNotIn:
      return !MatchesAny(requirement, texts);
    case SelectorOperator::kExists:
      return !texts.empty();
    case SelectorOperator::kDoesNotExist:
      return texts.empty();
    case SelectorOperator::kGreaterThan:
    case SelectorOperator::kLessThan:
      return !order_key.empty() && MatchesOrdered(requirement, order_key, texts);
  }
  return false;
}

std::vector<FieldPath> PathsOf(const FieldSelector& selector) {
  std::vector<FieldPath> paths;
  paths.reserve(selector.size());
  for (const FieldRequirement& requirement : selector) paths.push_back(requirement.path);
  return paths;
}

}  // namespace

bool Matches(const FieldRequirement& requirement, const FieldTexts& texts) {
  return MatchesWithKey(requirement, OrderKeyOf(requirement), texts);
}

FieldMatcher::FieldMatcher(FieldSelector selector)
    : selector_(std::move(selector)), scanner_(PathsOf(selector_)) {
  for (const FieldRequirement& requirement : selector_)
    order_keys_.push_back(OrderKeyOf(requirement));
}

bool FieldMatcher::Matches(std::string_view object) {
  scanner_.Scan(object, &texts_);
  for (size_t i = 0; i < selector_.size(); ++i) {
    if (!MatchesWithKey(selector_[i], order_keys_[i], texts_[i])) return false;
  }
  return true;
}

}  // namespace pedia::query
